// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeeperEntry} from "../types/KeeperTypes.sol";

/// @title KeeperEntries: what a keeper's entry may hold
library KeeperEntries {
    uint256 internal constant MIN_ENDPOINT_BYTES = 1;
    /// A multiaddr of a DNS name, a port and a peer id fits.
    uint256 internal constant MAX_ENDPOINT_BYTES = 256;

    function hasEndpointInBounds(KeeperEntry memory entry) internal pure returns (bool) {
        uint256 length = bytes(entry.endpoint).length;
        return length >= MIN_ENDPOINT_BYTES && length <= MAX_ENDPOINT_BYTES;
    }

    function endpointHash(KeeperEntry memory entry) internal pure returns (bytes32) {
        return keccak256(bytes(entry.endpoint));
    }

    /// @notice Sorts by report key, rising, in place. Insertion sort: there are at most 31.
    function sort(KeeperEntry[] memory entries) internal pure {
        for (uint256 i = 1; i < entries.length; ++i) {
            KeeperEntry memory moving = entries[i];
            uint256 j = i;
            for (; j > 0 && entries[j - 1].reportKey > moving.reportKey; --j) entries[j] = entries[j - 1];
            entries[j] = moving;
        }
    }
}
