// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HealthOrder} from "../../../contracts/libraries/HealthOrder.sol";
import {Margin} from "../../../contracts/types/MarginTypes.sol";
import {TestBase} from "../support/TestBase.sol";

contract HealthOrderTest is TestBase {
    function _improves(int256 e0, uint256 m0, int256 e1, uint256 m1) private pure returns (bool) {
        return HealthOrder.improves(Margin(e0, 0, m0), Margin(e1, 0, m1));
    }

    function test_ARisingRatioImproves() external pure {
        VM.assertTrue(_improves(50, 100, 51, 100));
        VM.assertTrue(_improves(50, 100, 26, 50));
        VM.assertFalse(_improves(50, 100, 25, 50));
        VM.assertFalse(_improves(50, 100, 24, 50));
    }

    function test_AnEqualStateDoesNotImprove() external pure {
        VM.assertFalse(_improves(50, 100, 50, 100));
        VM.assertFalse(_improves(0, 100, 0, 100));
        VM.assertFalse(_improves(-5, 100, -5, 100));
        VM.assertFalse(_improves(0, 0, 0, 0));
    }

    function test_NothingBeatsABookWithoutMarginAndDebt() external pure {
        VM.assertFalse(_improves(10, 0, 1_000, 0));
        VM.assertFalse(_improves(10, 0, 1_000, 1));
        VM.assertTrue(_improves(10, 1, 0, 0));
    }

    function test_ASolventAccountMayNotBecomeInsolvent() external pure {
        VM.assertFalse(_improves(0, 100, -1, 0));
        VM.assertFalse(_improves(1, 100, -1, 1));
    }

    function test_AnInsolventAccountMayNeitherDeepenItsDebtNorAddRisk() external pure {
        VM.assertFalse(_improves(-10, 100, -11, 1));
        VM.assertFalse(_improves(-10, 100, -9, 101));
        VM.assertFalse(_improves(-10, 100, 1_000, 101));
        VM.assertTrue(_improves(-10, 100, -9, 100));
        VM.assertTrue(_improves(-10, 100, -10, 99));
        VM.assertTrue(_improves(-10, 100, 5, 90));
    }

    function test_ProductsBeyond256BitsCompareExactly() external pure {
        int256 big = type(int256).max;
        uint256 large = type(uint256).max;
        VM.assertTrue(_improves(big - 1, large, big, large));
        VM.assertFalse(_improves(big, large, big - 1, large));
        VM.assertTrue(_improves(big, large, big, large - 1));
    }

    function testFuzz_NoTwoStatesImproveOnEachOther(
        int256 e0,
        uint256 m0,
        int256 e1,
        uint256 m1
    ) external pure {
        VM.assertFalse(_improves(e0, m0, e1, m1) && _improves(e1, m1, e0, m0));
    }

    function testFuzz_ThreeStatesNeverImproveInACircle(
        int8[3] calldata e,
        uint8[3] calldata m
    ) external pure {
        bool first = _improves(e[0], m[0], e[1], m[1]);
        bool second = _improves(e[1], m[1], e[2], m[2]);
        bool third = _improves(e[2], m[2], e[0], m[0]);
        VM.assertFalse(first && second && third);
    }

    function testFuzz_ImprovementNeverLowersTheRatioOfASolventAccount(
        uint64 e0,
        uint64 m0,
        uint64 e1,
        uint64 m1
    ) external pure {
        VM.assume(m0 != 0 && m1 != 0);
        bool higher = uint256(e1) * m0 > uint256(e0) * m1;
        VM.assertEq(_improves(int256(uint256(e0)), m0, int256(uint256(e1)), m1), higher);
    }

    function test_HealthInBpsIsTotal() external pure {
        int256 limit = HealthOrder.HEALTH_LIMIT_BPS;
        VM.assertEq(HealthOrder.healthBps(Margin(125, 0, 100)), 12_500);
        VM.assertEq(HealthOrder.healthBps(Margin(-50, 0, 100)), -5_000);
        VM.assertEq(HealthOrder.healthBps(Margin(0, 0, 0)), limit);
        VM.assertEq(HealthOrder.healthBps(Margin(-1, 0, 0)), -limit);
        VM.assertEq(HealthOrder.healthBps(Margin(1, 0, type(uint256).max)), 0);
        VM.assertEq(HealthOrder.healthBps(Margin(type(int256).max, 0, 1)), limit);
        VM.assertEq(HealthOrder.healthBps(Margin(type(int256).min, 0, 1)), -limit);
    }

    function testFuzz_HealthInBpsStaysWithinItsLimit(int256 e, uint256 m) external pure {
        int256 health = HealthOrder.healthBps(Margin(e, 0, m));
        VM.assertLe(health, HealthOrder.HEALTH_LIMIT_BPS);
        VM.assertGe(health, -HealthOrder.HEALTH_LIMIT_BPS);
    }
}
