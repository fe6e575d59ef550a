// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {CDF_PIECE_MASK, CDF_POSITION_MASK, CDF_RANGE, CDF_VALUE_MASK, NormalTable} from "./NormalCdf.sol";

/// @notice Memory address of a market's nodes: for each vol node (down, flat, up) the 13 spot nodes in rising order, three words
/// each: log return (60 fractional bits), e^return (48), and the accumulator of the book's calls.
type Grid is uint256;

uint256 constant SPOT_NODES = 13;
uint256 constant VOL_NODES = 3;
uint256 constant FLAT_VOL = 1;
// Spot nodes -10 -6 -4 -3 -2 -1 0 1 2 3 4 6 10 in units of sigma sqrt(h), one byte each, first node in the low byte.
uint256 constant SPOT_NODE_BYTES = 0x0a060403020100fffefdfcfaf6;

/// @title ScenarioGrid: the P&L surface of a book in one market, over standardised spot and vol nodes
/// @notice Weights are shares of the book's gross value with 56 fractional bits: their absolute values sum to at most 2^56.
library ScenarioGrid {
    uint256 private constant NODE_BYTES = 0x60;
    uint256 private constant COLUMN_BYTES = 0x4e0;
    uint256 private constant GRID_BYTES = 0xea0;
    // Of the table of NormalCdf.
    uint256 private constant PIECE_MASK = CDF_PIECE_MASK;
    uint256 private constant POSITION_MASK = CDF_POSITION_MASK;
    uint256 private constant RANGE = CDF_RANGE;
    uint256 private constant VALUE_MASK = CDF_VALUE_MASK;
    int256 private constant MAX_RETURN_Q60 = 3 << 60;
    /// Larger steps change nothing but slopes at clamped nodes.
    uint256 private constant MAX_STEP_Q60 = 4 << 60;
    uint256 private constant WAD = 1e18;

    /// @notice Allocates the nodes of a market whose sigma sqrt(h) is stepQ60, with empty accumulators.
    function create(uint256 stepQ60) internal pure returns (Grid grid) {
        stepQ60 = boundedStep(stepQ60);
        // Reserves the 39 nodes it writes.
        assembly ("memory-safe") {
            grid := mload(0x40)
            mstore(0x40, add(grid, GRID_BYTES))
        }
        // step <= 2^62 and |z| <= 10: returns stay below 2^66; e^3 has 53 bits at 48 fractional bits.
        unchecked {
            for (uint256 i; i < SPOT_NODES; ++i) {
                int256 r = FixedPointMathLib.clamp(
                    spotNode(i) * int256(stepQ60),
                    -MAX_RETURN_Q60,
                    MAX_RETURN_Q60
                );
                uint256 growthQ48 = growth(r);
                for (uint256 v; v < VOL_NODES; ++v) {
                    uint256 cursor = Grid.unwrap(grid) + v * COLUMN_BYTES + i * NODE_BYTES;
                    assembly ("memory-safe") {
                        mstore(cursor, r)
                        mstore(add(cursor, 0x20), growthQ48)
                        mstore(add(cursor, 0x40), 0)
                    }
                }
            }
        }
    }

    function boundedStep(uint256 stepQ60) internal pure returns (uint256) {
        return stepQ60 > MAX_STEP_Q60 ? MAX_STEP_Q60 : stepQ60;
    }

    /// @notice e^return with 48 fractional bits, for |return| below 2^66.
    function growth(int256 returnQ60) internal pure returns (uint256) {
        // The product is below 2^126; e^64 shifted by 48 fits.
        unchecked {
            return (uint256(FixedPointMathLib.expWad((returnQ60 * int256(WAD)) >> 60)) << 48) / WAD;
        }
    }

    /// @notice The i-th spot node in units of sigma sqrt(h).
    function spotNode(uint256 i) internal pure returns (int256) {
        // A signed byte by construction: the cast truncates to it.
        unchecked {
            return int8(uint8(SPOT_NODE_BYTES >> (8 * i)));
        }
    }

    /// @notice Adds weight * (call price, its delta term) of one strike at one vol node to the 13 spot nodes.
    /// @dev The hot loop of the house: 13 of these per strike and vol node, so Black76.price stands here by hand.
    function accumulate(
        Grid grid,
        uint256 volNode,
        NormalTable table,
        uint256 ratioQ48,
        uint256 inverseQ55,
        int256 interceptQ115,
        uint256 deviationQ35,
        int256 weightQ56
    ) internal pure {
        // One word holds two signed lanes, value * 2^128 + slope: multiplying the word by the weight multiplies both lanes, adding words
        // adds them, and it is exact because each lane's sum stays below 2^127: |call|, |slope| <= e^3 * 2^48 + 2^20 * 2^17 (table
        // error at the largest K/F) < 2^54 and the weights sum to 2^56. The two inner blocks are NormalCdf.phi, see its proof.
        // Only accumulators of this column, which create has reserved, are written.
        assembly ("memory-safe") {
            let p := add(grid, mul(volNode, COLUMN_BYTES))
            let end := add(p, COLUMN_BYTES)
            for {} lt(p, end) {
                p := add(p, NODE_BYTES)
            } {
                let x := sar(80, add(mul(mload(p), inverseQ55), interceptQ115))
                let a
                switch lt(x, RANGE)
                case 0 {
                    // Phi(d1) = 0: so is Phi(d2), and the node gains nothing.
                    if slt(x, 0) {
                        continue
                    }
                    a := shl(52, mload(add(p, 0x20)))
                }
                default {
                    let w := mload(add(table, and(shr(25, x), PIECE_MASK)))
                    let t := and(x, POSITION_MASK)
                    a := add(signextend(8, shr(136, w)), mul(sar(208, w), t))
                    a := add(shr(53, w), sar(60, mul(t, a)))
                    a := mul(mload(add(p, 0x20)), and(add(w, shr(30, mul(t, a))), VALUE_MASK))
                }
                x := sub(x, deviationQ35)
                let b
                switch lt(x, RANGE)
                case 0 {
                    b := mul(shl(52, ratioQ48), sgt(x, 0))
                }
                default {
                    let w := mload(add(table, and(shr(25, x), PIECE_MASK)))
                    let t := and(x, POSITION_MASK)
                    b := add(signextend(8, shr(136, w)), mul(sar(208, w), t))
                    b := add(shr(53, w), sar(60, mul(t, b)))
                    b := mul(ratioQ48, and(add(w, shr(30, mul(t, b))), VALUE_MASK))
                }
                let q := add(p, 0x40)
                mstore(q, add(mload(q), mul(weightQ56, add(shl(128, sar(52, sub(a, b))), shr(52, a)))))
            }
        }
    }

    /// @notice P&L and its slope by log return at a node, as shares with 42 fractional bits.
    /// @param baseQ104 the calls' value now: sum of weight * call
    /// @param linearQ56 weight of everything linear in the spot
    function pnlAt(
        Grid grid,
        uint256 volNode,
        uint256 spotIndex,
        int256 baseQ104,
        int256 linearQ56
    ) internal pure returns (int256 pnlQ42, int256 slopeQ42) {
        // Lanes and linear terms are below 2^114, see accumulate; the low lane is taken out before the high one shifts down.
        unchecked {
            uint256 cursor = Grid.unwrap(grid) + volNode * COLUMN_BYTES + spotIndex * NODE_BYTES;
            int256 growthQ48;
            int256 value;
            int256 slope;
            assembly ("memory-safe") {
                growthQ48 := mload(add(cursor, 0x20))
                let word := mload(add(cursor, 0x40))
                slope := signextend(15, word)
                value := sar(128, sub(word, slope))
            }
            pnlQ42 = (value - baseQ104 + linearQ56 * (growthQ48 - (1 << 48))) >> 62;
            slopeQ42 = (slope + linearQ56 * growthQ48) >> 62;
        }
    }
}
