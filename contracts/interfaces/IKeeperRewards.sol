// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReportHead} from "../types/KeeperTypes.sol";

/// @title KeeperRewards: pay for the signatures of accepted reports
/// @notice Each signer of the last accepted report is credited a fixed amount, once, when someone shows the signatures; the report itself costs
/// no more gas for it. Keepers who signed but were left out of the first showing are credited by another that includes them: a share never
/// grows by leaving others out. Who did not sign gets nothing and loses nothing. Anyone may fund the contract by a transfer.
interface IKeeperRewards {
    event RewardSet(uint128 unitsPerSignature);
    event Credited(address indexed reportKey, uint64 indexed epoch, uint32 indexed round, uint256 units);
    event Paid(address indexed reportKey, address indexed payee, uint256 units);

    error NotLastReport(uint64 epoch, uint32 round, uint64 lastEpoch, uint32 lastRound);
    error NobodyToCredit(uint64 epoch, uint32 round);
    error Underfunded(uint256 balance, uint256 required);
    error NothingOwed(address reportKey);

    function token() external view returns (IERC20);
    function unitsPerSignature() external view returns (uint128);
    function owedUnits(address reportKey) external view returns (uint256);
    /// @notice Owed to all keys together.
    function totalOwedUnits() external view returns (uint256);

    /// @notice Credits the signers of the last accepted report.
    /// @param signatures A quorum of the report's configuration, in rising order of signer.
    function claim(ReportHead calldata head, bytes[] calldata signatures) external;

    /// @notice Pays what is owed to the key's payee. Anyone may call.
    function pay(address reportKey) external;

    function setReward(uint128 newUnitsPerSignature) external;
}
