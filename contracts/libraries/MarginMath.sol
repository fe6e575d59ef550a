// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {BPS, PRICE_SIZE_TO_USD_E6} from "../types/Constants.sol";
import {MarketMarginParams} from "../types/RiskParams.sol";

/// @notice Share of notional that the static models charge, and its floor after the out-of-the-money credit; 18 decimals.
struct StaticRate {
    uint256 shareWad;
    uint256 floorWad;
}

/// @title MarginMath: the margin's charges that need no surface
/// @notice Charges round up. Sizes are below 2^127, prices below 2^71, notionals below 2^180: nothing overflows, so nothing reverts.
library MarginMath {
    uint256 private constant WAD = 1e18;
    uint256 private constant BPS_TO_WAD = 1e14;
    uint256 private constant USD_E6 = 1e6;
    /// price * 1e8 * share * 1e18 * size * 1e8 / this = usdE12.
    uint256 private constant SHARE_VALUE_TO_E12 = 1e22;

    /// @notice The static model's rate.
    function staticRate(MarketMarginParams memory p) internal pure returns (StaticRate memory rate) {
        rate.shareWad = FixedPointMathLib.min(p.staticShareBps * BPS_TO_WAD, WAD);
        rate.floorWad = FixedPointMathLib.min(p.staticFloorBps * BPS_TO_WAD, WAD);
    }

    /// @notice The volatility-scaled rate: a multiple of sigma sqrt(h), the floor in the static model's proportion.
    function volatilityRate(
        MarketMarginParams memory p,
        uint256 stepQ60
    ) internal pure returns (StaticRate memory rate) {
        // step below 2^81, the multiple 32 bits.
        unchecked {
            uint256 stepWad = (stepQ60 * WAD) >> 60;
            rate.shareWad = FixedPointMathLib.min((stepWad * p.volatilityMultipleBps) / BPS, WAD);
            rate.floorWad =
                p.staticShareBps == 0 ? rate.shareWad : (rate.shareWad * p.staticFloorBps) / p.staticShareBps;
            rate.floorWad = FixedPointMathLib.min(rate.floorWad, WAD);
        }
    }

    /// @notice Static charge of a short option: max(share * S - out of the money, floor * S) per unit.
    function shortLossE12(
        StaticRate memory rate,
        uint256 spotE8,
        uint256 strikeE8,
        bool isCall,
        int256 sizeE8
    ) internal pure returns (uint256) {
        // shares at most 1e18 (60 bits), prices 64 bits, size 127 bits: 251 bits.
        unchecked {
            uint256 creditE8 =
                isCall
                    ? FixedPointMathLib.zeroFloorSub(strikeE8, spotE8)
                    : FixedPointMathLib.zeroFloorSub(spotE8, strikeE8);
            uint256 chargeE26 = FixedPointMathLib.zeroFloorSub(rate.shareWad * spotE8, creditE8 * WAD);
            chargeE26 = FixedPointMathLib.max(chargeE26, rate.floorWad * spotE8);
            return _divUp(chargeE26 * FixedPointMathLib.abs(sizeE8), SHARE_VALUE_TO_E12);
        }
    }

    /// @notice Static charge of a future: share * F per unit.
    function futureLossE12(
        StaticRate memory rate,
        uint256 forwardE8,
        int256 sizeE8
    ) internal pure returns (uint256) {
        uint256 size = FixedPointMathLib.abs(sizeE8);
        return FixedPointMathLib.fullMulDivUp(rate.shareWad * forwardE8, size, SHARE_VALUE_TO_E12);
    }

    /// @notice Notional in USD * 1e6, rounded up, of a quantity at a price.
    function notionalUpE6(uint256 sizeE8, uint256 priceE8) internal pure returns (uint256) {
        unchecked {
            return _divUp(sizeE8 * priceE8, PRICE_SIZE_TO_USD_E6);
        }
    }

    /// @notice A share of an amount, rounded up.
    function shareUp(uint256 amount, uint256 shareBps) internal pure returns (uint256) {
        unchecked {
            return _divUp(amount * shareBps, BPS);
        }
    }

    /// @notice shortMinimum * S * (net short calls + net short puts).
    function shortMinimumE6(
        uint256 spotE8,
        int256 netCallsE8,
        int256 netPutsE8,
        uint256 minimumBps
    ) internal pure returns (uint256) {
        // Net sizes are sums of at most 2^16 sizes.
        unchecked {
            uint256 shortE8 = netCallsE8 < 0 ? uint256(-netCallsE8) : 0;
            if (netPutsE8 < 0) shortE8 += uint256(-netPutsE8);
            return shareUp(notionalUpE6(shortE8, spotE8), minimumBps);
        }
    }

    /// @notice gross * min(cap, charge * (gross - free) / max(free, 1 USD)) beyond free = freeDepth * max(depth, open interest).
    function concentrationE6(
        uint256 grossE6,
        uint256 depthUsd,
        uint256 openInterestUsd,
        MarketMarginParams memory p
    ) internal pure returns (uint256) {
        // 40-bit depths, 32-bit share; gross below 2^180, charge below 2^16: the excess fits 2^216.
        unchecked {
            uint256 freeE6 =
                (FixedPointMathLib.max(depthUsd, openInterestUsd) * USD_E6 * p.freeDepthBps) / BPS;
            if (grossE6 <= freeE6) return 0;
            uint256 excess = FixedPointMathLib.fullMulDivUp(
                grossE6 - freeE6,
                uint256(p.concentrationBps) * WAD,
                FixedPointMathLib.max(freeE6, USD_E6) * BPS
            );
            uint256 chargeWad = FixedPointMathLib.min(excess, p.concentrationCapBps * BPS_TO_WAD);
            return FixedPointMathLib.fullMulDivUp(grossE6, chargeWad, WAD);
        }
    }

    /// @notice loss * min(cap, rate * hours beyond the heartbeat).
    function stalenessE6(
        uint256 lossE6,
        uint256 ageSeconds,
        uint256 heartbeatSeconds,
        uint256 bpsPerHour,
        uint256 capBps
    ) internal pure returns (uint256) {
        // Ages are below 2^40 s.
        unchecked {
            uint256 late = FixedPointMathLib.zeroFloorSub(ageSeconds, heartbeatSeconds);
            uint256 rate = FixedPointMathLib.min(late * bpsPerHour, capBps * 1 hours);
            return _divUp(lossE6 * rate, BPS * 1 hours);
        }
    }

    /// @notice gross * multiple * max(0, value - tolerance), all shares in bps.
    function excessChargeE6(
        uint256 grossE6,
        uint256 valueBps,
        uint256 toleranceBps,
        uint256 multipleBps
    ) internal pure returns (uint256) {
        // 180 bits * 16 bits * 32 bits.
        unchecked {
            uint256 excess = FixedPointMathLib.zeroFloorSub(valueBps, toleranceBps);
            return _divUp(grossE6 * excess * multipleBps, BPS * BPS);
        }
    }

    /// @dev a + b - 1 cannot overflow: every dividend above is below 2^252.
    function _divUp(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return (a + b - 1) / b;
        }
    }
}
