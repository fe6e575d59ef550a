// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";

/// @title Quorum: the arithmetic of n = 3 f + 1 keepers of whom f may be faulty
library Quorum {
    uint8 internal constant MIN_FAULTS = 1;
    uint8 internal constant MAX_FAULTS = 10;

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
        bytes32 entriesHash,
        uint8 faults,
        bytes32 parametersHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(chainId, registry, configCount, entriesHash, faults, parametersHash));
    }

    /// @notice Whether a set of keepers, one bit for each by position, holds the one at the position.
    function isIn(uint256 set, uint256 position) internal pure returns (bool) {
        return (set >> position) & 1 != 0;
    }

    /// @notice The keepers that are not in a set, in the same order.
    function without(address[] memory all, uint256 set) internal pure returns (address[] memory rest) {
        uint256 count;
        for (uint256 i; i < all.length; ++i) if (!isIn(set, i)) ++count;
        rest = new address[](count);
        for (uint256 i = all.length; i > 0; --i) if (!isIn(set, i - 1)) rest[--count] = all[i - 1];
    }

    /// @notice Position of a signer in the rising list at or after the cursor; the list's length when it is not there.
    function find(address[] memory rising, uint256 cursor, address signer) internal pure returns (uint256) {
        uint256 count = rising.length;
        // Every index read is below the list's length, and so is a cursor that is raised by one.
        unchecked {
            for (; cursor < count; ++cursor) {
                address keeper = Arrays.unsafeMemoryAccess(rising, cursor);
                if (keeper >= signer) return keeper == signer ? cursor : count;
            }
        }
        return count;
    }
}
