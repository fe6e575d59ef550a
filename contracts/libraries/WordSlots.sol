// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MAX_SMILES} from "../types/Constants.sol";

/// @title WordSlots: consecutive storage words behind one base slot
/// @notice Solidity writes an array element by reading and masking it first; these words fill their slots, so a plain store is enough.
library WordSlots {
    /// @notice The slot of a list's first word.
    function baseOf(uint256[MAX_SMILES] storage words) internal pure returns (bytes32 base) {
        assembly ("memory-safe") {
            base := words.slot
        }
    }

    function load(bytes32 base, uint256 index) internal view returns (uint256 word) {
        // base is a hash, so base + index with a small index meets no other variable's slot.
        assembly ("memory-safe") {
            word := sload(add(base, index))
        }
    }

    function store(bytes32 base, uint256 index, uint256 word) internal {
        // As in load.
        assembly ("memory-safe") {
            sstore(add(base, index), word)
        }
    }
}
