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
    /// tau / tau0, with 60 fractional bits; zero when expired or without a slice.
    uint256 timeRatioQ60;
    /// sqrt(tau), tau in years.
    uint256 rootTauQ60;
    /// Factors of the deviation at the up and the down node, 60 fractional bits.
    uint256 upQ60;
    uint256 downQ60;
    /// Forward delta of the expiry as a share, 120 fractional bits.
    int256 deltaQ120;
}

/// @title SliceTerms: the terms of one expiry, from its smile word
library SliceTerms {
    uint256 private constant EXPIRY_KEY_SHIFT = 200;
    uint256 private constant SPAN_BYTES = 0x80;
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
        slice.deltaQ120 = 0;
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
        (slice.timeRatioQ60, slice.rootTauQ60) = (0, 0);
        uint256 span = _spanOf(risk, expiry);
        int256 volTermWad;
        // A span: expiry, tau / tau0, sqrt(tau), vol term.
        assembly ("memory-safe") {
            volTermWad := mload(add(span, 0x60))
            if posted {
                mstore(add(slice, 0x80), mload(add(span, 0x20)))
                mstore(add(slice, 0xa0), mload(add(span, 0x40)))
            }
        }
        _setVolNodes(slice, m, volTermWad);
    }

    /// @notice Memory for at most `count` expiries.
    function allocateSpans(uint256 count) internal pure returns (uint256 spans) {
        // Reserves the spans, which are written before they are read.
        assembly ("memory-safe") {
            spans := mload(0x40)
            mstore(0x40, add(spans, mul(count, SPAN_BYTES)))
        }
    }

    /// @dev The time terms of an expiry: markets share their expiries, so each is worked out once.
    function _spanOf(RiskBook memory risk, uint256 expiry) private view returns (uint256 span) {
        span = risk.spans;
        // There are at most as many expiries as positions, for which the spans were reserved.
        unchecked {
            uint256 known;
            for (uint256 end = span + risk.spanCount * SPAN_BYTES; span < end; span += SPAN_BYTES) {
                assembly ("memory-safe") {
                    known := mload(span)
                }
                if (known == expiry) return span;
            }
            ++risk.spanCount;
        }
        (uint256 timeRatioQ60, uint256 rootTauQ60) = _time(risk, expiry);
        int256 volTermWad = _volTermWad(risk, expiry);
        assembly ("memory-safe") {
            mstore(span, expiry)
            mstore(add(span, 0x20), timeRatioQ60)
            mstore(add(span, 0x40), rootTauQ60)
            mstore(add(span, 0x60), volTermWad)
        }
    }

    function _find(SmileWord[] memory smiles, uint256 expiry) private pure returns (SmileWord) {
        unchecked {
            for (uint256 i; i < smiles.length; ++i) if (smiles[i].expiry() == expiry) return smiles[i];
        }
        return SmileWord.wrap(0);
    }

    /// @dev Both zero for an expiry in the past or before the report.
    function _time(
        RiskBook memory risk,
        uint256 expiry
    ) private view returns (uint256 timeRatioQ60, uint256 rootTauQ60) {
        if (expiry <= block.timestamp || expiry <= risk.observedAt) return (0, 0);
        // Both times are positive and below 2^40 seconds.
        unchecked {
            uint256 tau = expiry - block.timestamp;
            timeRatioQ60 = (tau << 60) / (expiry - risk.observedAt);
            rootTauQ60 = FixedPointMathLib.sqrt((tau << 120) / YEAR_SECONDS);
        }
    }

    /// @dev (30 d / max(tau, floor))^p, 18 decimals.
    function _volTermWad(RiskBook memory risk, uint256 expiry) private view returns (int256) {
        // tau below 2^40 s, so |ln| < 40, and p < 7, ln(30 d) < 15: the exponent is below 110.
        unchecked {
            uint256 tau = expiry > block.timestamp ? expiry - block.timestamp : 0;
            tau = FixedPointMathLib.max(FixedPointMathLib.max(tau, risk.params.volTermFloorSeconds), 1);
            int256 logTenor = FixedPointMathLib.lnWad(int256((VOL_TENOR * uint256(WAD)) / tau));
            return
                FixedPointMathLib.expWad(
                    (logTenor * int256(uint256(risk.params.volTermExponentBps))) / int256(BPS)
                );
        }
    }

    /// @dev Factor of a node: exp(y psi sqrt(h) * term), the exponent within +-2.
    function _setVolNodes(Slice memory slice, MarketRisk memory m, int256 volTermWad) private pure {
        // psi sqrt(h) below 2^80, the term below e^110 at 18 decimals, y below 2^62: the products are below 2^243.
        unchecked {
            int256 unitWad = (int256(m.volStepWad) * volTermWad) / WAD;
            unitWad = FixedPointMathLib.min(unitWad, MAX_VOL_EXPONENT_WAD * 2);
            slice.upQ60 = _factorQ60((VOL_UP_WAD * unitWad) / WAD);
            slice.downQ60 = _factorQ60((VOL_DOWN_WAD * unitWad) / WAD);
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
