// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Black76} from "../../../contracts/libraries/Black76.sol";
import {NormalCdf, NormalTable} from "../../../contracts/libraries/NormalCdf.sol";
import {
    FLAT_VOL,
    Grid,
    ScenarioGrid,
    SPOT_NODES,
    VOL_NODES
} from "../../../contracts/libraries/ScenarioGrid.sol";
import {PriceProbe} from "./PriceProbe.sol";
import {PlainNode, SurfaceHarness} from "./SurfaceHarness.sol";
import {TestBase} from "./TestBase.sol";

/// @notice Calls of one strike, as accumulate takes them.
struct Calls {
    uint256 ratioQ40;
    int256 logQ60;
    int256 weightQ40;
}

/// @notice Sums over the book at one node.
struct Sums {
    int256 valueQ120;
    int256 slopeQ120;
}

/// @notice Books, surfaces and scenarios of every size that the P&L surface allows.
abstract contract SurfaceFixture is TestBase {
    int256 internal constant ONE_Q40 = 1 << 40;
    uint256 internal constant MAX_STEP_Q60 = 4 << 60;
    uint256 internal constant CELLS = 12;
    uint256 internal constant MAX_T = 255;
    uint256 internal constant MAX_CODE = type(uint16).max;
    uint256 private constant MAX_STRIKES = 4;
    uint256 private constant FORWARD_E8 = 3_000e8;
    /// Values and slopes of a node stay below 2^125: P&L below 2^43 with 38 fractional bits.
    uint256 internal constant PNL_SHIFT = 82;
    uint256 private constant MAX_LANE = (1 << 125) - (1 << PNL_SHIFT);

    PriceProbe private immutable _probe = new PriceProbe();

    /// One to four strikes from nothing to a million forwards; the weights' absolute values sum to the whole book.
    function _book(uint256 seed) internal pure returns (Calls[] memory book) {
        book = new Calls[](1 + (_random(seed, 0, "strikes") % MAX_STRIKES));
        uint256 rest = uint256(ONE_Q40);
        for (uint256 s = 0; s < book.length; ++s) {
            uint256 random = _random(seed, s, "strike");
            uint256 weight = s + 1 == book.length ? rest : (random >> 64) % (rest + 1);
            rest -= weight;
            // From half the forward to twice, or anything.
            uint256 strike = FORWARD_E8 / 2 + ((random >> 128) % (2 * FORWARD_E8));
            if (random & 2 == 0) strike = uint64(random >> 128) >> ((random >> 8) & 63);
            book[s] = _calls(strike, random & 1 == 0 ? int256(weight) : -int256(weight));
        }
    }

    function _calls(uint256 strikeE8, int256 weightQ40) internal pure returns (Calls memory calls) {
        (calls.ratioQ40, , calls.logQ60) = Black76.moneyness(strikeE8, FORWARD_E8);
        calls.weightQ40 = weightQ40;
    }

    /// A standard deviation of log return with 60 fractional bits: from 1 % to 100 %, or anything.
    function _deviation(uint256 seed, uint256 strike, uint256 vol) internal pure returns (uint256) {
        uint256 random = _random(seed, strike * VOL_NODES + vol, "deviation");
        return
            random & 1 == 0
                ? ((1 + ((random >> 8) % 100)) * (1e16 << 60)) / 1e18
                : (random >> 8) >> (random % 248);
    }

    /// @notice Adds the calls to the grid, and to the sums what Black76 says of each node.
    function _accumulate(
        Grid grid,
        uint256 vol,
        Calls memory calls,
        uint256 deviationQ60,
        Sums[39] memory sums
    ) internal view {
        _addToGrid(grid, vol, calls, deviationQ60);
        int256[] memory returns_ = new int256[](SPOT_NODES);
        uint256[] memory growths = new uint256[](SPOT_NODES);
        for (uint256 i = 0; i < SPOT_NODES; ++i) {
            PlainNode memory node = SurfaceHarness.nodeAt(grid, vol, i);
            (returns_[i], growths[i]) = (node.returnQ60, node.growthQ40);
        }
        (int256[] memory prices, uint256[] memory deltas) = _probe.prices(
            calls.ratioQ40,
            calls.logQ60,
            deviationQ60,
            returns_,
            growths
        );
        for (uint256 i = 0; i < SPOT_NODES; ++i) {
            Sums memory sum = sums[vol * SPOT_NODES + i];
            sum.valueQ120 += calls.weightQ40 * prices[i];
            sum.slopeQ120 += calls.weightQ40 * int256(deltas[i]);
        }
    }

    function _addToGrid(Grid grid, uint256 vol, Calls memory calls, uint256 deviationQ60) private view {
        (uint256 inverse, int256 intercept, uint256 sd) = Black76.terms(calls.logQ60, deviationQ60);
        ScenarioGrid.accumulate(grid, vol, _table(), calls.ratioQ40, inverse, intercept, sd, calls.weightQ40);
    }

    function _callNow(Calls memory calls, uint256 deviationQ60) internal view returns (int256 callQ80) {
        uint256[] memory growths = new uint256[](1);
        growths[0] = Black76.ONE_Q40;
        (int256[] memory prices, ) = _probe.prices(
            calls.ratioQ40,
            calls.logQ60,
            deviationQ60,
            new int256[](1),
            growths
        );
        return prices[0];
    }

    /// Values and slopes of any size within their bounds at every node.
    function _anySurface(uint256 seed, uint256 stepQ60) internal pure returns (Grid grid) {
        bool intact;
        (grid, intact) = SurfaceHarness.createGrid(stepQ60);
        VM.assertTrue(intact, "words outside the grid");
        uint256 shift = _random(seed, 0, "scale") % 100;
        for (uint256 n = 0; n < VOL_NODES * SPOT_NODES; ++n) {
            int256 value = _lane(_random(seed, n, "value")) >> shift;
            int256 slope = _lane(_random(seed, n, "slope")) >> shift;
            SurfaceHarness.setNode(grid, n / SPOT_NODES, n % SPOT_NODES, value, slope);
        }
    }

    /// Every node at its bound, against its neighbours: bit 0 turns the values, bit 1 the slopes.
    function _extremeSurface(uint256 signs) internal pure returns (Grid grid) {
        (grid, ) = SurfaceHarness.createGrid(MAX_STEP_Q60);
        for (uint256 n = 0; n < VOL_NODES * SPOT_NODES; ++n) {
            (uint256 vol, uint256 spot) = (n / SPOT_NODES, n % SPOT_NODES);
            uint256 side = vol == FLAT_VOL ? 1 : 0;
            int256 value = int256(MAX_LANE) * ((spot + side + signs) % 2 == 0 ? int256(1) : int256(-1));
            int256 slope = int256(MAX_LANE) * ((side + signs / 2) % 2 == 0 ? int256(1) : int256(-1));
            SurfaceHarness.setNode(grid, vol, spot, value, slope);
        }
    }

    /// A scenario's pair in one market, with an end of each range now and then.
    function _pairs(uint256 seed, uint256 count) internal pure returns (uint32[] memory pairs) {
        pairs = new uint32[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = _random(seed, i, "pair");
            uint256 t = random & 7 == 0 ? MAX_T : (random >> 16) & MAX_T;
            uint256 code = (random >> 32) & MAX_CODE;
            if (random & 0x38 == 0) code = 0;
            if (random & 0x38 == 8) code = MAX_CODE;
            pairs[i] = _pair((random >> 64) % CELLS, t, code);
        }
    }

    function _pair(uint256 cell, uint256 t, uint256 code) internal pure returns (uint32) {
        return uint32((cell << 24) | (t << 16) | code);
    }

    /// The spot nodes in units of sigma sqrt(h).
    function _zs() internal pure returns (int8[13] memory) {
        return [int8(-10), -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 10];
    }

    function _random(uint256 seed, uint256 index, string memory what) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, index, what)));
    }

    function _lane(uint256 random) private pure returns (int256) {
        return int256(random % (2 * MAX_LANE + 1)) - int256(MAX_LANE);
    }

    function _assertNear(int256 left, int256 right, uint256 tolerance) internal pure {
        VM.assertLe(left, right + int256(tolerance));
        VM.assertLe(right, left + int256(tolerance));
    }

    function _table() internal view returns (NormalTable) {
        return NormalCdf.load(_probe.table());
    }
}
