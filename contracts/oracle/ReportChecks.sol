// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {SviChecks} from "../libraries/SviChecks.sol";
import {BPS, MAX_SMILES, YEAR_SECONDS} from "../types/Constants.sol";
import {MarketOracleParams} from "../types/RiskParams.sol";
import {MarketWord, SmileWord} from "../types/RiskReport.sol";

/// @notice Total variance of a slice, * 1e18, at the log-moneyness where slices of one market are compared.
struct CalendarPoints {
    int256 downE18;
    int256 atTheMoneyE18;
    int256 upE18;
}

/// @title ReportChecks: every bound of a posted market and of a posted smile
/// @notice A pure function of the report, the stored report and governance's bounds: keepers know before they sign what the chain will accept.
library ReportChecks {
    /// |rho| < 1.
    uint256 internal constant MAX_ABS_RHO_E9 = 1e9 - 1;
    /// The curvature parameter s: below 1e-4 a slice has a kink that no market shows.
    uint256 internal constant MIN_S_E9 = 1e5;
    uint256 internal constant MAX_S_E9 = type(uint32).max;
    /// b (1 + |rho|) <= 2 (Lee 2004).
    uint256 internal constant MAX_WING_SLOPE_E18 = 2e18;
    uint256 internal constant MAX_TENOR_SECONDS = 5 * 365 days;
    /// Slices are compared at the money and this many daily volatilities to either side of it.
    int256 internal constant CALENDAR_SIGMAS = 5;
    /// What rounding a, b and rho of two slices to their units may move total variance by.
    int256 internal constant CALENDAR_TOLERANCE_E18 = 1e10;
    /// w * 1e18 * year / seconds / this = (implied vol in bps)^2.
    uint256 internal constant VARIANCE_E18_TO_BPS_SQUARED = 1e10;

    /// @notice Bounds of a market's word, and of its change since the previous accepted one (zero: none).
    function requireMarket(
        MarketWord word,
        MarketWord previous,
        MarketOracleParams memory params,
        uint256 elapsedSeconds
    ) internal pure {
        uint16 market = word.market();
        if (market != params.market) revert IRiskOracle.WrongMarket(market, params.market);
        requireBounds(market, "reserved", word.reserved(), 0, 0);
        requireBounds(market, "smileCount", word.smileCount(), 0, MAX_SMILES);
        requireBounds(market, "spot", word.spotE8(), params.minSpotE8, params.maxSpotE8);
        requireBounds(market, "sigma", word.sigmaE9(), params.minSigmaE9, params.maxSigmaE9);
        requireBounds(market, "psi", word.psiE9(), params.minPsiE9, params.maxPsiE9);
        requireBounds(market, "dispersion", word.dispersionBps(), 0, params.maxDispersionBps);
        if (MarketWord.unwrap(previous) != 0) _requireMarketChange(word, previous, params, elapsedSeconds);
    }

    /// @notice Bounds of a smile and the cheap no-arbitrage conditions.
    /// @param points The previous expiry's total variances (zero for the first); on return those of this one.
    function requireSmile(
        SmileWord smile,
        MarketWord word,
        MarketOracleParams memory params,
        uint256 observedAt,
        CalendarPoints memory points
    ) internal pure {
        // One cheap test for the good case; the itemised one below finds the value to name.
        if (!_isPlain(smile, params, observedAt)) _requireSmileFields(smile, params, observedAt);
        _requireCalendar(smile, word, points);
        _requireAtmVol(params, points.atTheMoneyE18, smile.expiry() - observedAt);
    }

    function _isPlain(
        SmileWord smile,
        MarketOracleParams memory params,
        uint256 observedAt
    ) private pure returns (bool) {
        // Differences that wrap are larger than every bound; no other term exceeds 2^67.
        unchecked {
            return
                smile.expiry() - observedAt - 1 < MAX_TENOR_SECONDS &&
                smile.forwardRatioE8() - params.minForwardRatioE8 <=
                    uint256(params.maxForwardRatioE8) - params.minForwardRatioE8 &&
                smile.discountE9() - params.minDiscountE9 <=
                    uint256(params.maxDiscountE9) - params.minDiscountE9 &&
                smile.sE9() >= MIN_S_E9 &&
                SviChecks.absRhoE9(smile) <= MAX_ABS_RHO_E9 &&
                SviChecks.wingSlopeE18(smile) <= MAX_WING_SLOPE_E18 &&
                SviChecks.hasNonNegativeVariance(smile);
        }
    }

    function _requireSmileFields(
        SmileWord smile,
        MarketOracleParams memory params,
        uint256 observedAt
    ) private pure {
        uint16 market = params.market;
        uint256 expiry = smile.expiry();
        requireBounds(market, "expiry", expiry, observedAt + 1, observedAt + MAX_TENOR_SECONDS);
        uint256 ratioE8 = smile.forwardRatioE8();
        requireBounds(market, "forwardRatio", ratioE8, params.minForwardRatioE8, params.maxForwardRatioE8);
        requireBounds(market, "discount", smile.discountE9(), params.minDiscountE9, params.maxDiscountE9);
        requireBounds(market, "s", smile.sE9(), MIN_S_E9, MAX_S_E9);
        requireBounds(market, "absRho", SviChecks.absRhoE9(smile), 0, MAX_ABS_RHO_E9);
        uint256 slopeE18 = SviChecks.wingSlopeE18(smile);
        if (slopeE18 > MAX_WING_SLOPE_E18) {
            revert IRiskOracle.WingTooSteep(market, expiry, slopeE18, MAX_WING_SLOPE_E18);
        }
        if (!SviChecks.hasNonNegativeVariance(smile)) {
            revert IRiskOracle.NegativeVariance(market, expiry, SviChecks.lowestVarianceE18(smile), 0);
        }
    }

    function requireBounds(
        uint16 market,
        bytes32 name,
        uint256 value,
        uint256 min,
        uint256 max
    ) internal pure {
        if (value < min || value > max) revert IRiskOracle.ValueOutOfBounds(market, name, value, min, max);
    }

    /// Rounded into the allowed range. Spots are below 2^64 and rates below 2^32: nothing overflows.
    function _requireMarketChange(
        MarketWord word,
        MarketWord previous,
        MarketOracleParams memory params,
        uint256 elapsedSeconds
    ) private pure {
        uint256 spotE8 = previous.spotE8();
        // Widens with the hours without a report: a market that moved far in the meantime must not stay shut out.
        uint256 changeBps =
            (params.maxSpotChangeBps * FixedPointMathLib.max(elapsedSeconds, 1 hours)) / 1 hours;
        requireBounds(
            params.market,
            "spotChange",
            word.spotE8(),
            FixedPointMathLib.divUp(spotE8 * FixedPointMathLib.zeroFloorSub(BPS, changeBps), BPS),
            (spotE8 * (BPS + changeBps)) / BPS
        );
        uint256 sigmaE9 = previous.sigmaE9();
        uint256 maxFallE9 = (sigmaE9 * params.maxSigmaDownBpsPerHour * elapsedSeconds) / (BPS * 1 hours);
        requireBounds(
            params.market,
            "sigmaChange",
            word.sigmaE9(),
            FixedPointMathLib.zeroFloorSub(sigmaE9, maxFallE9),
            (sigmaE9 * (BPS + params.maxSigmaUpBps)) / BPS
        );
    }

    /// Compares a slice with the points of the one before, then leaves its own there.
    function _requireCalendar(SmileWord smile, MarketWord word, CalendarPoints memory points) private pure {
        // sigma is below 2^32, so |k| is below 2^35; total variances are below 2^100.
        unchecked {
            int256 kE9 = int256(word.sigmaE9()) * CALENDAR_SIGMAS;
            (int256 downE18, int256 atTheMoneyE18, int256 upE18) = SviChecks.totalVariancesE18(smile, kE9);
            _requireNoFall(smile, word, -kE9, downE18, points.downE18);
            _requireNoFall(smile, word, 0, atTheMoneyE18, points.atTheMoneyE18);
            _requireNoFall(smile, word, kE9, upE18, points.upE18);
            (points.downE18, points.atTheMoneyE18, points.upE18) = (downE18, atTheMoneyE18, upE18);
        }
    }

    function _requireNoFall(
        SmileWord smile,
        MarketWord word,
        int256 kE9,
        int256 varianceE18,
        int256 previousE18
    ) private pure {
        // Total variances are below 2^100.
        unchecked {
            int256 minE18 = previousE18 - CALENDAR_TOLERANCE_E18;
            if (varianceE18 < minE18) {
                revert IRiskOracle.CalendarArbitrage(word.market(), smile.expiry(), kE9, varianceE18, minE18);
            }
        }
    }

    /// floor(sqrt(q)) lies in [min, max] iff min^2 <= q < (max + 1)^2: no root unless it fails.
    function _requireAtmVol(
        MarketOracleParams memory params,
        int256 varianceE18,
        uint256 secondsLeft
    ) private pure {
        uint256 min = params.minAtmVolBps;
        uint256 max = params.maxAtmVolBps;
        uint256 bpsSquared;
        bool inside;
        // A variance that rounding left below zero counts as zero. It is below 2^100, the year below 2^25, the bounds below 2^32.
        unchecked {
            uint256 positiveE18 = varianceE18 < 0 ? 0 : uint256(varianceE18);
            bpsSquared = (positiveE18 * YEAR_SECONDS) / (secondsLeft * VARIANCE_E18_TO_BPS_SQUARED);
            inside = bpsSquared >= min * min && bpsSquared < (max + 1) * (max + 1);
        }
        if (!inside) {
            revert IRiskOracle.ValueOutOfBounds(
                params.market,
                "atmVol",
                FixedPointMathLib.sqrt(bpsSquared),
                min,
                max
            );
        }
    }
}
