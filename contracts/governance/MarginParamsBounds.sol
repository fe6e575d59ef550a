// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS, MAX_MARKETS, MAX_STRESS} from "../types/Constants.sol";
import {MarginParams, MarketMarginParams, StressScenario} from "../types/RiskParams.sol";
import {requireWithin, requireWithinSigned} from "./ParameterBounds.sol";

/// @title MarginParamsBounds: what no vote can set, for margin
library MarginParamsBounds {
    uint256 internal constant MIN_CONFIDENCE_BPS = 9_000;
    uint256 internal constant MAX_CONFIDENCE_BPS = 9_999;
    uint256 internal constant MIN_HORIZON_SECONDS = 1 hours;
    uint256 internal constant MAX_HORIZON_SECONDS = 10 days;
    uint256 internal constant MIN_INITIAL_FACTOR_BPS = 11_000;
    uint256 internal constant MAX_INITIAL_FACTOR_BPS = 30_000;
    uint256 internal constant MIN_VOL_TERM_FLOOR_SECONDS = 1 hours;
    uint256 internal constant MAX_VOL_TERM_FLOOR_SECONDS = 30 days;
    uint256 internal constant MAX_HEARTBEAT_SECONDS = 1 days;
    uint256 internal constant MAX_RISK_INCREASE_AGE_SECONDS = 2 days;
    uint256 internal constant MAX_FALLBACK_AGE_SECONDS = 7 days;
    uint256 internal constant MAX_STALENESS_CAP_BPS = 50_000;
    uint256 internal constant MAX_PEG_MULTIPLE_BPS = 100_000;

    uint256 internal constant MIN_STATIC_SHARE_BPS = 100;
    uint256 internal constant MIN_VOLATILITY_MULTIPLE_BPS = 10_000;
    uint256 internal constant MAX_VOLATILITY_MULTIPLE_BPS = 200_000;
    uint256 internal constant MIN_SHORT_MINIMUM_BPS = 10;
    uint256 internal constant MAX_SHORT_MINIMUM_BPS = 2_000;
    uint256 internal constant MAX_BASIS_BPS = 2_000;
    uint256 internal constant MIN_FREE_DEPTH_BPS = 1;
    uint256 internal constant MAX_FREE_DEPTH_BPS = 1_000_000;
    uint256 internal constant MAX_DISPERSION_MULTIPLE_BPS = 100_000;

    uint256 internal constant MIN_VOL_MULTIPLE_BPS = 1_000;
    uint256 internal constant MAX_VOL_MULTIPLE_BPS = 100_000;
    uint256 internal constant MAX_VOL_FLOOR_BPS = 50_000;
    int256 internal constant MAX_TWIST_BPS = 50_000;
    int256 internal constant MIN_STRESS_RETURN_BPS = -9_999;
    int256 internal constant MAX_STRESS_RETURN_BPS = 90_000;

    function requireAll(MarginParams memory p) internal pure {
        requireWithin("varConfidence", p.varConfidenceBps, MIN_CONFIDENCE_BPS, MAX_CONFIDENCE_BPS);
        requireWithin("esConfidence", p.esConfidenceBps, MIN_CONFIDENCE_BPS, MAX_CONFIDENCE_BPS);
        requireWithin("horizon", p.horizonSeconds, MIN_HORIZON_SECONDS, MAX_HORIZON_SECONDS);
        requireWithin("offsetTrust", p.offsetTrustBps, 0, BPS);
        requireWithin("initialFactor", p.initialFactorBps, MIN_INITIAL_FACTOR_BPS, MAX_INITIAL_FACTOR_BPS);
        requireWithin("volTermExponent", p.volTermExponentBps, 0, BPS);
        requireWithin(
            "volTermFloor",
            p.volTermFloorSeconds,
            MIN_VOL_TERM_FLOOR_SECONDS,
            MAX_VOL_TERM_FLOOR_SECONDS
        );
        requireWithin("heartbeat", p.heartbeatSeconds, 1, MAX_HEARTBEAT_SECONDS);
        requireWithin(
            "riskIncreaseAge",
            p.riskIncreaseAgeSeconds,
            p.heartbeatSeconds,
            MAX_RISK_INCREASE_AGE_SECONDS
        );
        requireWithin(
            "fallbackAge",
            p.fallbackAgeSeconds,
            p.riskIncreaseAgeSeconds,
            MAX_FALLBACK_AGE_SECONDS
        );
        requireWithin("stalenessPerHour", p.stalenessBpsPerHour, 0, BPS);
        requireWithin("stalenessCap", p.stalenessCapBps, 0, MAX_STALENESS_CAP_BPS);
        requireWithin("pegThreshold", p.pegThresholdBps, 0, BPS);
        requireWithin("pegMultiple", p.pegMultipleBps, 0, MAX_PEG_MULTIPLE_BPS);
        requireWithin("marketCount", p.markets.length, 1, MAX_MARKETS);
        uint256 minMarket;
        for (uint256 i; i < p.markets.length; ++i) {
            requireWithin("market", p.markets[i].market, minMarket, type(uint16).max);
            minMarket = uint256(p.markets[i].market) + 1;
            _requireMarket(p.markets[i]);
        }
        // The stress list catches what no model saw coming: it may not be empty.
        requireWithin("stressCount", p.stress.length, 1, MAX_STRESS);
        for (uint256 i; i < p.stress.length; ++i) _requireStress(p.stress[i], p.markets.length);
    }

    function _requireMarket(MarketMarginParams memory m) private pure {
        requireWithin("staticShare", m.staticShareBps, MIN_STATIC_SHARE_BPS, BPS);
        requireWithin("staticFloor", m.staticFloorBps, 1, m.staticShareBps);
        requireWithin(
            "volatilityMultiple",
            m.volatilityMultipleBps,
            MIN_VOLATILITY_MULTIPLE_BPS,
            MAX_VOLATILITY_MULTIPLE_BPS
        );
        requireWithin("shortMinimum", m.shortMinimumBps, MIN_SHORT_MINIMUM_BPS, MAX_SHORT_MINIMUM_BPS);
        requireWithin("basis", m.basisBps, 0, MAX_BASIS_BPS);
        requireWithin("freeDepth", m.freeDepthBps, MIN_FREE_DEPTH_BPS, MAX_FREE_DEPTH_BPS);
        requireWithin("concentration", m.concentrationBps, 0, BPS);
        requireWithin("concentrationCap", m.concentrationCapBps, 0, BPS);
        requireWithin("dispersionTolerance", m.dispersionToleranceBps, 0, BPS);
        requireWithin("dispersionMultiple", m.dispersionMultipleBps, 0, MAX_DISPERSION_MULTIPLE_BPS);
    }

    function _requireStress(StressScenario memory s, uint256 marketCount) private pure {
        requireWithin("stressWeight", s.weightBps, 1, BPS);
        requireWithin("stressVolMultiple", s.volMultipleBps, MIN_VOL_MULTIPLE_BPS, MAX_VOL_MULTIPLE_BPS);
        requireWithin("stressVolFloor", s.volFloorBps, 0, MAX_VOL_FLOOR_BPS);
        requireWithinSigned("stressLinearTwist", s.linearTwistBps, -MAX_TWIST_BPS, MAX_TWIST_BPS);
        requireWithinSigned("stressAbsoluteTwist", s.absoluteTwistBps, -MAX_TWIST_BPS, MAX_TWIST_BPS);
        requireWithin("stressReturnCount", s.returnBps.length, marketCount, marketCount);
        for (uint256 i; i < s.returnBps.length; ++i) {
            requireWithinSigned("stressReturn", s.returnBps[i], MIN_STRESS_RETURN_BPS, MAX_STRESS_RETURN_BPS);
        }
    }
}
