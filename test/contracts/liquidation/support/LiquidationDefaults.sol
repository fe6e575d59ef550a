// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LiquidationParams} from "../../../../contracts/types/RiskParams.sol";

/// @notice The figures of the design, used by every liquidation test.
function defaultLiquidationParams() pure returns (LiquidationParams memory params) {
    params.targetHealthBps = 12_500;
    params.hardHealthBps = 7_500;
    params.costCapBps = 9_000;
    params.startCostBps = 100;
    params.rampCostBps = 2_500;
    params.rampSeconds = 15 minutes;
    params.capSeconds = 45 minutes;
    params.penaltyBps = 50;
    params.insolventHealthBps = 1_000;
    params.subsidySeconds = 60 minutes;
    params.dustNotionalE6 = 100e6;
}
