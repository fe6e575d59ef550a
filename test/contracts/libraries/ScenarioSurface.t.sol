// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {CDF_LAST, CDF_ONE, NormalCdf, NormalTable} from "../../../contracts/libraries/NormalCdf.sol";
import {Cells, SCENARIO_PNL_UNIT} from "../../../contracts/libraries/ScenarioCells.sol";
import {
    DOWN_VOL,
    FLAT_VOL,
    Grid,
    ScenarioGrid,
    SPOT_NODES,
    UP_VOL,
    VOL_NODES
} from "../../../contracts/libraries/ScenarioGrid.sol";
import {Calls, Sums, SurfaceFixture} from "../support/SurfaceFixture.sol";
import {PlainNode, SurfaceHarness, Walked} from "../support/SurfaceHarness.sol";

/// @notice The packed P&L surface against the same surface in plain numbers.
contract ScenarioSurfaceTest is SurfaceFixture {
    int256 private constant MAX_RETURN_Q60 = 3 << 60;
    uint256 private constant MIDDLE = 6;
    uint256 private constant MAX_CELL = CELLS - 1;
    /// The code of u = 0, and codes per unit of u.
    int256 private constant ZERO_CODE = 24_576;
    int256 private constant CODES = 8_192;
    /// The two codes around u = -2/3, which lies twice as near to the upper one.
    uint256 private constant BELOW_DOWN_CODE = 19_114;
    uint256 private constant ABOVE_DOWN_CODE = 19_115;
    /// Scale of a cell's P&L above a node's: 24 bits of the cubic and ten of the quadratic.
    int256 private constant CELL_SCALE = 10 << 24;
    /// Truncation of one P&L, in its own unit: the lanes' borrow and two shifts, times |u| <= 5.
    uint256 private constant WALK_ULP = 36;

    function test_NodesLieWhereTheyArePublished() external pure {
        int8[13] memory z = _zs();
        (Grid grid, bool intact) = SurfaceHarness.createGrid(1 << 58);
        VM.assertTrue(intact);
        for (uint256 i = 0; i < SPOT_NODES; ++i) {
            VM.assertEq(SurfaceHarness.nodeAt(grid, UP_VOL, i).returnQ60, int256(z[i]) * (1 << 58));
        }
        // e^2.5 and e^-2.5 with 40 fractional bits.
        _assertNear(int256(SurfaceHarness.nodeAt(grid, DOWN_VOL, 12).growthQ40), 13_394_793_765_104, 1);
        _assertNear(int256(SurfaceHarness.nodeAt(grid, DOWN_VOL, 0).growthQ40), 90_253_410_452, 1);
    }

    function testFuzz_GrowthsAreThoseOfTheReturns(uint256 stepQ60, uint8 shift) external pure {
        stepQ60 >>= shift;
        int8[13] memory z = _zs();
        (Grid grid, bool intact) = SurfaceHarness.createGrid(stepQ60);
        VM.assertTrue(intact, "words outside the grid");
        int256 step = int256(FixedPointMathLib.min(stepQ60, MAX_STEP_Q60));
        for (uint256 v = 0; v < VOL_NODES; ++v) {
            for (uint256 i = 0; i < SPOT_NODES; ++i) {
                PlainNode memory node = SurfaceHarness.nodeAt(grid, v, i);
                int256 r = FixedPointMathLib.clamp(int256(z[i]) * step, -MAX_RETURN_Q60, MAX_RETURN_Q60);
                VM.assertEq(node.returnQ60, r, "return");
                int256 growthWad = FixedPointMathLib.expWad((r * 1e18) >> 60);
                _assertNear(int256(node.growthQ40), (growthWad << 40) / 1e18, 1);
                VM.assertEq(node.valueQ120, 0);
                VM.assertEq(node.slopeQ120, 0);
            }
        }
    }

    /// The nodes take the table's last pieces where Black76 takes 0 and 1: the same.
    function test_TableEndsAtZeroAndOne() external view {
        NormalTable table = _table();
        VM.assertEq(NormalCdf.phi(table, 0), 0);
        VM.assertEq(NormalCdf.phi(table, int256(CDF_LAST)), CDF_ONE);
    }

    /// Any strikes and deviations, weights that sum to the whole book: what Black76 says of each node.
    function testFuzz_LanesAreSumsOfPrices(uint256 seed, uint256 stepQ60, uint8 shift) external view {
        (Grid grid, ) = SurfaceHarness.createGrid(stepQ60 >> shift);
        Calls[] memory book = _book(seed);
        Sums[39] memory expected;
        for (uint256 s = 0; s < book.length; ++s) {
            for (uint256 v = 0; v < VOL_NODES; ++v) {
                _accumulate(grid, v, book[s], _deviation(seed, s, v), expected);
            }
        }
        for (uint256 n = 0; n < expected.length; ++n) {
            PlainNode memory node = SurfaceHarness.nodeAt(grid, n / SPOT_NODES, n % SPOT_NODES);
            VM.assertEq(node.valueQ120, expected[n].valueQ120);
            VM.assertEq(node.slopeQ120, expected[n].slopeQ120);
        }
    }

    function test_WholeBookOfOneCallFillsNoLaneOver() external view {
        for (uint256 side = 0; side < 2; ++side) {
            (Grid grid, ) = SurfaceHarness.createGrid(MAX_STEP_Q60);
            // A strike of nothing is worth the spot: e^3 at the last node.
            Calls memory all = _calls(0, side == 0 ? ONE_Q40 : -ONE_Q40);
            Sums[39] memory expected;
            _accumulate(grid, FLAT_VOL, all, 1 << 60, expected);
            PlainNode memory last = SurfaceHarness.nodeAt(grid, FLAT_VOL, SPOT_NODES - 1);
            int256 growthQ120 = int256(last.growthQ40) << 80;
            VM.assertEq(last.valueQ120, side == 0 ? growthQ120 : -growthQ120);
            VM.assertEq(last.slopeQ120, side == 0 ? growthQ120 : -growthQ120);
        }
    }

    function testFuzz_StrikesWriteOnlyTheirVolNodesAccumulators(
        uint256 seed,
        uint256 vol,
        uint64 step
    ) external view {
        vol %= VOL_NODES;
        (Grid grid, ) = SurfaceHarness.createGrid(step);
        (Grid untouched, ) = SurfaceHarness.createGrid(step);
        Calls[] memory book = _book(seed);
        Sums[39] memory expected;
        for (uint256 s = 0; s < book.length; ++s)
            _accumulate(grid, vol, book[s], _deviation(seed, s, vol), expected);
        for (uint256 n = 0; n < expected.length; ++n) {
            PlainNode memory node = SurfaceHarness.nodeAt(grid, n / SPOT_NODES, n % SPOT_NODES);
            PlainNode memory before = SurfaceHarness.nodeAt(untouched, n / SPOT_NODES, n % SPOT_NODES);
            VM.assertEq(node.returnQ60, before.returnQ60);
            VM.assertEq(node.growthQ40, before.growthQ40);
            if (n / SPOT_NODES != vol) VM.assertEq(node.valueQ120 | node.slopeQ120, 0);
        }
    }

    /// Share of the book * 2^38, rounded down: (sum - base + linear (growth - 1)) and step * (slope + linear growth).
    function testFuzz_PnlIsTheValueLessItsBase(
        uint256 seed,
        uint256 stepQ60,
        uint256 vol,
        uint256 spot
    ) external view {
        (vol, spot) = (vol % VOL_NODES, spot % SPOT_NODES);
        stepQ60 = bound(stepQ60, 0, MAX_STEP_Q60);
        (Grid grid, ) = SurfaceHarness.createGrid(stepQ60);
        Calls[] memory book = _book(seed);
        // The last share of the book is linear.
        int256 linear = book[book.length - 1].weightQ40;
        int256 base;
        Sums[39] memory sums;
        for (uint256 s = 0; s + 1 < book.length; ++s) {
            _accumulate(grid, vol, book[s], _deviation(seed, s, vol), sums);
            base += book[s].weightQ40 * _callNow(book[s], _deviation(seed, s, vol));
        }
        PlainNode memory node = SurfaceHarness.nodeAt(grid, vol, spot);
        (int256 pnl, int256 slope) = SurfaceHarness.pnlAt(grid, vol, spot, stepQ60, base, linear);
        int256 growth = int256(node.growthQ40);
        int256 exact = node.valueQ120 - base + linear * (growth - ONE_Q40) * ONE_Q40;
        VM.assertEq(pnl, exact >> PNL_SHIFT);
        VM.assertEq(pnl, ScenarioGrid.pnl(grid, vol, spot, base, linear));
        // Rounded down before and after it is multiplied by the step.
        int256 exactSlope = node.slopeQ120 + linear * growth * ONE_Q40;
        VM.assertEq(slope, (int256(stepQ60) * (exactSlope >> PNL_SHIFT)) >> 60);
    }

    /// At unchanged volatility and spot, a book is worth what it is worth now.
    function testFuzz_NoMoveIsNoProfit(uint256 seed, uint256 stepQ60) external view {
        (Grid grid, ) = SurfaceHarness.createGrid(stepQ60);
        Calls[] memory book = _book(seed);
        int256 base;
        Sums[39] memory sums;
        for (uint256 s = 0; s < book.length; ++s) {
            _accumulate(grid, FLAT_VOL, book[s], _deviation(seed, s, FLAT_VOL), sums);
            base += book[s].weightQ40 * _callNow(book[s], _deviation(seed, s, FLAT_VOL));
        }
        int256 pnl = ScenarioGrid.pnl(grid, FLAT_VOL, MIDDLE, base, seed % 2 == 0 ? ONE_Q40 : -ONE_Q40);
        VM.assertEq(pnl, 0);
    }

    /// t = 0 and u = 0, 1 and -2/3: the vol nodes themselves.
    function testFuzz_CellsBeginAtTheirNodes(uint256 seed, uint256 stepQ60) external pure {
        Grid grid = _anySurface(seed, stepQ60);
        Cells[] memory cells = _cells(grid, stepQ60);
        uint32[] memory pairs = new uint32[](4 * CELLS);
        for (uint256 c = 0; c < CELLS; ++c) {
            pairs[4 * c] = _pair(c, 0, uint256(ZERO_CODE));
            pairs[4 * c + 1] = _pair(c, 0, uint256(ZERO_CODE + CODES));
            pairs[4 * c + 2] = _pair(c, 0, BELOW_DOWN_CODE);
            pairs[4 * c + 3] = _pair(c, 0, ABOVE_DOWN_CODE);
        }
        int256[] memory pnl = SurfaceHarness.walk(cells, pairs, 0, false).own[0];
        for (uint256 c = 0; c < CELLS; ++c) {
            int256 down = ScenarioGrid.pnl(grid, DOWN_VOL, c, 0, 0);
            int256 flat = ScenarioGrid.pnl(grid, FLAT_VOL, c, 0, 0);
            int256 up = ScenarioGrid.pnl(grid, UP_VOL, c, 0, 0);
            VM.assertEq(pnl[4 * c], flat * CELL_SCALE);
            _assertNear(pnl[4 * c + 1], up * CELL_SCALE, WALK_ULP);
            // No code is -2/3: a straight line between its neighbours misses the parabola by 2/9 of a code's square of its curvature.
            int256 square = ((6 * up - 15 * flat + 9 * down) << 24) / (CODES * CODES);
            int256 line = (pnl[4 * c + 2] + 2 * pnl[4 * c + 3]) / 3;
            _assertNear(line - (2 * square) / 9, down * CELL_SCALE, 2 * WALK_ULP);
        }
    }

    /// Any surface within its bounds, any scenario, one to four markets: the plain cubic and quadratic, and nothing else written.
    function testFuzz_WalkEvaluatesThePlainSurface(
        uint256 seed,
        uint256 stepQ60,
        uint256 markets,
        uint256 count
    ) external pure {
        (markets, count) = (bound(markets, 1, 4), bound(count, 0, 12));
        Grid[] memory grids = new Grid[](markets);
        Cells[] memory cells = new Cells[](markets);
        for (uint256 m = 0; m < markets; ++m) {
            grids[m] = _anySurface(_random(seed, m, "surface"), stepQ60);
            cells[m] = _cells(grids[m], stepQ60)[0];
        }
        uint32[] memory pairs = _pairs(seed, markets * count);
        int256 start = int256(seed) >> 156;
        Walked memory walked = SurfaceHarness.walk(cells, pairs, start, seed % 2 == 0);
        VM.assertTrue(walked.intact, "words outside the P&L");
        for (uint256 i = 0; i < count; ++i) {
            int256 sum = start;
            for (uint256 m = 0; m < markets; ++m) {
                _assertPlain(walked.own[m][i], grids[m], stepQ60, pairs[i * markets + m]);
                sum += walked.own[m][i];
            }
            VM.assertEq(walked.joint[i], sum, "joint");
        }
    }

    /// Every node at its bound and slopes against the rise, the first and the last cell, both ends of t and of the code.
    function test_WalkHoldsTheLargestSurface() external pure {
        for (uint256 sign = 0; sign < 4; ++sign) {
            Grid grid = _extremeSurface(sign);
            Cells[] memory cells = _cells(grid, MAX_STEP_Q60);
            uint32[] memory pairs = new uint32[](16);
            for (uint256 i = 0; i < pairs.length; ++i) {
                uint256 code = i & 4 == 0 ? 0 : MAX_CODE;
                pairs[i] = _pair(i & 1 == 0 ? 0 : MAX_CELL, i & 2 == 0 ? i & 8 : MAX_T - (i & 8) * 16, code);
            }
            Walked memory walked = SurfaceHarness.walk(cells, pairs, 0, false);
            VM.assertTrue(walked.intact);
            for (uint256 i = 0; i < pairs.length; ++i)
                _assertPlain(walked.own[0][i], grid, MAX_STEP_Q60, pairs[i]);
        }
    }

    /// A future's P&L at t = 0 and u = 0 is growth - 1 of the whole book, in the unit that margin divides by.
    function test_FutureOfTheWholeBookEarnsTheReturn() external pure {
        uint256 step = 1 << 56;
        (Grid grid, ) = SurfaceHarness.createGrid(step);
        (Cells cells, ) = SurfaceHarness.createCells(grid, step, 0, ONE_Q40);
        Cells[] memory one = new Cells[](1);
        one[0] = cells;
        uint32[] memory pairs = new uint32[](1);
        // The node z = 10 begins no cell; z = 6 begins the last one. e^(6/16) - 1 = 0.454991414618201...
        pairs[0] = _pair(MAX_CELL, 0, uint256(ZERO_CODE));
        int256 pnl = SurfaceHarness.walk(one, pairs, 0, false).own[0][0];
        VM.assertEq((pnl * 1e10) / int256(SCENARIO_PNL_UNIT), 4_549_914_146);
    }

    /// The definition: at each vol node a cubic through the values and slopes of the cell's ends, through these the parabola.
    function _assertPlain(int256 pnl, Grid grid, uint256 stepQ60, uint32 pair) private pure {
        int256 u = int256(uint256(uint16(pair))) - ZERO_CODE;
        int256 down = _hermiteQ62(grid, DOWN_VOL, stepQ60, pair);
        int256 flat = _hermiteQ62(grid, FLAT_VOL, stepQ60, pair);
        int256 up = _hermiteQ62(grid, UP_VOL, stepQ60, pair);
        // Lagrange's polynomials of u = -2/3, 0 and 1, times ten.
        int256 exact = 9 * u * (u - CODES) * down;
        exact -= 5 * (3 * u + 2 * CODES) * (u - CODES) * flat;
        exact += 2 * u * (3 * u + 2 * CODES) * up;
        _assertNear(pnl * CODES * CODES, exact, WALK_ULP * uint256(CODES * CODES));
    }

    function _hermiteQ62(Grid grid, uint256 vol, uint256 stepQ60, uint32 pair) private pure returns (int256) {
        uint256 cell = pair >> 24;
        int256 t = int256(uint256(uint8(pair >> 16)));
        int256 width = _zs()[cell + 1] - _zs()[cell];
        stepQ60 = FixedPointMathLib.min(stepQ60, MAX_STEP_Q60);
        (int256 p0, int256 m0) = SurfaceHarness.pnlAt(grid, vol, cell, stepQ60, 0, 0);
        (int256 p1, int256 m1) = SurfaceHarness.pnlAt(grid, vol, cell + 1, stepQ60, 0, 0);
        // Hermite's basis with t in 256ths, times 2^24.
        int256 rise = 3 * 256 * t * t - 2 * t * t * t;
        int256 first = t * (256 - t) * (256 - t);
        int256 last = t * t * (t - 256);
        return p0 * ((1 << 24) - rise) + p1 * rise + width * (m0 * first + m1 * last);
    }

    function _cells(Grid grid, uint256 stepQ60) private pure returns (Cells[] memory cells) {
        bool intact;
        cells = new Cells[](1);
        (cells[0], intact) = SurfaceHarness.createCells(grid, stepQ60, 0, 0);
        VM.assertTrue(intact, "words outside the cells");
    }
}
