// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {MarginMath} from "../libraries/MarginMath.sol";
import {BPS, PRICE_SIZE_TO_USD_E6} from "../types/Constants.sol";
import {MarginBreakdown, MarginModel} from "../types/MarginTypes.sol";
import {MarketMarginParams} from "../types/RiskParams.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";
import {StressLoss} from "./StressLoss.sol";
import {GroupTail, ScenarioSet, TailLoss} from "./TailLoss.sol";

/// @title Charges: from the priced markets of a book to its margin
/// @notice Every amount here is below 2^230: sums cannot overflow.
library Charges {
    uint256 private constant E12_TO_E6 = 1e6;
    int256 private constant SIGNED_E12_TO_E6 = 1e6;
    uint256 private constant BASIS_BITS = 120;
    /// Cash beyond this (1e54 USD) counts as this.
    int256 private constant MAX_CASH_E6 = 1e60;

    /// @notice Fills equity, gross notional and the terms that stand for each market alone.
    function addMarkets(MarginBreakdown memory b, RiskBook memory risk) internal pure {
        int256 markE12;
        unchecked {
            for (uint256 i; i < risk.markets.length; ++i) {
                MarketRisk memory m = risk.markets[i];
                MarketMarginParams memory p = m.params;
                uint256 grossE6 = MarginMath.notionalUpE6(m.grossE8, m.spotE8);
                markE12 += m.markToMarketE12;
                b.grossNotionalE6 += grossE6;
                b.collateralE6 += (m.collateralE8 * m.spotE8) / PRICE_SIZE_TO_USD_E6;
                b.staticLossE6 += (m.staticLossE12 + E12_TO_E6 - 1) / E12_TO_E6;
                uint256 basis = FixedPointMathLib.fullMulDivUp(m.basisQ120, risk.scaleE6, 1 << BASIS_BITS);
                b.basisE6 += MarginMath.shareUp(basis, p.basisBps);
                b.concentrationE6 += MarginMath.concentrationE6(
                    grossE6,
                    m.word.depthUsd(),
                    m.word.openInterestUsd(),
                    p
                );
                b.confidenceE6 += MarginMath.excessChargeE6(
                    grossE6,
                    m.word.dispersionBps(),
                    p.dispersionToleranceBps,
                    p.dispersionMultipleBps
                );
            }
            b.markToMarketE6 = floorE6(markE12);
        }
        int256 cashE6 = FixedPointMathLib.clamp(risk.cashE6, -MAX_CASH_E6, MAX_CASH_E6);
        b.margin.equityE6 = cashE6 + int256(b.collateralE6) + b.markToMarketE6;
        b.pegE6 = MarginMath.excessChargeE6(
            b.grossNotionalE6,
            risk.params.pegThresholdBps,
            risk.pegBps,
            risk.params.pegMultipleBps
        );
    }

    /// @notice Adds the loss of the markets under one of the models that have a surface; returns the loss that counts.
    function addGroup(
        MarginBreakdown memory b,
        RiskBook memory risk,
        ScenarioSet memory set,
        MarginModel model
    ) internal pure returns (uint256 lossE6) {
        uint256 members;
        unchecked {
            for (uint256 i; i < risk.markets.length; ++i) {
                MarketRisk memory m = risk.markets[i];
                if (m.model != model) continue;
                ++members;
                lossE6 += MarginMath.shortMinimumE6(
                    m.spotE8,
                    m.netCallsE8,
                    m.netPutsE8,
                    m.params.shortMinimumBps
                );
            }
            if (members == 0) return 0;
            b.shortMinimumE6 += lossE6;
            if (model != MarginModel.Stress) {
                GroupTail memory g = TailLoss.lossOf(risk, set, model, members);
                if (b.worstScenario == type(uint256).max || g.jointE6 > b.jointTailLossE6) {
                    b.worstScenario = g.worstScenario;
                }
                b.jointTailLossE6 += g.jointE6;
                b.tailLossE6 += g.lossE6;
                lossE6 = FixedPointMathLib.max(lossE6, g.lossE6);
            }
            if (model != MarginModel.Tail) {
                (uint256 stressE6, uint256 worst) = StressLoss.lossOf(risk, model);
                if (stressE6 > b.stressLossE6) b.worstStress = risk.params.stress[worst].name;
                b.stressLossE6 += stressE6;
                lossE6 = FixedPointMathLib.max(lossE6, stressE6);
            }
        }
    }

    /// @notice Maintenance = L + staleness; initial = phi L + staleness + confidence + peg. L holds basis and concentration.
    function conclude(MarginBreakdown memory b, RiskBook memory risk, uint256 lossE6) internal pure {
        unchecked {
            lossE6 += b.basisE6 + b.concentrationE6;
            b.stalenessE6 = MarginMath.stalenessE6(
                lossE6,
                risk.ageSeconds,
                risk.params.heartbeatSeconds,
                risk.params.stalenessBpsPerHour,
                risk.params.stalenessCapBps
            );
            b.margin.maintenanceE6 = lossE6 + b.stalenessE6;
            uint256 factorBps = FixedPointMathLib.max(risk.params.initialFactorBps, BPS);
            b.margin.initialE6 =
                MarginMath.shareUp(lossE6, factorBps) +
                b.stalenessE6 +
                b.confidenceE6 +
                b.pegE6;
        }
    }

    /// @notice USD * 1e12 as USD * 1e6, rounded towards minus infinity.
    function floorE6(int256 amountE12) internal pure returns (int256 amountE6) {
        unchecked {
            amountE6 = amountE12 / SIGNED_E12_TO_E6;
            if (amountE12 % SIGNED_E12_TO_E6 < 0) --amountE6;
        }
    }
}
