// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS} from "../types/Constants.sol";
import {LiquidationParams} from "../types/RiskParams.sol";
import {requireWithin} from "./ParameterBounds.sol";

/// @title LiquidationParamsBounds: what no vote can set, for liquidation
library LiquidationParamsBounds {
    uint256 internal constant MIN_TARGET_HEALTH_BPS = 10_500;
    uint256 internal constant MAX_TARGET_HEALTH_BPS = 20_000;
    uint256 internal constant MIN_HARD_HEALTH_BPS = 5_000;
    uint256 internal constant MAX_HARD_HEALTH_BPS = BPS - 1;
    uint256 internal constant MAX_COST_CAP_BPS = 9_500;
    uint256 internal constant MAX_RAMP_COST_BPS = 5_000;
    uint256 internal constant MAX_PENALTY_BPS = 500;
    uint256 internal constant MIN_RAMP_SECONDS = 1 minutes;
    uint256 internal constant MAX_RAMP_SECONDS = 2 hours;
    uint256 internal constant MAX_CAP_SECONDS = 6 hours;
    uint256 internal constant MAX_INSOLVENT_HEALTH_BPS = 2_500;
    uint256 internal constant MIN_SUBSIDY_SECONDS = 1 minutes;
    uint256 internal constant MAX_SUBSIDY_SECONDS = 1 days;
    uint256 internal constant MAX_DUST_E6 = 10_000e6;

    function requireAll(LiquidationParams memory p) internal pure {
        requireWithin("targetHealth", p.targetHealthBps, MIN_TARGET_HEALTH_BPS, MAX_TARGET_HEALTH_BPS);
        requireWithin("hardHealth", p.hardHealthBps, MIN_HARD_HEALTH_BPS, MAX_HARD_HEALTH_BPS);
        requireWithin("costCap", p.costCapBps, 1, MAX_COST_CAP_BPS);
        requireWithin("rampCost", p.rampCostBps, 1, MAX_RAMP_COST_BPS);
        requireWithin("penalty", p.penaltyBps, 0, MAX_PENALTY_BPS);
        requireWithin("startCost", p.startCostBps, 0, p.rampCostBps);
        requireWithin("rampSeconds", p.rampSeconds, MIN_RAMP_SECONDS, MAX_RAMP_SECONDS);
        requireWithin("capSeconds", p.capSeconds, uint256(p.rampSeconds) + 1, MAX_CAP_SECONDS);
        requireWithin("insolventHealth", p.insolventHealthBps, 0, MAX_INSOLVENT_HEALTH_BPS);
        requireWithin("subsidySeconds", p.subsidySeconds, MIN_SUBSIDY_SECONDS, MAX_SUBSIDY_SECONDS);
        requireWithin("dustNotional", p.dustNotionalE6, 0, MAX_DUST_E6);
    }
}
