// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Quorum: the arithmetic of n = 3 f + 1 keepers of whom f may be faulty
library Quorum {
    function keeperCount(uint256 faults) internal pure returns (uint256) {
        return 3 * faults + 1;
    }

    /// @notice floor((n + f) / 2) + 1 = 2 f + 1: any two quorums share an honest keeper.
    function signatureCount(uint256 faults) internal pure returns (uint256) {
        return 2 * faults + 1;
    }

    /// @notice Hash that names one configuration of one registry on one chain.
    function configDigest(
        uint256 chainId,
        address registry,
        uint64 configCount,
        address[] memory keepers,
        uint8 faults
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(chainId, registry, configCount, keepers, faults));
    }

    /// @notice Position of a signer in the rising list at or after the cursor; the list's length when it is not there.
    function find(address[] memory rising, uint256 cursor, address signer) internal pure returns (uint256) {
        while (cursor < rising.length && rising[cursor] < signer) ++cursor;
        return cursor < rising.length && rising[cursor] == signer ? cursor : rising.length;
    }
}
