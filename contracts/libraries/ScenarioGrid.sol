// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {
    CDF_PIECE_MASK,
    CDF_POSITION_MASK,
    CDF_RANGE_BITS,
    CDF_LAST,
    CDF_VALUE_MASK,
    NormalTable
} from "./NormalCdf.sol";

/// @notice Memory address of a market's nodes: for each vol node (down, flat, up) the 13 spot nodes in rising order, three words
/// each: log return (60 fractional bits), e^return (40), and the accumulator of the book's calls.
type Grid is uint256;

uint256 constant SPOT_NODES = 13;
uint256 constant VOL_NODES = 3;
uint256 constant DOWN_VOL = 0;
uint256 constant FLAT_VOL = 1;
uint256 constant UP_VOL = 2;
// Bytes of a node, and of the 13 nodes of one vol node.
uint256 constant NODE_BYTES = 0x60;
uint256 constant COLUMN_BYTES = 0x4e0;

/// @title ScenarioGrid: the P&L surface of a book in one market, over standardised spot and vol nodes
/// @notice Weights are shares of the book's gross value with 40 fractional bits: their absolute values sum to at most 2^40.
library ScenarioGrid {
    uint256 private constant GRID_BYTES = 0xea0;
    /// Distance of the node z = 0 from the first one of its column.
    uint256 private constant MIDDLE_BYTES = 0x240;
    /// Spot nodes -10 -6 -4 -3 -2 -1 0 1 2 3 4 6 10 in units of sigma sqrt(h): the positive ones, one byte each, from the low byte.
    uint256 private constant POSITIVE_NODE_BYTES = 0x0a0604030201;
    /// The nodes before which the gap doubles, one bit each: 1 1 1 1 2 4.
    uint256 private constant GAP_DOUBLINGS = 0x30;
    uint256 private constant ONE_Q40 = 0x10000000000;
    // Of the table of NormalCdf.
    uint256 private constant PIECE_MASK = CDF_PIECE_MASK;
    uint256 private constant POSITION_MASK = CDF_POSITION_MASK;
    uint256 private constant RANGE_BITS = CDF_RANGE_BITS;
    uint256 private constant LAST = CDF_LAST;
    uint256 private constant VALUE_MASK = CDF_VALUE_MASK;
    uint256 private constant ONE_Q60 = 1 << 60;
    uint256 private constant ONE_Q100 = 1 << 100;
    /// The largest return, and e to it.
    int256 private constant MAX_RETURN_Q60 = 3 << 60;
    uint256 private constant MAX_GROWTH_Q60 = 23157047450317905709;
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
        // step <= 2^62 and z <= 10: returns stay below 2^66. e^z step grows by e^gap step from node to node, both below e^3 and e^16 at 60
        // fractional bits: products fit 2^150. The nodes lie evenly around the middle one, where all three words are those of return 0;
        // their growths are each other's inverses. Only nodes are written.
        unchecked {
            uint256 middle = Grid.unwrap(grid) + MIDDLE_BYTES;
            _setNode(middle, 0, ONE_Q40);
            uint256 z = POSITIVE_NODE_BYTES;
            uint256 doublings = GAP_DOUBLINGS;
            uint256 stepGrowthQ60 =
                (uint256(FixedPointMathLib.expWad(int256((stepQ60 * WAD) >> 60))) << 60) / WAD;
            uint256 growthQ60 = ONE_Q60;
            for (uint256 distance = NODE_BYTES; distance <= MIDDLE_BYTES; distance += NODE_BYTES) {
                if (doublings & 1 != 0) stepGrowthQ60 = (stepGrowthQ60 * stepGrowthQ60) >> 60;
                growthQ60 = FixedPointMathLib.min((growthQ60 * stepGrowthQ60) >> 60, MAX_GROWTH_Q60);
                int256 r = FixedPointMathLib.min(int256((z & 0xff) * stepQ60), MAX_RETURN_Q60);
                _setNode(middle + distance, r, growthQ60 >> 20);
                _setNode(middle - distance, -r, ONE_Q100 / growthQ60);
                z >>= 8;
                doublings >>= 1;
            }
        }
        assembly ("memory-safe") {
            mcopy(add(grid, COLUMN_BYTES), grid, COLUMN_BYTES)
            mcopy(add(grid, mul(2, COLUMN_BYTES)), grid, COLUMN_BYTES)
        }
    }

    function _setNode(uint256 node, int256 returnQ60, uint256 growthQ40) private pure {
        // node is one of the grid's.
        assembly ("memory-safe") {
            mstore(node, returnQ60)
            mstore(add(node, 0x20), growthQ40)
            mstore(add(node, 0x40), 0)
        }
    }

    function boundedStep(uint256 stepQ60) internal pure returns (uint256) {
        return stepQ60 > MAX_STEP_Q60 ? MAX_STEP_Q60 : stepQ60;
    }

    /// @notice Adds weight * (call price, its delta term) of one strike at one vol node to the 13 spot nodes.
    /// @dev The hot loop of the house: 13 of these per strike and vol node, so Black76.price stands here by hand.
    function accumulate(
        Grid grid,
        uint256 volNode,
        NormalTable table,
        uint256 ratioQ40,
        uint256 inverseQ55,
        int256 interceptQ115,
        uint256 deviationQ35,
        int256 weightQ40
    ) internal pure {
        // One word holds two signed lanes, value * 2^128 + slope: multiplying the word by the weight multiplies both lanes, adding words
        // adds them, and it is exact because each lane's sum stays below 2^127: |call|, |slope| <= e^3 * 2^80 + 2^68 (table
        // error at the largest K/F) < 2^86 and the weights sum to 2^40. The two evaluations are NormalCdf.phi, see its proof; beyond the
        // table its last pieces stand in.
        // Only accumulators of this column, which create has reserved, are written.
        assembly ("memory-safe") {
            let p := add(grid, mul(volNode, COLUMN_BYTES))
            let end := add(p, COLUMN_BYTES)
            for {} lt(p, end) {
                p := add(p, NODE_BYTES)
            } {
                let x := sar(80, add(mul(mload(p), inverseQ55), interceptQ115))
                let y := sub(x, deviationQ35)
                if shr(RANGE_BITS, or(x, y)) {
                    // Phi(d1) = 0: so is Phi(d2), and the node gains nothing.
                    if slt(x, 0) {
                        continue
                    }
                    if slt(y, 0) {
                        y := 0
                    }
                    if gt(x, LAST) {
                        x := LAST
                    }
                    if gt(y, LAST) {
                        y := LAST
                    }
                }
                let w := mload(add(table, and(shr(25, x), PIECE_MASK)))
                x := and(x, POSITION_MASK)
                let a := add(sar(196, w), mul(signextend(2, shr(172, w)), x))
                a := and(add(w, shr(90, mul(x, add(shr(41, w), mul(x, a))))), VALUE_MASK)
                a := mul(mload(add(p, 0x20)), a)
                w := mload(add(table, and(shr(25, y), PIECE_MASK)))
                y := and(y, POSITION_MASK)
                x := add(sar(196, w), mul(signextend(2, shr(172, w)), y))
                x := and(add(w, shr(90, mul(y, add(shr(41, w), mul(y, x))))), VALUE_MASK)
                w := add(p, 0x40)
                mstore(w, add(mload(w), mul(weightQ40, add(shl(128, sub(a, mul(ratioQ40, x))), a))))
            }
        }
    }

    /// @notice P&L and its slope by the spot coordinate z at a node, as shares with 38 fractional bits.
    /// @param baseQ120 the calls' value now: sum of weight * call
    /// @param linearQ40 weight of everything linear in the spot
    function pnlAt(
        uint256 node,
        int256 stepQ60,
        int256 baseQ120,
        int256 linearQ40
    ) internal pure returns (int256 pnlQ38, int256 slopeQ38) {
        // Lanes and linear terms are below 2^127, see accumulate; the low lane is taken out before the high one shifts down. The slope
        // is below 2^44 before the step, at most 2^62, multiplies it.
        assembly ("memory-safe") {
            let growthQ40 := mload(add(node, 0x20))
            let word := mload(add(node, 0x40))
            slopeQ38 := signextend(15, word)
            pnlQ38 := sub(sar(128, sub(word, slopeQ38)), baseQ120)
            pnlQ38 := sar(82, add(pnlQ38, shl(40, mul(linearQ40, sub(growthQ40, ONE_Q40)))))
            slopeQ38 := sar(60, mul(stepQ60, sar(82, add(slopeQ38, shl(40, mul(linearQ40, growthQ40))))))
        }
    }

    /// @notice P&L at one node, as pnlAt gives it.
    function pnl(
        Grid grid,
        uint256 volNode,
        uint256 spotIndex,
        int256 baseQ120,
        int256 linearQ40
    ) internal pure returns (int256 pnlQ38) {
        unchecked {
            (pnlQ38, ) = pnlAt(
                Grid.unwrap(grid) + volNode * COLUMN_BYTES + spotIndex * NODE_BYTES,
                0,
                baseQ120,
                linearQ40
            );
        }
    }
}
