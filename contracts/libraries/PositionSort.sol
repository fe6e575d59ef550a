// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Position} from "../types/Position.sol";

/// @title PositionSort: orders a book so that it meets its markets, expiries and strikes one after the other
library PositionSort {
    // Shell's gaps 40, 13, 4, 1 (Knuth 1973), one byte each, first gap in the low byte: a book has at most 64 positions.
    uint256 private constant GAPS = 0x01040d28;

    /// @notice Sorts in place by instrument, then size, and returns the same memory as plain words.
    function sort(Position[] memory positions) internal pure returns (uint256[] memory words) {
        // A Position is a uint256, so both arrays are one layout. i runs over the words, j stays between the first word + gap and i:
        // only words of the array are read and written.
        assembly ("memory-safe") {
            words := positions
            let first := add(words, 0x20)
            let end := add(first, shl(5, mload(words)))
            for {
                let gaps := GAPS
            } gaps {
                gaps := shr(8, gaps)
            } {
                let gap := shl(5, and(gaps, 0xff))
                let lowest := add(first, gap)
                for {
                    let i := lowest
                } lt(i, end) {
                    i := add(i, 0x20)
                } {
                    let word := mload(i)
                    let j := i
                    for {} iszero(lt(j, lowest)) {} {
                        let previous := mload(sub(j, gap))
                        if iszero(gt(previous, word)) {
                            break
                        }
                        mstore(j, previous)
                        j := sub(j, gap)
                    }
                    mstore(j, word)
                }
            }
        }
    }
}
