// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {COLUMN_BYTES, Grid, NODE_BYTES, ScenarioGrid} from "./ScenarioGrid.sol";

/// @notice Memory address of a market's 12 cells, four words each: the cubic's coefficients by rising degree. A word holds three
/// signed lanes of 80 bits (the last one 96): the coefficients of 1, u and u^2, u being the vol coordinate.
type Cells is uint256;

// A scenario's P&L is a share of the book's gross value times this: 38 bits of the nodes, 24 of the cubic, 10 of the quadratic.
uint256 constant SCENARIO_PNL_UNIT = 10 << 62;

/// @title ScenarioCells: the P&L surface between its nodes, and its values over a joint scenario set
/// @notice Cubic Hermite over spot (values and slopes at the nodes), a quadratic through the three vol nodes.
library ScenarioCells {
    uint256 private constant CELL_BYTES = 0x80;
    uint256 private constant TABLE_BYTES = 0x600;
    uint256 private constant LANE_BITS = 80;
    /// u = (code - zero) / 2^bits.
    uint256 private constant VOL_CODE_ZERO = 0x6000;
    uint256 private constant VOL_CODE_BITS = 13;
    /// Distances of the spot nodes, one byte each, first cell in the low byte.
    uint256 private constant CELL_WIDTHS = 0x040201010101010101010204;

    /// @notice Cells of a market's surface. Arguments as in ScenarioGrid.pnlAt; stepQ60 is sigma sqrt(h).
    function create(
        Grid grid,
        uint256 stepQ60,
        int256 baseQ120,
        int256 linearQ40
    ) internal pure returns (Cells cells) {
        // Reserves the 48 words it writes.
        assembly ("memory-safe") {
            cells := mload(0x40)
            mstore(0x40, add(cells, TABLE_BYTES))
        }
        int256 step = int256(ScenarioGrid.boundedStep(stepQ60));
        // P&L is below 2^43 and slope * width below 2^47 (step <= 4, width <= 4), so a cubic's coefficients sum to less than 2^49.1; times
        // 2^24 and the 30 of the lanes' weights they stay below 2^79: sums and multiples of packed words are exact in every lane.
        unchecked {
            uint256 node = Grid.unwrap(grid);
            (int256 p0, int256 m0) = _packedNode(node, step, baseQ120, linearQ40);
            uint256 cursor = Cells.unwrap(cells);
            for (uint256 widths = CELL_WIDTHS; widths != 0; widths >>= 8) {
                node += NODE_BYTES;
                (int256 p1, int256 m1) = _packedNode(node, step, baseQ120, linearQ40);
                int256 width = int256(widths & 0xff);
                // cursor is a cell: four words of the table. With t in 256ths a cubic is evaluated in integers: the coefficient of degree
                // d is scaled by 2^(24 - 8 d).
                assembly ("memory-safe") {
                    let rise := sub(p1, p0)
                    let first := mul(width, m0)
                    let last := mul(width, m1)
                    mstore(cursor, shl(24, p0))
                    mstore(add(cursor, 0x20), shl(16, first))
                    mstore(add(cursor, 0x40), shl(8, sub(sub(mul(3, rise), shl(1, first)), last)))
                    mstore(add(cursor, 0x60), sub(add(first, last), shl(1, rise)))
                    cursor := add(cursor, CELL_BYTES)
                }
                (p0, m0) = (p1, m1);
            }
        }
    }

    /// @dev P&L and slope of the three vol nodes at one spot node, packed as ten times the coefficients of 1, u, u^2 of the quadratic
    /// through u = -2/3, 0, 1: f(u) = f0 + u (4 f+ + 5 f0 - 9 f-) / 10 + u^2 (6 f+ - 15 f0 + 9 f-) / 10.
    function _packedNode(
        uint256 node,
        int256 stepQ60,
        int256 baseQ120,
        int256 linearQ40
    ) private pure returns (int256 pnl, int256 slope) {
        // Bounds: see create.
        unchecked {
            (int256 down, int256 downSlope) = ScenarioGrid.pnlAt(node, stepQ60, baseQ120, linearQ40);
            node += COLUMN_BYTES;
            (int256 flat, int256 flatSlope) = ScenarioGrid.pnlAt(node, stepQ60, baseQ120, linearQ40);
            node += COLUMN_BYTES;
            (int256 up, int256 upSlope) = ScenarioGrid.pnlAt(node, stepQ60, baseQ120, linearQ40);
            pnl = _packed(down, flat, up);
            slope = _packed(downSlope, flatSlope, upSlope);
        }
    }

    function _packed(int256 down, int256 flat, int256 up) private pure returns (int256) {
        unchecked {
            int256 linear = 4 * up + 5 * flat - 9 * down;
            int256 square = 6 * up - 15 * flat + 9 * down;
            return 10 * flat + (linear << LANE_BITS) + (square << (2 * LANE_BITS));
        }
    }

    /// @notice Writes a market's P&L of every scenario and adds it to the joint P&L.
    /// @param pairs address of the market's pair in the first record: cell 8 | t 8 | y 16, the cell below 12
    /// @param stride bytes per record
    /// @param own address of the market's P&L words, @param joint that of the sums; `count` words each
    function walk(
        Cells cells,
        uint256 pairs,
        uint256 stride,
        uint256 count,
        uint256 own,
        uint256 joint
    ) internal pure {
        // Reads the records and the cells' words; writes only the P&L words. t < 2^8 keeps each lane of a cell below 2^79. Taking a lane
        // without clearing those below it is low by at most one unit. |P&L| < 2^85 (|u| <= 5) and sums of markets below 2^99.
        assembly ("memory-safe") {
            joint := sub(joint, own)
            // The pair in the low four bytes of a word.
            pairs := sub(pairs, 28)
            for {
                let end := add(own, shl(5, count))
            } lt(own, end) {
                own := add(own, 0x20)
            } {
                let x := mload(pairs)
                pairs := add(pairs, stride)
                let u := sub(and(x, 0xffff), VOL_CODE_ZERO)
                {
                    let c := add(cells, shl(7, byte(28, x)))
                    let t := byte(29, x)
                    x := add(mload(add(c, 0x40)), mul(t, mload(add(c, 0x60))))
                    x := add(mload(c), mul(t, add(mload(add(c, 0x20)), mul(t, x))))
                }
                u := mul(u, add(signextend(9, shr(80, x)), sar(VOL_CODE_BITS, mul(u, sar(160, x)))))
                x := add(signextend(9, x), sar(VOL_CODE_BITS, u))
                mstore(own, x)
                u := add(own, joint)
                mstore(u, add(mload(u), x))
            }
        }
    }
}
