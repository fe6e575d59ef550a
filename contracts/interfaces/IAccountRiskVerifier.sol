// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountRisk} from "../types/AccountRisk.sol";

/// @title AccountRiskVerifier: proves what the keepers' account-risk table says of one account
/// @notice The last accepted report carries the table's Merkle root (zero: no table, nothing can be proven). A leaf is
/// keccak256(keccak256(abi.encode(row))), so that no inner node, the hash of 64 bytes, can pass for a row; pairs are hashed in sorted order.
/// The row names the report that valued it: a row of an older table proves nothing once the root has changed.
interface IAccountRiskVerifier {
    /// @notice The last report publishes no table.
    error NoAccountRoot();
    /// @notice A tree of so many levels has more rows than there are accounts.
    error ProofTooLong(uint256 length, uint256 maxLength);

    /// @notice True when the row is in the table of the last accepted report.
    /// @param proof Sibling hashes from the leaf up, at most 32.
    function verifyAccountRisk(
        AccountRisk calldata row,
        bytes32[] calldata proof
    ) external view returns (bool);
    /// @notice The row's leaf in the tree.
    function hashAccountRisk(AccountRisk calldata row) external pure returns (bytes32);
}
