// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarginMath, StaticRate} from "../../../contracts/libraries/MarginMath.sol";
import {MarketMarginParams} from "../../../contracts/types/RiskParams.sol";
import {TestBase} from "../support/TestBase.sol";

/// @notice Every charge against its formula in checked arithmetic: the least number of units that is not below the exact charge.
contract MarginMathTest is TestBase {
    uint256 private constant WAD = 1e18;
    uint256 private constant BPS = 10_000;
    uint256 private constant SHARE_VALUE_TO_E12 = 1e22;
    uint256 private constant NOTIONAL_UNIT = 1e10;
    uint256 private constant USD_E6 = 1e6;
    uint256 private constant MAX_NOTIONAL = (1 << 180) - 1;
    uint256 private constant MAX_SIZE = (1 << 127) - 1;
    uint256 private constant MAX_FORWARD = (1 << 71) - 1;

    function test_StaticRateIsAtMostTheWholePrice() external pure {
        MarketMarginParams memory p;
        (p.staticShareBps, p.staticFloorBps) = (1_500, 700);
        StaticRate memory rate = MarginMath.staticRate(p);
        VM.assertEq(rate.shareWad, 0.15e18);
        VM.assertEq(rate.floorWad, 0.07e18);
        (p.staticShareBps, p.staticFloorBps) = (10_001, type(uint16).max);
        rate = MarginMath.staticRate(p);
        VM.assertEq(rate.shareWad, WAD);
        VM.assertEq(rate.floorWad, WAD);
    }

    function test_VolatilityRateKeepsTheStaticProportion() external pure {
        MarketMarginParams memory p;
        (p.staticShareBps, p.staticFloorBps, p.volatilityMultipleBps) = (2_000, 1_000, 30_000);
        // sigma sqrt(h) = 1 / 16: three of them are 18.75 %.
        StaticRate memory rate = MarginMath.volatilityRate(p, 1 << 56);
        VM.assertEq(rate.shareWad, 0.1875e18);
        VM.assertEq(rate.floorWad, 0.09375e18);
        p.staticShareBps = 0;
        VM.assertEq(MarginMath.volatilityRate(p, 1 << 56).floorWad, 0.1875e18);
        (p.staticShareBps, p.staticFloorBps) = (1, type(uint16).max);
        rate = MarginMath.volatilityRate(p, 1 << 80);
        VM.assertEq(rate.shareWad, WAD);
        VM.assertEq(rate.floorWad, WAD);
    }

    function test_ShortOptionGetsOutOfTheMoneyCreditDownToTheFloor() external pure {
        StaticRate memory rate = StaticRate(0.15e18, 0.1e18);
        // S = 3,000: 15 % is 450; the call at 3,100 is credited 100, the one at 3,200 stops at 10 %.
        VM.assertEq(MarginMath.shortLossE12(rate, 3_000e8, 3_000e8, true, -1e8), 450e12);
        VM.assertEq(MarginMath.shortLossE12(rate, 3_000e8, 3_100e8, true, -1e8), 350e12);
        VM.assertEq(MarginMath.shortLossE12(rate, 3_000e8, 3_200e8, true, -1e8), 300e12);
        VM.assertEq(MarginMath.shortLossE12(rate, 3_000e8, 2_900e8, true, -1e8), 450e12);
        VM.assertEq(MarginMath.shortLossE12(rate, 3_000e8, 2_900e8, false, -1e8), 350e12);
        VM.assertEq(MarginMath.shortLossE12(rate, 3_000e8, 3_100e8, false, -1e8), 450e12);
    }

    function testFuzz_ShortLossIsItsFormulaRoundedUp(
        uint256 share,
        uint256 floor,
        uint64 spot,
        uint64 strike,
        bool isCall,
        int128 size
    ) external pure {
        StaticRate memory rate = StaticRate(bound(share, 0, WAD), bound(floor, 0, WAD));
        if (size == type(int128).min) size = 0;
        uint256 credit;
        if (isCall && strike > spot) credit = strike - spot;
        if (!isCall && spot > strike) credit = spot - strike;
        uint256 charge = rate.shareWad * spot;
        charge = charge > credit * WAD ? charge - credit * WAD : 0;
        if (charge < rate.floorWad * spot) charge = rate.floorWad * spot;
        uint256 loss = MarginMath.shortLossE12(rate, spot, strike, isCall, size);
        _assertRoundedUp(loss, charge * _abs(size), SHARE_VALUE_TO_E12);
    }

    function testFuzz_FutureLossIsItsFormulaRoundedUp(
        uint256 share,
        uint64 forward,
        int128 size
    ) external pure {
        StaticRate memory rate = StaticRate(bound(share, 0, WAD), 0);
        if (size == type(int128).min) size = 0;
        uint256 loss = MarginMath.futureLossE12(rate, forward, size);
        _assertRoundedUp(loss, rate.shareWad * forward * _abs(size), SHARE_VALUE_TO_E12);
    }

    function test_FutureLossTakesTheLargestFutureThatCanBeHeld() external pure {
        uint256 loss = MarginMath.futureLossE12(StaticRate(WAD, 0), MAX_FORWARD, int256(MAX_SIZE));
        // The product of price and size has 198 bits; a charge of 100 % is their product in other units.
        VM.assertEq(loss, (MAX_FORWARD * MAX_SIZE + 9_999) / 10_000);
    }

    function testFuzz_NotionalsAndSharesRoundUp(
        uint256 size,
        uint256 price,
        uint256 amount,
        uint16 share
    ) external pure {
        (size, price) = (bound(size, 0, MAX_SIZE), bound(price, 0, MAX_FORWARD));
        amount = bound(amount, 0, MAX_NOTIONAL);
        _assertRoundedUp(MarginMath.notionalUpE6(size, price), size * price, NOTIONAL_UNIT);
        _assertRoundedUp(MarginMath.shareUp(amount, share), amount * share, BPS);
    }

    function testFuzz_ShortMinimumCountsNetShortCallsAndPutsApart(
        uint64 spot,
        int128 calls,
        int128 puts,
        uint16 share
    ) external pure {
        uint256 minimum = MarginMath.shortMinimumE6(spot, calls, puts, share);
        uint256 count = (calls < 0 ? _abs(calls) : 0) + (puts < 0 ? _abs(puts) : 0);
        uint256 notional = (count * spot + NOTIONAL_UNIT - 1) / NOTIONAL_UNIT;
        _assertRoundedUp(minimum, notional * share, BPS);
        VM.assertEq(MarginMath.shortMinimumE6(spot, 5, 7, share), 0);
    }

    function test_ConcentrationBeginsBeyondTheFreeDepthAndEndsAtTheCap() external pure {
        MarketMarginParams memory p;
        (p.freeDepthBps, p.concentrationBps, p.concentrationCapBps) = (5_000, 1_000, 2_500);
        // The larger of depth 400 and open interest 2,000; half of it is free.
        VM.assertEq(MarginMath.concentrationE6(1_000e6, 400, 2_000, p), 0);
        VM.assertEq(MarginMath.concentrationE6(1_000e6, 2_000, 400, p), 0);
        // One unit beyond: 10 % of 1e-9 of the gross, rounded up.
        VM.assertEq(MarginMath.concentrationE6(1_000e6 + 1, 400, 2_000, p), 1);
        VM.assertEq(MarginMath.concentrationE6(2_000e6, 400, 2_000, p), 200e6);
        VM.assertEq(MarginMath.concentrationE6(4_000e6, 400, 2_000, p), 1_000e6);
        VM.assertEq(MarginMath.concentrationE6(1_000_000e6, 400, 2_000, p), 250_000e6);
        // Nothing free counts as USD 1 free.
        VM.assertEq(MarginMath.concentrationE6(1e6, 0, 0, p), 0.1e6);
    }

    function testFuzz_ConcentrationIsMonotoneAndAtMostTheCap(
        uint256 gross,
        uint256 more,
        uint40 depth,
        uint40 interest,
        uint32 free,
        uint16 charge,
        uint16 cap
    ) external pure {
        gross = bound(gross, 0, MAX_NOTIONAL);
        more = bound(more, 0, MAX_NOTIONAL - gross);
        MarketMarginParams memory p;
        (p.freeDepthBps, p.concentrationBps, p.concentrationCapBps) = (free, charge, cap);
        uint256 less = MarginMath.concentrationE6(gross, depth, interest, p);
        uint256 greater = MarginMath.concentrationE6(gross + more, depth, interest, p);
        VM.assertLe(less, greater);
        VM.assertLe(greater, ((gross + more) * cap + BPS - 1) / BPS);
        uint256 freeE6 = (uint256(depth > interest ? depth : interest) * USD_E6 * free) / BPS;
        if (gross <= freeE6) VM.assertEq(less, 0);
    }

    function testFuzz_StalenessIsItsFormulaRoundedUp(
        uint256 loss,
        uint40 age,
        uint32 heartbeat,
        uint16 perHour,
        uint16 cap
    ) external pure {
        loss = bound(loss, 0, MAX_NOTIONAL);
        uint256 addOn = MarginMath.stalenessE6(loss, age, heartbeat, perHour, cap);
        uint256 late = age > heartbeat ? uint256(age) - heartbeat : 0;
        uint256 rate = late * perHour;
        if (rate > uint256(cap) * 1 hours) rate = uint256(cap) * 1 hours;
        _assertRoundedUp(addOn, loss * rate, BPS * 1 hours);
    }

    function test_StalenessStartsAfterTheHeartbeatAndStopsAtTheCap() external pure {
        VM.assertEq(MarginMath.stalenessE6(1_000e6, 60, 60, 500, 2_000), 0);
        VM.assertEq(MarginMath.stalenessE6(1_000e6, 60 + 1 hours, 60, 500, 2_000), 50e6);
        VM.assertEq(MarginMath.stalenessE6(1_000e6, 60 + 4 hours, 60, 500, 2_000), 200e6);
        VM.assertEq(MarginMath.stalenessE6(1_000e6, 60 + 9 hours, 60, 500, 2_000), 200e6);
        VM.assertEq(MarginMath.stalenessE6(1, 61, 60, 1, 2_000), 1);
    }

    function testFuzz_ExcessChargeIsItsFormulaRoundedUp(
        uint256 gross,
        uint16 value,
        uint16 tolerance,
        uint32 multiple
    ) external pure {
        gross = bound(gross, 0, MAX_NOTIONAL);
        uint256 charge = MarginMath.excessChargeE6(gross, value, tolerance, multiple);
        uint256 excess = value > tolerance ? value - tolerance : 0;
        _assertRoundedUp(charge, gross * excess * multiple, BPS * BPS);
    }

    /// The least whole number that is not below dividend / divisor.
    function _assertRoundedUp(uint256 value, uint256 dividend, uint256 divisor) private pure {
        VM.assertEq(value, dividend / divisor + (dividend % divisor == 0 ? 0 : 1));
    }

    function _abs(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? -value : value);
    }
}
