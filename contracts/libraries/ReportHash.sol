// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ReportHead} from "../types/KeeperTypes.sol";

/// @title ReportHash: what keepers sign of a report, from its head alone
/// @notice The EIP-712 hash that RiskOracle computes from a whole report.
library ReportHash {
    bytes32 internal constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant NAME_HASH = keccak256("Ballast");
    bytes32 internal constant VERSION_HASH = keccak256("1");
    bytes32 internal constant REPORT_TYPEHASH = keccak256(
        "RiskReport(bytes32 configDigest,uint64 epoch,uint32 round,uint40 observedAt,uint64 blockNumber,bytes32 blockHash,bytes32 payloadHash)"
    );

    /// @param oracle The contract that the signatures are for; the chain is the present one.
    function hashOf(ReportHead memory head, address oracle) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, oracle)
        );
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(REPORT_TYPEHASH, head)));
    }
}
