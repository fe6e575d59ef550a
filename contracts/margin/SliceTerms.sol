// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {YEAR_SECONDS} from "../types/Constants.sol";
import {SmileWord} from "../types/RiskReport.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @notice One expiry of a market: what its strikes share.
struct Slice {
    /// Market and expiry, as they stand in a position's word.
    uint256 key;
    uint256 forwardE8;
    uint256 discountE9;
    SmileWord smile;
    /// sqrt(tau / tau0), with 60 fractional bits; zero when expired or without a slice.
    uint256 timeScaleQ60;
    /// sqrt(tau), tau in years.
    uint256 rootTauQ60;
    /// Factors of the deviation at the up and the down node, 60 fractional bits.
    uint256 upQ60;
    uint256 downQ60;
    /// Forward delta of the expiry as a share, 104 fractional bits.
    int256 deltaQ104;
}

/// @title SliceTerms: the terms of one expiry, from its smile word
library SliceTerms {
    uint256 private constant EXPIRY_KEY_SHIFT = 200;
    uint256 private constant E8 = 1e8;
    uint256 private constant E9 = 1e9;
    uint256 private constant BPS = 1e4;
    int256 private constant WAD = 1e18;
    /// The outer vol nodes in units of psi sqrt(h): u = 1 and u = -2/3 of the coordinate u = (exp(0.08 y) - 1) / (exp(0.18) - 1).
    int256 private constant VOL_UP_WAD = 2.25e18;
    int256 private constant VOL_DOWN_WAD = -1762033016488831713;
    int256 private constant MAX_VOL_EXPONENT_WAD = 2e18;
    uint256 private constant VOL_TENOR = 30 days;

    /// @notice Fills the slice for the expiry of a position's word.
    function open(Slice memory slice, RiskBook memory risk, MarketRisk memory m, uint256 word) internal view {
        slice.key = word >> EXPIRY_KEY_SHIFT;
        slice.deltaQ104 = 0;
        // The expiry's 40 bits stand below the market's.
        uint256 expiry = uint40(slice.key);
        SmileWord smile = _find(m.smiles, expiry);
        slice.smile = smile;
        bool posted = SmileWord.unwrap(smile) != 0;
        slice.discountE9 = posted ? smile.discountE9() : E9;
        // 64 x 32 bits.
        unchecked {
            uint256 forwardE8 = posted ? (m.spotE8 * smile.forwardRatioE8()) / E8 : m.spotE8;
            slice.forwardE8 = FixedPointMathLib.max(forwardE8, 1);
        }
        _setTime(slice, risk, posted ? expiry : 0);
        _setVolNodes(slice, risk, m, expiry);
    }

    function _find(SmileWord[] memory smiles, uint256 expiry) private pure returns (SmileWord) {
        unchecked {
            for (uint256 i; i < smiles.length; ++i) if (smiles[i].expiry() == expiry) return smiles[i];
        }
        return SmileWord.wrap(0);
    }

    /// @dev All zero for an expiry in the past or before the report.
    function _setTime(Slice memory slice, RiskBook memory risk, uint256 expiry) private view {
        (slice.timeScaleQ60, slice.rootTauQ60) = (0, 0);
        if (expiry <= block.timestamp || expiry <= risk.observedAt) return;
        // Both spans are positive and below 2^40 seconds: their quotients shifted by 120 fit 2^160.
        unchecked {
            uint256 tau = expiry - block.timestamp;
            uint256 tau0 = expiry - risk.observedAt;
            slice.timeScaleQ60 = FixedPointMathLib.sqrt((tau << 120) / tau0);
            slice.rootTauQ60 = FixedPointMathLib.sqrt((tau << 120) / YEAR_SECONDS);
        }
    }

    /// @dev Factor of a node: exp(y psi sqrt(h) (30 d / max(tau, floor))^p), the exponent within +-2.
    function _setVolNodes(
        Slice memory slice,
        RiskBook memory risk,
        MarketRisk memory m,
        uint256 expiry
    ) private view {
        // tau below 2^40 s, so |ln| < 40; psi sqrt(h) below 2^80 and the term factor below e^80 (p < 7, ln(30 d) < 15): no overflow.
        unchecked {
            uint256 tau = expiry > block.timestamp ? expiry - block.timestamp : 0;
            tau = FixedPointMathLib.max(FixedPointMathLib.max(tau, risk.params.volTermFloorSeconds), 1);
            int256 logTenor = FixedPointMathLib.lnWad(int256((VOL_TENOR * uint256(WAD)) / tau));
            int256 exponent = (logTenor * int256(uint256(risk.params.volTermExponentBps))) / int256(BPS);
            int256 term = FixedPointMathLib.expWad(exponent);
            int256 unit = (int256(m.volStepWad) * term) / WAD;
            slice.upQ60 = _factorQ60((VOL_UP_WAD * unit) / WAD);
            slice.downQ60 = _factorQ60((VOL_DOWN_WAD * unit) / WAD);
        }
    }

    /// @dev exp of an exponent clamped to +-2.
    function _factorQ60(int256 exponentWad) private pure returns (uint256) {
        // e^2 with 18 decimals, shifted by 60, is below 2^124.
        unchecked {
            exponentWad = FixedPointMathLib.clamp(exponentWad, -MAX_VOL_EXPONENT_WAD, MAX_VOL_EXPONENT_WAD);
            return (uint256(FixedPointMathLib.expWad(exponentWad)) << 60) / uint256(WAD);
        }
    }
}
