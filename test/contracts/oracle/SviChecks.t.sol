// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {SviChecks} from "../../../contracts/libraries/SviChecks.sol";
import {SmileWord} from "../../../contracts/types/RiskReport.sol";
import {TestBase} from "../support/TestBase.sol";

contract SviChecksTest is TestBase {
    uint256 internal constant UNITS_OF_B = 3;

    /// Against an exact integer square root, for any slice that fits its word.
    function testFuzz_totalVarianceIsWithinThreeUnitsOfB(
        int40 aE10,
        uint32 bE9,
        int32 rhoE9,
        int32 mE9,
        uint32 sE9,
        uint32 sigmaE9
    ) external pure {
        if (sE9 == 0) sE9 = 1;
        int256 kE9 = int256(uint256(sigmaE9)) * 5;
        SmileWord smile = _word(aE10, bE9, rhoE9, mE9, sE9);
        (int256 down, int256 atTheMoney, int256 up) = SviChecks.totalVariancesE18(smile, kE9);
        _assertNear(down, aE10, bE9, rhoE9, -kE9 - mE9, sE9);
        _assertNear(atTheMoney, aE10, bE9, rhoE9, -int256(mE9), sE9);
        _assertNear(up, aE10, bE9, rhoE9, kE9 - mE9, sE9);
    }

    /// The lowest variance of a slice, at k = m - rho s / sqrt(1 - rho^2), decides.
    function testFuzz_nonNegativeVarianceAgreesWithTheMinimum(
        int40 aE10,
        uint32 bE9,
        int256 rhoE9,
        uint32 sE9
    ) external pure {
        rhoE9 = int256(bound(uint256(rhoE9), 0, 2e9 - 2)) - (1e9 - 1);
        SmileWord smile = _word(aE10, bE9, int32(rhoE9), 0, sE9);
        // s sqrt(1 - rho^2) in 1e-18, rounded down.
        uint256 rootE18 = FixedPointMathLib.sqrt(uint256(sE9) * sE9 * uint256(1e18 - rhoE9 * rhoE9));
        int256 lowE27 = int256(aE10) * 1e17 + int256(uint256(bE9) * rootE18);
        bool answer = SviChecks.hasNonNegativeVariance(smile);
        // The root is off by less than one unit: only values within b of zero may differ.
        if (lowE27 >= 0) VM.assertTrue(answer);
        if (lowE27 < -int256(uint256(bE9))) VM.assertFalse(answer);
        int256 lowestE18 = SviChecks.lowestVarianceE18(smile);
        if (!answer) VM.assertTrue(lowestE18 < 0);
        // Both are rounded down: this one by less than one unit, the root by less than b.
        VM.assertLe(lowE27 / 1e9, lowestE18 + 1);
        VM.assertLe(lowestE18, (lowE27 + int256(uint256(bE9))) / 1e9 + 1);
    }

    /// The published minimum of A. Vogt's slice: w_min = 0.0116249 (Gatheral and Jacquier 2014, example 3.1).
    function test_vogtSliceIsNonNegativeUntilItsMinimumIsTakenAway() external pure {
        VM.assertTrue(SviChecks.hasNonNegativeVariance(_vogt(-410_000_000)));
        VM.assertTrue(SviChecks.hasNonNegativeVariance(_vogt(-410_000_000 - 116_249_032)));
        VM.assertFalse(SviChecks.hasNonNegativeVariance(_vogt(-410_000_000 - 116_249_033)));
        VM.assertEq(SviChecks.lowestVarianceE18(_vogt(-410_000_000)) / 1e8, 116_249_032);
    }

    /// Reference total variances of the same slice at k = -0.5, 0 and 0.5.
    function test_vogtSliceMatchesReferenceVariances() external pure {
        (int256 down, int256 atTheMoney, int256 up) = SviChecks.totalVariancesE18(_vogt(-410_000_000), 0.5e9);
        VM.assertEq(down / 1e9, 50_976_571);
        VM.assertEq(atTheMoney / 1e9, 17_426_252);
        VM.assertEq(up / 1e9, 23_151_565);
    }

    function _vogt(int40 aE10) private pure returns (SmileWord) {
        return _word(aE10, 133_100_000, 306_000_000, 358_600_000, 415_300_000);
    }

    function _assertNear(
        int256 wE18,
        int40 aE10,
        uint32 bE9,
        int32 rhoE9,
        int256 xE9,
        uint32 sE9
    ) private pure {
        uint256 root = FixedPointMathLib.sqrt(uint256(xE9 * xE9) + uint256(sE9) * sE9);
        int256 exact =
            int256(aE10) * 1e8 + int256(uint256(bE9)) * ((int256(rhoE9) * xE9) / 1e9 + int256(root));
        VM.assertLe(FixedPointMathLib.abs(wE18 - exact), UNITS_OF_B * bE9);
    }

    function _word(
        int40 aE10,
        uint32 bE9,
        int32 rhoE9,
        int32 mE9,
        uint32 sE9
    ) private pure returns (SmileWord) {
        return
            SmileWord.wrap(
                (uint256(uint40(aE10)) << 88) |
                    (uint256(bE9) << 128) |
                    (uint256(uint32(rhoE9)) << 160) |
                    (uint256(uint32(mE9)) << 192) |
                    (uint256(sE9) << 224)
            );
    }
}
