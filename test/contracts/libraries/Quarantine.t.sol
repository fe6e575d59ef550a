// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Quarantine} from "../../../contracts/libraries/Quarantine.sol";
import {JUMPED_UP_BIT, MarketWord, QUARANTINED_BIT} from "../../../contracts/types/RiskReport.sol";
import {TestBase} from "../support/TestBase.sol";

contract QuarantineTest is TestBase {
    uint256 internal constant SIGMAS_BPS = 50_000;
    uint256 internal constant FLOOR_BPS = 100;
    uint256 internal constant SIGMA_E9 = 35_000_000;
    uint256 internal constant SPOT_E8 = 1_000e8;
    /// 5 * 3.5 % over a day, and 1 %.
    uint256 internal constant DAY_BAND_E8 = 185e8;
    uint256 internal constant DOWN = QUARANTINED_BIT;
    uint256 internal constant UP = QUARANTINED_BIT | JUMPED_UP_BIT;

    function test_TheBandIsKSigmaRootTimeAndTheFloor() external pure {
        VM.assertFalse(_jumps(SPOT_E8, SPOT_E8 + DAY_BAND_E8, 1 days));
        // One unit in 1e9 of the spot more.
        VM.assertTrue(_jumps(SPOT_E8, SPOT_E8 + DAY_BAND_E8 + 100, 1 days));
        // A quarter of the time, half the volatility: 8.75 % and 1 %.
        VM.assertFalse(_jumps(SPOT_E8, SPOT_E8 + 97.5e8, 6 hours));
        VM.assertTrue(_jumps(SPOT_E8, SPOT_E8 + 97.5e8 + 100, 6 hours));
    }

    /// Without volatility or time only the floor is left.
    function test_TheFloorAloneBoundsReportsInAHurry() external pure {
        VM.assertFalse(_jumps(SPOT_E8, SPOT_E8 + 10e8, 0));
        VM.assertTrue(_jumps(SPOT_E8, SPOT_E8 + 10e8 + 100, 0));
    }

    /// A report cannot widen its own band: the forecast before counts.
    function test_TheForecastOfTheReportItselfCountsForNothing() external pure {
        MarketWord previous = _word(SPOT_E8, SIGMA_E9, 0);
        MarketWord storm = _word(SPOT_E8 + DAY_BAND_E8 + 100, SIGMA_E9 * 20, 0);
        VM.assertTrue(Quarantine.isJump(storm, previous, SIGMAS_BPS, FLOOR_BPS, 1 days));
        MarketWord afterStorm = _word(SPOT_E8, SIGMA_E9 * 2, 0);
        VM.assertFalse(Quarantine.isJump(storm, afterStorm, SIGMAS_BPS, FLOOR_BPS, 1 days));
    }

    function test_TheFirstReportOfAMarketHasNothingToJumpFrom() external pure {
        MarketWord word = _word(SPOT_E8, SIGMA_E9, 0);
        VM.assertEq(_marked(word, MarketWord.wrap(0), false), MarketWord.unwrap(word));
    }

    function test_AJumpIsMarkedWithItsDirectionInEitherEpoch() external pure {
        _expectBits(SPOT_E8, 0, 900e8, false, DOWN);
        _expectBits(SPOT_E8, 0, 900e8, true, DOWN);
        _expectBits(SPOT_E8, 0, 1_100e8, true, UP);
        _expectBits(SPOT_E8, 0, 1_001e8, true, 0);
    }

    function test_ALaterEpochConfirmsASpotThatStays() external pure {
        _expectBits(SPOT_E8, DOWN, 1_001e8, true, 0);
        _expectBits(SPOT_E8, UP, 999e8, true, 0);
    }

    function test_TheSameEpochConfirmsNothing() external pure {
        _expectBits(SPOT_E8, DOWN, SPOT_E8, false, DOWN);
        _expectBits(SPOT_E8, UP, SPOT_E8, false, UP);
        _expectBits(SPOT_E8, DOWN, 900e8, false, DOWN);
        _expectBits(SPOT_E8, DOWN, 1_100e8, false, UP);
    }

    /// A crash that goes on must not hold up liquidation for longer than one report.
    function test_AJumpThatGoesOnInALaterEpochConfirms() external pure {
        _expectBits(SPOT_E8, DOWN, 900e8, true, 0);
        _expectBits(SPOT_E8, UP, 1_100e8, true, 0);
    }

    function test_AJumpBackBeginsAnew() external pure {
        _expectBits(SPOT_E8, DOWN, 1_100e8, true, UP);
        _expectBits(SPOT_E8, UP, 900e8, true, DOWN);
    }

    /// Against the formula as it is written, with a root, away from its rounding.
    function testFuzz_TheSquaredComparisonIsTheFormula(
        uint64 fromE8,
        uint64 toE8,
        uint32 sigmaE9,
        uint32 sigmasBps,
        uint16 floorBps,
        uint32 elapsed
    ) external pure {
        (uint256 low, uint256 high) = (bound(fromE8, 1e6, 1e16), bound(toE8, 1e6, 1e16));
        bool jumps = Quarantine.isJump(
            _word(high, 0, 0),
            _word(low, sigmaE9, 0),
            sigmasBps,
            floorBps,
            elapsed
        );
        VM.assertEq(
            jumps,
            Quarantine.isJump(_word(low, 0, 0), _word(high, sigmaE9, 0), sigmasBps, floorBps, elapsed)
        );
        if (low > high) (low, high) = (high, low);
        uint256 moveE18 = ((high - low) * 1e18) / low;
        uint256 rootE18 = FixedPointMathLib.sqrt((uint256(elapsed) * 1e36) / 1 days);
        uint256 bandE18 = (uint256(sigmasBps) * sigmaE9 * rootE18) / 1e13 + uint256(floorBps) * 1e14;
        uint256 slackE18 = 2e9 + bandE18 / 1e15;
        if (moveE18 > bandE18 + slackE18) VM.assertTrue(jumps);
        if (moveE18 + slackE18 < bandE18) VM.assertFalse(jumps);
    }

    /// Whatever is stored before: the word keeps what was posted, and only the quarantine's bits are added.
    function testFuzz_OnlyTheQuarantinesBitsAreAdded(
        uint256 posted,
        uint256 before,
        bool later
    ) external pure {
        uint256 reserved = uint256(0xff) << 184;
        posted = (posted & ~reserved & ~(uint256(type(uint64).max) << 192)) | (SPOT_E8 << 192);
        before = (before & ~(uint256(type(uint64).max) << 192)) | (1_100e8 << 192);
        uint256 marked = _marked(MarketWord.wrap(posted), MarketWord.wrap(before), later);
        VM.assertEq(marked & ~(QUARANTINED_BIT | JUMPED_UP_BIT), posted);
    }

    function _expectBits(
        uint256 fromE8,
        uint256 before,
        uint256 toE8,
        bool later,
        uint256 bits
    ) private pure {
        MarketWord word = _word(toE8, SIGMA_E9, 0);
        uint256 marked = _marked(word, _word(fromE8, SIGMA_E9, before), later);
        VM.assertEq(marked ^ MarketWord.unwrap(word), bits);
    }

    function _marked(MarketWord word, MarketWord previous, bool later) private pure returns (uint256) {
        return MarketWord.unwrap(Quarantine.mark(word, previous, SIGMAS_BPS, FLOOR_BPS, 60, later));
    }

    function _jumps(uint256 fromE8, uint256 toE8, uint256 elapsed) private pure returns (bool) {
        MarketWord previous = _word(fromE8, SIGMA_E9, 0);
        return Quarantine.isJump(_word(toE8, SIGMA_E9, 0), previous, SIGMAS_BPS, FLOOR_BPS, elapsed);
    }

    function _word(uint256 spotE8, uint256 sigmaE9, uint256 bits) private pure returns (MarketWord) {
        return MarketWord.wrap(1 | (sigmaE9 << 40) | bits | (spotE8 << 192));
    }
}
