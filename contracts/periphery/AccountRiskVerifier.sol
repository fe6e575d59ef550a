// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAccountRiskVerifier} from "../interfaces/IAccountRiskVerifier.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {AccountRisk} from "../types/AccountRisk.sol";

/// @title AccountRiskVerifier: Merkle proofs against the root of the house's oracle
contract AccountRiskVerifier is IAccountRiskVerifier {
    /// Enough for 2^32 accounts.
    uint256 public constant MAX_PROOF_LENGTH = 32;

    IClearingHouse public immutable house;

    constructor(IClearingHouse house_) {
        house = house_;
    }

    /// @inheritdoc IAccountRiskVerifier
    function verifyAccountRisk(
        AccountRisk calldata row,
        bytes32[] calldata proof
    ) external view returns (bool) {
        if (proof.length > MAX_PROOF_LENGTH) revert ProofTooLong(proof.length, MAX_PROOF_LENGTH);
        bytes32 root = IRiskOracle(house.oracle()).accountRoot();
        if (root == 0) revert NoAccountRoot();
        return MerkleProof.verifyCalldata(proof, root, hashAccountRisk(row));
    }

    /// @inheritdoc IAccountRiskVerifier
    function hashAccountRisk(AccountRisk calldata row) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(row))));
    }
}
