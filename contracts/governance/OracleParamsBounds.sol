// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS, MAX_MARKETS} from "../types/Constants.sol";
import {MarketOracleParams, OracleParams} from "../types/RiskParams.sol";
import {requireWithin} from "./ParameterBounds.sol";

/// @title OracleParamsBounds: what no vote can set, for the oracle
library OracleParamsBounds {
    uint256 internal constant MAX_REPORT_AGE_SECONDS = 1 days;
    uint256 internal constant MAX_CLOCK_DRIFT_SECONDS = 5 minutes;
    uint256 internal constant MIN_PEG_BPS = 1;
    uint256 internal constant MAX_PEG_BPS = 12_000;
    uint256 internal constant MIN_SCENARIOS = 16;
    uint256 internal constant MAX_SCENARIOS = 1_024;
    uint256 internal constant MAX_SEQUENCER_GRACE_SECONDS = 1 days;

    /// USD 0.01 to USD 100 million.
    uint256 internal constant MIN_SPOT_E8 = 1e6;
    uint256 internal constant MAX_SPOT_E8 = 1e16;
    uint256 internal constant MIN_SPOT_CHANGE_BPS = 100;
    uint256 internal constant MAX_SPOT_CHANGE_BPS = 9_000;
    /// k from 1 to 20; j from 0.1 % to 20 %.
    uint256 internal constant MIN_JUMP_SIGMAS_BPS = 10_000;
    uint256 internal constant MAX_JUMP_SIGMAS_BPS = 200_000;
    uint256 internal constant MIN_JUMP_FLOOR_BPS = 10;
    uint256 internal constant MAX_JUMP_FLOOR_BPS = 2_000;
    /// 0.1 % to 100 % a day.
    uint256 internal constant MIN_SIGMA_E9 = 1e6;
    uint256 internal constant MAX_SIGMA_E9 = 1e9;
    uint256 internal constant MIN_SIGMA_UP_BPS = 100;
    uint256 internal constant MAX_SIGMA_UP_BPS = 100_000;
    uint256 internal constant MAX_SIGMA_DOWN_BPS_PER_HOUR = 1_000;
    uint256 internal constant MAX_PSI_E9 = 1e9;
    uint256 internal constant MIN_FORWARD_RATIO_E8 = 0.2e8;
    uint256 internal constant MAX_FORWARD_RATIO_E8 = 5e8;
    uint256 internal constant MIN_DISCOUNT_E9 = 0.1e9;
    uint256 internal constant MAX_DISCOUNT_E9 = 1.5e9;
    /// 1 % to 2,000 % a year.
    uint256 internal constant MIN_ATM_VOL_BPS = 100;
    uint256 internal constant MAX_ATM_VOL_BPS = 200_000;
    uint256 internal constant MIN_FEED_BAND_BPS = 10;
    uint256 internal constant MAX_FEED_BAND_BPS = 2_000;
    uint256 internal constant MAX_FEED_HEARTBEAT_SECONDS = 2 days;

    function requireAll(OracleParams memory p) internal pure {
        requireWithin("maxReportAge", p.maxReportAgeSeconds, 1, MAX_REPORT_AGE_SECONDS);
        requireWithin("maxClockDrift", p.maxClockDriftSeconds, 0, MAX_CLOCK_DRIFT_SECONDS);
        requireWithin("minPeg", p.minPegBps, MIN_PEG_BPS, BPS);
        requireWithin("maxPeg", p.maxPegBps, BPS, MAX_PEG_BPS);
        requireWithin("minScenarios", p.minScenarios, MIN_SCENARIOS, MAX_SCENARIOS);
        requireWithin("maxScenarios", p.maxScenarios, p.minScenarios, MAX_SCENARIOS);
        requireWithin("sequencerGrace", p.sequencerGraceSeconds, 0, MAX_SEQUENCER_GRACE_SECONDS);
        requireWithin("marketCount", p.markets.length, 1, MAX_MARKETS);
        uint256 minMarket;
        for (uint256 i; i < p.markets.length; ++i) {
            requireWithin("market", p.markets[i].market, minMarket, type(uint16).max);
            minMarket = uint256(p.markets[i].market) + 1;
            _requireSpotAndVolatility(p.markets[i]);
            _requireSmile(p.markets[i]);
            if (p.markets[i].feed != address(0)) _requireFeed(p.markets[i]);
        }
    }

    function _requireSpotAndVolatility(MarketOracleParams memory m) private pure {
        requireWithin("minSpot", m.minSpotE8, MIN_SPOT_E8, MAX_SPOT_E8);
        requireWithin("maxSpot", m.maxSpotE8, m.minSpotE8, MAX_SPOT_E8);
        requireWithin("maxSpotChange", m.maxSpotChangeBps, MIN_SPOT_CHANGE_BPS, MAX_SPOT_CHANGE_BPS);
        requireWithin("jumpSigmas", m.jumpSigmasBps, MIN_JUMP_SIGMAS_BPS, MAX_JUMP_SIGMAS_BPS);
        requireWithin("jumpFloor", m.jumpFloorBps, MIN_JUMP_FLOOR_BPS, MAX_JUMP_FLOOR_BPS);
        requireWithin("minSigma", m.minSigmaE9, MIN_SIGMA_E9, MAX_SIGMA_E9);
        requireWithin("maxSigma", m.maxSigmaE9, m.minSigmaE9, MAX_SIGMA_E9);
        requireWithin("maxSigmaUp", m.maxSigmaUpBps, MIN_SIGMA_UP_BPS, MAX_SIGMA_UP_BPS);
        requireWithin("maxSigmaDown", m.maxSigmaDownBpsPerHour, 1, MAX_SIGMA_DOWN_BPS_PER_HOUR);
        requireWithin("minPsi", m.minPsiE9, 0, MAX_PSI_E9);
        requireWithin("maxPsi", m.maxPsiE9, m.minPsiE9, MAX_PSI_E9);
        requireWithin("maxDispersion", m.maxDispersionBps, 0, BPS);
    }

    function _requireSmile(MarketOracleParams memory m) private pure {
        requireWithin("minForwardRatio", m.minForwardRatioE8, MIN_FORWARD_RATIO_E8, MAX_FORWARD_RATIO_E8);
        requireWithin("maxForwardRatio", m.maxForwardRatioE8, m.minForwardRatioE8, MAX_FORWARD_RATIO_E8);
        requireWithin("minDiscount", m.minDiscountE9, MIN_DISCOUNT_E9, MAX_DISCOUNT_E9);
        requireWithin("maxDiscount", m.maxDiscountE9, m.minDiscountE9, MAX_DISCOUNT_E9);
        requireWithin("minAtmVol", m.minAtmVolBps, MIN_ATM_VOL_BPS, MAX_ATM_VOL_BPS);
        requireWithin("maxAtmVol", m.maxAtmVolBps, m.minAtmVolBps, MAX_ATM_VOL_BPS);
    }

    function _requireFeed(MarketOracleParams memory m) private pure {
        requireWithin("feedBand", m.feedBandBps, MIN_FEED_BAND_BPS, MAX_FEED_BAND_BPS);
        requireWithin("feedHeartbeat", m.feedHeartbeatSeconds, 1, MAX_FEED_HEARTBEAT_SECONDS);
    }
}
