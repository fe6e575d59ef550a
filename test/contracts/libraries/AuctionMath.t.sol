// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuctionMath} from "../../../contracts/libraries/AuctionMath.sol";
import {LiquidationParams} from "../../../contracts/types/RiskParams.sol";
import {defaultLiquidationParams} from "../liquidation/support/LiquidationDefaults.sol";
import {TestBase} from "../support/TestBase.sol";

contract AuctionMathTest is TestBase {
    uint256 private constant WAD = 1e18;
    uint256 private constant MONEY = 1e24;

    function test_HealthIsEquityOverMaintenanceRoundedDown() public pure {
        VM.assertEq(AuctionMath.healthBps(1_250e6, 1_000e6), 12_500);
        VM.assertEq(AuctionMath.healthBps(2, 3), 6_666);
        VM.assertEq(AuctionMath.healthBps(0, 3), 0);
        VM.assertEq(AuctionMath.healthBps(-1, 3), 0);
    }

    function test_HealthWithoutMarginIsTheLargestUnlessInDebt() public pure {
        VM.assertEq(AuctionMath.healthBps(0, 0), AuctionMath.MAX_HEALTH_BPS);
        VM.assertEq(AuctionMath.healthBps(5, 0), AuctionMath.MAX_HEALTH_BPS);
        VM.assertEq(AuctionMath.healthBps(-1, 0), 0);
    }

    function test_CostClimbsFromOneToTwentyFivePercentThenToTheCap() public pure {
        LiquidationParams memory params = defaultLiquidationParams();
        uint256 health = 8_000;
        VM.assertEq(AuctionMath.costWad(params, 0, health), 0.01e18);
        VM.assertEq(AuctionMath.costWad(params, 450, health), 0.13e18);
        VM.assertEq(AuctionMath.costWad(params, 15 minutes, health), 0.25e18);
        // Half way from 25 % to 0.9 * 0.8 = 72 %.
        VM.assertEq(AuctionMath.costWad(params, 30 minutes, health), 0.485e18);
        VM.assertEq(AuctionMath.costWad(params, 45 minutes, health), 0.72e18);
        VM.assertEq(AuctionMath.costWad(params, 45 days, health), 0.72e18);
    }

    function test_CostNeverExceedsTheCapOfTheLowestHealth() public pure {
        LiquidationParams memory params = defaultLiquidationParams();
        VM.assertEq(AuctionMath.costWad(params, 15 minutes, 1_000), 0.09e18);
        VM.assertEq(AuctionMath.costWad(params, 0, 100), 0.009e18);
        VM.assertEq(AuctionMath.costWad(params, 1 days, 0), 0);
    }

    function test_LargestShareLandsOnTarget() public pure {
        // E = 900, M = 1000, c = 10 %: f = 0.35 / 1.15.
        uint256 share = AuctionMath.largestShareWad(12_500, 9_000, 0.1e18);
        VM.assertEq(share, uint256(0.35e36) / 1.15e18);
        uint256 equity = 900e18 - (share * 100e18) / WAD;
        uint256 maintenance = 1_000e18 - (share * 1_000e18) / WAD;
        VM.assertLe(equity, (maintenance * 125) / 100 + 1_000);
        VM.assertGe(equity + 1_000, (maintenance * 125) / 100);
    }

    function test_LargestShareIsNothingAtTargetAndAllWithoutHealth() public pure {
        VM.assertEq(AuctionMath.largestShareWad(12_500, 12_500, 0.1e18), 0);
        VM.assertEq(AuctionMath.largestShareWad(12_500, 20_000, 0.1e18), 0);
        VM.assertEq(AuctionMath.largestShareWad(12_500, 0, 0), WAD);
    }

    function test_SubsidyClimbsToTheWholeMarginInAnHour() public pure {
        LiquidationParams memory params = defaultLiquidationParams();
        VM.assertEq(AuctionMath.subsidyWad(params, 0), 0);
        VM.assertEq(AuctionMath.subsidyWad(params, 15 minutes), 0.25e18);
        VM.assertEq(AuctionMath.subsidyWad(params, 60 minutes), WAD);
        VM.assertEq(AuctionMath.subsidyWad(params, 365 days), WAD);
    }

    function test_ImprovesComparesWithoutDivision() public pure {
        VM.assertTrue(AuctionMath.improves(3, 10, 3, 9));
        VM.assertFalse(AuctionMath.improves(3, 9, 1, 3));
        VM.assertTrue(AuctionMath.improves(-1, 9, 1, 9));
        VM.assertFalse(AuctionMath.improves(-2, 9, -1, 9));
        VM.assertFalse(AuctionMath.improves(1, 9, 0, 3));
        VM.assertTrue(AuctionMath.improves(1, 9, 0, 0));
        VM.assertFalse(AuctionMath.improves(1, 9, -1, 0));
        VM.assertTrue(AuctionMath.improves(type(int256).max - 1, 2, type(int256).max, 2));
    }

    function testFuzz_EveryFillBelowHealthRaisesHealth(
        uint256 equity,
        uint256 maintenance,
        uint256 elapsed,
        uint256 share
    ) public pure {
        maintenance = bound(maintenance, 1e6, MONEY);
        // From 1 % of maintenance: below that the account is in the insolvent phase.
        equity = bound(equity, maintenance / 100, maintenance - 1);
        share = bound(share, 1e12, WAD - 1);
        uint256 health = AuctionMath.healthBps(int256(equity), maintenance);
        uint256 cost = AuctionMath.costWad(defaultLiquidationParams(), bound(elapsed, 0, 2 hours), health);
        uint256 sold = AuctionMath.portion(maintenance, share);
        VM.assume(sold >= 1e4);
        uint256 left = equity - AuctionMath.portion(sold, cost);
        VM.assertTrue(AuctionMath.improves(int256(equity), maintenance, int256(left), maintenance - sold));
    }

    function testFuzz_CostStaysBelowTheCapAndNeverFallsWithTime(
        uint256 elapsed,
        uint256 later,
        uint256 health
    ) public pure {
        LiquidationParams memory params = defaultLiquidationParams();
        health = bound(health, 0, 9_999);
        elapsed = bound(elapsed, 0, 2 hours);
        later = bound(later, elapsed, 3 hours);
        uint256 cost = AuctionMath.costWad(params, elapsed, health);
        VM.assertLe(cost, (health * params.costCapBps * 1e14) / 1e4);
        VM.assertLe(cost, AuctionMath.costWad(params, later, health));
    }

    function testFuzz_LargestShareNeverOvershootsTarget(
        uint256 health,
        uint256 elapsed,
        uint256 maintenance
    ) public pure {
        LiquidationParams memory params = defaultLiquidationParams();
        health = bound(health, 1, 12_499);
        maintenance = bound(maintenance, 1e6, MONEY);
        uint256 equity = (maintenance * health) / 1e4;
        // A called account has been below one.
        uint256 cost = AuctionMath.costWad(params, bound(elapsed, 0, 2 hours), health < 1e4 ? health : 9_999);
        uint256 share = AuctionMath.largestShareWad(params.targetHealthBps, health, cost);
        VM.assertLe(share, WAD);
        uint256 sold = AuctionMath.portion(maintenance, share);
        uint256 left = maintenance - sold;
        uint256 equityLeft = equity - AuctionMath.portion(sold, cost);
        VM.assertLe(equityLeft, (left * params.targetHealthBps) / 1e4 + 2);
    }

    function testFuzz_TotalOnEveryInput(
        int256 equity,
        uint256 maintenance,
        uint256 elapsed,
        uint256 health,
        uint256 target,
        LiquidationParams memory params
    ) public pure {
        AuctionMath.healthBps(equity, maintenance);
        AuctionMath.improves(equity, maintenance, equity, maintenance);
        uint256 cost = AuctionMath.costWad(params, elapsed, health);
        VM.assertLe(AuctionMath.largestShareWad(target, bound(health, 0, type(uint32).max), cost), WAD);
        VM.assertLe(AuctionMath.subsidyWad(params, elapsed), WAD);
    }
}
