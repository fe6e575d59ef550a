// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Black76} from "../../../contracts/libraries/Black76.sol";
import {CDF_OFFSET, CDF_ONE, NormalCdf, NormalTable} from "../../../contracts/libraries/NormalCdf.sol";
import {Svi} from "../../../contracts/libraries/Svi.sol";
import {NormalCdfTable} from "../../../contracts/margin/NormalCdfTable.sol";
import {SmileWord} from "../../../contracts/types/RiskReport.sol";
import {TestBase} from "../support/TestBase.sol";

/// @notice The pricing kernel over everything that storage can hold.
contract PricingTotalityTest is TestBase {
    /// 2e-10, the table's documented error, with 40 fractional bits.
    uint256 private constant CDF_ERROR = 220;
    /// 2e-10 and 1e-11 with 40 fractional bits, times 2^40.
    uint256 private constant PRICE_ERROR_SHARE = 220;
    uint256 private constant PRICE_ERROR_Q80 = 11 << 40;
    /// Eight, with 35 fractional bits: where the table ends.
    uint256 private constant TABLE_HALF = 1 << 38;
    uint256 private constant MAX_RETURN_Q60 = 3 << 60;
    uint256 private constant MAX_LOG_MONEYNESS_WAD = 1e21;

    NormalCdfTable private tableCode;

    struct Quote {
        uint256 ratioQ40;
        int256 logQ60;
        uint256 growthQ40;
        int256 callQ80;
        uint256 deltaQ80;
    }

    function setUp() external {
        tableCode = new NormalCdfTable();
    }

    /// Abramowitz and Stegun, Handbook of Mathematical Functions (1964), table 26.1 and 26.5.
    function test_PhiIsThatOfPublishedTables() external view {
        _assertPhi(0, 549_755_813_888);
        _assertPhi(34_359_738_368, 925_068_331_271);
        _assertPhi(-34_359_738_368, 174_443_296_505);
        _assertPhi(67_343_849_719, 1_072_023_837_082);
        _assertPhi(79_932_704_305, 1_088_516_511_498);
        _assertPhi(-88_504_820_951, 5_497_558_139);
        _assertPhi(103_079_215_104, 1_098_027_399_194);
        _assertPhi(171_798_691_840, 1_099_511_312_599);
        _assertPhi(-206_158_430_208, 1_085);
    }

    function testFuzz_PhiIsAProbabilityForAnyArgument(int256 x) external view {
        uint256 p = NormalCdf.phi(_table(), x);
        VM.assertLe(p, CDF_ONE + CDF_ERROR);
        if (x < 0) VM.assertEq(p, 0);
        if (x > 2 * int256(TABLE_HALF)) VM.assertEq(p, CDF_ONE);
    }

    function testFuzz_PhiIsSymmetric(uint256 x) external view {
        x = bound(x, 0, 2 * TABLE_HALF);
        NormalTable table = _table();
        uint256 sum =
            NormalCdf.phi(table, int256(CDF_OFFSET) + int256(x)) +
                NormalCdf.phi(table, int256(CDF_OFFSET) - int256(x));
        _assertNear(int256(sum), int256(CDF_ONE), 2 * CDF_ERROR);
    }

    /// Two neighbouring pieces may disagree where they meet, by their errors.
    function testFuzz_PhiRises(uint256 x, uint256 step) external view {
        x = bound(x, 0, 2 * TABLE_HALF);
        step = bound(step, 0, 2 * TABLE_HALF);
        NormalTable table = _table();
        uint256 low = NormalCdf.phi(table, int256(x));
        VM.assertLe(low, NormalCdf.phi(table, int256(x + step)) + 2 * CDF_ERROR);
    }

    /// Never reverts, and stands between intrinsic value and the node's forward; so does its delta term.
    function testFuzz_CallStandsBetweenItsBounds(
        uint64 strike,
        uint96 forward,
        uint256 deviation,
        int256 nodeReturn,
        uint8 scale
    ) external view {
        deviation >>= scale;
        Quote memory q = _quote(strike, forward, deviation, nodeReturn);
        int256 error = _error(q);
        int256 intrinsicQ80 = (int256(q.growthQ40) - int256(q.ratioQ40)) << 40;
        VM.assertGe(q.callQ80 + error, intrinsicQ80 > 0 ? intrinsicQ80 : int256(0));
        VM.assertLe(q.callQ80, (int256(q.growthQ40) << 40) + error);
        VM.assertLe(int256(q.deltaQ80), (int256(q.growthQ40) << 40) + error);
        VM.assertLe(q.callQ80, int256(q.deltaQ80));
    }

    /// Near the money, where prices move: a dearer strike is worth less, a longer deviation more.
    function testFuzz_CallFallsWithStrikeAndRisesWithDeviation(
        uint64 strike,
        uint64 more,
        uint64 deviation,
        uint64 longer
    ) external view {
        uint64 forward = 3_000e8;
        strike = uint64(bound(strike, forward / 20, forward * 20));
        more = uint64(bound(more, 0, forward * 20));
        uint256 sd = bound(deviation, Black76.MIN_DEVIATION_Q60, 4 << 60);
        Quote memory q = _quote(strike, forward, sd, 0);
        Quote memory dearer = _quote(strike + more, forward, sd, 0);
        Quote memory wider = _quote(strike, forward, sd + longer, 0);
        VM.assertLe(dearer.callQ80, q.callQ80 + _error(q) + _error(dearer));
        VM.assertLe(q.callQ80, wider.callQ80 + _error(q) + _error(wider));
    }

    /// Any word, any log-moneyness of the library's range: the same in checked arithmetic, so nothing wraps.
    function testFuzz_TotalVarianceIsTotalAndNeverNegative(uint256 word, int256 k) external pure {
        k = k % int256(MAX_LOG_MONEYNESS_WAD + 1);
        SmileWord smile = SmileWord.wrap(word);
        int256 x = k - smile.mE9() * 1e9;
        int256 s = int256(smile.sE9()) * 1e9;
        int256 root = int256(FixedPointMathLib.sqrt(uint256(x * x + s * s)));
        int256 exact = smile.aE10() * 1e8 + (int256(smile.bE9()) * ((smile.rhoE9() * x) / 1e9 + root)) / 1e9;
        VM.assertEq(Svi.totalVarianceWad(smile, k), exact > 0 ? uint256(exact) : 0);
    }

    /// At k = m the root is s: w = a + b s.
    function testFuzz_TotalVarianceAtItsCentreIsAPlusBTimesS(uint256 word) external pure {
        SmileWord smile = SmileWord.wrap(word);
        int256 centre = smile.aE10() * 1e8 + int256(smile.bE9() * smile.sE9());
        VM.assertEq(Svi.totalVarianceWad(smile, smile.mE9() * 1e9), centre > 0 ? uint256(centre) : 0);
    }

    function _quote(
        uint256 strike,
        uint256 forward,
        uint256 deviation,
        int256 nodeReturn
    ) private view returns (Quote memory q) {
        if (forward == 0) forward = 1;
        nodeReturn = nodeReturn % int256(MAX_RETURN_Q60 + 1);
        (q.ratioQ40, , q.logQ60) = Black76.moneyness(strike, forward);
        q.growthQ40 = (uint256(FixedPointMathLib.expWad((nodeReturn * 1e18) >> 60)) << 40) / 1e18;
        (uint256 inverse, int256 intercept, uint256 sd) = Black76.terms(q.logQ60, deviation);
        (q.callQ80, q.deltaQ80) = Black76.price(
            _table(),
            q.ratioQ40,
            inverse,
            intercept,
            sd,
            nodeReturn,
            q.growthQ40
        );
    }

    /// The documented error: 2e-10 (node + K/F) + 1e-11.
    function _error(Quote memory q) private pure returns (int256) {
        return int256(PRICE_ERROR_SHARE * (q.growthQ40 + q.ratioQ40) + PRICE_ERROR_Q80);
    }

    function _assertPhi(int256 argumentQ35, int256 expectedQ40) private view {
        uint256 p = NormalCdf.phi(_table(), argumentQ35 + int256(CDF_OFFSET));
        _assertNear(int256(p), expectedQ40, CDF_ERROR);
    }

    function _assertNear(int256 left, int256 right, uint256 tolerance) private pure {
        VM.assertLe(left, right + int256(tolerance));
        VM.assertLe(right, left + int256(tolerance));
    }

    function _table() private view returns (NormalTable) {
        return NormalCdf.load(address(tableCode));
    }
}
