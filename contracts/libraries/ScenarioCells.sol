// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Grid, ScenarioGrid, SPOT_NODES, VOL_NODES} from "./ScenarioGrid.sol";

/// @notice Memory address of a market's 12 cells, four words each: the cubic's coefficients by rising degree. A word holds three
/// signed lanes of 80 bits (the last one 96): the coefficients of 1, u and u^2, u being the vol coordinate.
type Cells is uint256;

/// @notice A walk over a scenario set: addresses of the market's bytes in the next record and of the next joint entry.
struct Scan {
    uint256 record;
    uint256 stride;
    uint256 entry;
    uint256 end;
}

// Fractional bits of a scenario's P&L as a share of the book's gross value.
uint256 constant SCENARIO_PNL_BITS = 66;

/// @title ScenarioCells: the P&L surface between its nodes, and its values over a joint scenario set
/// @notice Cubic Hermite over spot (values and slopes at the nodes), a quadratic through the three vol nodes.
library ScenarioCells {
    uint256 private constant CELLS = SPOT_NODES - 1;
    uint256 private constant CELL_BYTES = 0x80;
    uint256 private constant TABLE_BYTES = 0x600;
    uint256 private constant LANE_BITS = 80;
    /// The weights of the quadratic are tenths: lanes hold them times this, cells their coefficients divided by it.
    uint256 private constant WEIGHT_SCALE = 10;
    /// u = (code - zero) / 2^bits.
    uint256 private constant VOL_CODE_ZERO = 0x6000;
    uint256 private constant VOL_CODE_BITS = 13;
    /// Distances of the spot nodes, one byte each, first cell in the low byte.
    uint256 private constant CELL_WIDTHS = 0x040201010101010101010204;

    /// @notice Cells of a market's surface. Arguments as in ScenarioGrid.pnlAt; stepQ60 is sigma sqrt(h).
    function create(
        Grid grid,
        uint256 stepQ60,
        int256 baseQ104,
        int256 linearQ56
    ) internal pure returns (Cells cells) {
        // Reserves the 48 words it writes.
        assembly ("memory-safe") {
            cells := mload(0x40)
            mstore(0x40, add(cells, TABLE_BYTES))
            calldatacopy(cells, calldatasize(), TABLE_BYTES)
        }
        stepQ60 = ScenarioGrid.boundedStep(stepQ60);
        for (uint256 v; v < VOL_NODES; ++v) _addColumn(cells, grid, v, int256(stepQ60), baseQ104, linearQ56);
    }

    /// @dev With t in 256ths a cubic is evaluated in integers: the coefficient of degree d is scaled by 2^(24 - 8 d), here by a tenth of
    /// that because the lanes hold ten times the quadratic's weights.
    /// Adds one vol node's cubics, spread over the lanes of 1, u, u^2 by the quadratic's own weights.
    function _addColumn(
        Cells cells,
        Grid grid,
        uint256 volNode,
        int256 stepQ60,
        int256 baseQ104,
        int256 linearQ56
    ) private pure {
        // The quadratic through u = -2/3, 0, 1: f(u) = f0 + u (4 f+ + 5 f0 - 9 f-) / 10 + u^2 (6 f+ - 15 f0 + 9 f-) / 10. P&L below 2^47,
        // slope * width below 2^51 (step <= 4, width <= 4), coefficients below 2^53, times 2^24 and 3 (= 30 / 10) below 2^79: each lane
        // is exact.
        unchecked {
            int256 lanes = _lanes(volNode);
            (int256 p0, int256 m0) = ScenarioGrid.pnlAt(grid, volNode, 0, baseQ104, linearQ56);
            m0 = (m0 * stepQ60) >> 60;
            uint256 cursor = Cells.unwrap(cells);
            uint256 end = cursor + TABLE_BYTES;
            uint256 widths = CELL_WIDTHS;
            uint256 i;
            for (; cursor < end; cursor += CELL_BYTES) {
                (int256 p1, int256 m1) = ScenarioGrid.pnlAt(grid, volNode, ++i, baseQ104, linearQ56);
                m1 = (m1 * stepQ60) >> 60;
                int256 width = int256(widths & 0xff);
                widths >>= 8;
                int256 rise = p1 - p0;
                _add(cursor, lanes, p0, width * m0, rise, width * m1);
                (p0, m0) = (p1, m1);
            }
        }
    }

    /// @dev Adds a cell's cubic: value and slopes (times the cell's width) at its ends. Bounds: see _addColumn.
    function _add(uint256 cursor, int256 lanes, int256 p0, int256 m0, int256 rise, int256 m1) private pure {
        // cursor is a cell: four words of the table.
        assembly ("memory-safe") {
            mstore(cursor, add(mload(cursor), mul(lanes, sdiv(shl(24, p0), WEIGHT_SCALE))))
            let word := add(cursor, 0x20)
            mstore(word, add(mload(word), mul(lanes, sdiv(shl(16, m0), WEIGHT_SCALE))))
            word := add(cursor, 0x40)
            mstore(
                word,
                add(
                    mload(word),
                    mul(lanes, sdiv(shl(8, sub(sub(mul(3, rise), shl(1, m0)), m1)), WEIGHT_SCALE))
                )
            )
            word := add(cursor, 0x60)
            mstore(word, add(mload(word), mul(lanes, sdiv(sub(add(m0, m1), shl(1, rise)), WEIGHT_SCALE))))
        }
    }

    /// @dev WEIGHT_SCALE times the weights of one vol node's value in the coefficients of 1, u, u^2.
    function _lanes(uint256 volNode) private pure returns (int256) {
        int256 u = int256(1) << LANE_BITS;
        int256 square = int256(1) << (2 * LANE_BITS);
        if (volNode == 0) return 9 * square - 9 * u;
        if (volNode == 1) return 10 + 5 * u - 15 * square;
        return 6 * square + 4 * u;
    }

    /// @notice Walks over a set's records, adding the market's P&L (66 fractional bits) to each joint entry, until an entry falls below
    /// its bar: the market's own P&L with the entry's tag (see TailRisk), or the sum. The walk goes on from there at the next call.
    /// @return own the market's entry, and sum the joint one, where the walk stopped; neither below its bar at the end
    function scan(
        Cells cells,
        Scan memory walk,
        int256 ownBar,
        int256 sumBar
    ) internal pure returns (int256 own, int256 sum) {
        // A record's 32 bits: cell 8 | t 8 | y 16, high bits first; the cell is below 12. Reads the record and the cell's four words,
        // writes the walk's own entries. t < 2^8 keeps each lane below 2^79. Taking a lane without clearing those below it is low by
        // at most one unit of 2^-66; |P&L| < 2^83, so the shift by 32 is exact.
        assembly ("memory-safe") {
            let record := mload(walk)
            let entry := mload(add(walk, 0x40))
            own := ownBar
            sum := sumBar
            for {} lt(entry, mload(add(walk, 0x60))) {} {
                let x := mload(record)
                let u := sub(and(shr(224, x), 0xffff), VOL_CODE_ZERO)
                let t := byte(1, x)
                let c := add(cells, shl(7, byte(0, x)))
                x := add(mload(add(c, 0x20)), mul(t, add(mload(add(c, 0x40)), mul(t, mload(add(c, 0x60))))))
                x := add(mload(c), mul(t, x))
                own := add(signextend(9, shr(80, x)), sar(VOL_CODE_BITS, mul(u, sar(160, x))))
                own := shl(32, add(signextend(9, x), sar(VOL_CODE_BITS, mul(u, own))))
                sum := mload(entry)
                own := or(own, and(sum, 0xffffffff))
                sum := add(sum, and(own, not(0xffffffff)))
                mstore(entry, sum)
                entry := add(entry, 0x20)
                record := add(record, mload(add(walk, 0x20)))
                if or(slt(own, ownBar), slt(sum, sumBar)) {
                    break
                }
                own := ownBar
                sum := sumBar
            }
            mstore(walk, record)
            mstore(add(walk, 0x40), entry)
        }
    }
}
