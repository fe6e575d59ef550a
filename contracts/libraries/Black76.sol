// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {CDF_OFFSET, NormalCdf, NormalTable} from "./NormalCdf.sol";

/// @title Black76: undiscounted option prices as shares of the forward
/// @notice Prices a call; a put follows by parity (put = call - (node - K/F)). Error at most 2e-10 * (node + K/F) plus 1e-11, where
/// node = e^return. Sources: Black (1976), eq. 16. Total: any strike, deviation and return within the documented ranges.
library Black76 {
    uint256 internal constant WAD = 1e18;
    /// Beyond these moneyness bounds a call is priced as at the bound; a put's own strike enters by parity.
    uint256 internal constant MIN_RATIO_WAD = 1e4;
    uint256 internal constant MAX_RATIO_WAD = WAD << 20;
    uint256 internal constant ONE_Q40 = 1 << 40;
    int256 internal constant ONE_Q60 = 1 << 60;
    /// Bounds of the deviation, 1e-9 and 256, with 60 fractional bits: the floor spares a branch at tau = 0.
    uint256 internal constant MIN_DEVIATION_Q60 = 1_152_921_505;
    uint256 internal constant MAX_DEVIATION_Q60 = 256 << 60;

    /// @notice K/F of a strike and a forward (at least 1), both in USD * 1e8, within the bounds above; and its logarithm.
    function moneyness(
        uint256 strikeE8,
        uint256 forwardE8
    ) internal pure returns (uint256 ratioQ40, int256 logWad, int256 logQ60) {
        // strikeE8 fits 64 bits, so the product fits; the bounded ratio is below 2^80, so it may shift by 40.
        unchecked {
            uint256 ratioWad = (strikeE8 * WAD) / forwardE8;
            if (ratioWad < MIN_RATIO_WAD) ratioWad = MIN_RATIO_WAD;
            if (ratioWad > MAX_RATIO_WAD) ratioWad = MAX_RATIO_WAD;
            ratioQ40 = (ratioWad << 40) / WAD;
            logWad = FixedPointMathLib.lnWad(int256(ratioWad));
            logQ60 = toQ60(logWad);
        }
    }

    /// @notice What a strike's price needs at one standard deviation of log return (60 fractional bits, bounded here):
    /// d1 + 8 = (return * inverse + intercept) >> 80, d2 = d1 - deviation.
    /// @return inverseQ55 1 / sd
    /// @return interceptQ115 sd / 2 - ln(K/F) / sd + 8
    /// @return deviationQ35 sd
    function terms(
        int256 logQ60,
        uint256 sdQ60
    ) internal pure returns (uint256 inverseQ55, int256 interceptQ115, uint256 deviationQ35) {
        // sd in [2^30, 2^68]: the inverse is below 2^85, |log| below 2^66, so every product fits 2^152.
        unchecked {
            if (sdQ60 < MIN_DEVIATION_Q60) sdQ60 = MIN_DEVIATION_Q60;
            if (sdQ60 > MAX_DEVIATION_Q60) sdQ60 = MAX_DEVIATION_Q60;
            inverseQ55 = (1 << 115) / sdQ60;
            interceptQ115 = int256((sdQ60 << 54) + (CDF_OFFSET << 80)) - logQ60 * int256(inverseQ55);
            deviationQ35 = sdQ60 >> 25;
        }
    }

    /// @notice Call price and delta term at a node, as shares of the forward with 80 fractional bits.
    /// @param returnQ60 log return of the node, within +-2^66
    /// @param growthQ40 e^return
    /// @return callQ80 growth * Phi(d1) - K/F * Phi(d2); not floored, so it may be below zero by the table's error
    /// @return deltaQ80 growth * Phi(d1), the derivative of the call by the return
    function price(
        NormalTable table,
        uint256 ratioQ40,
        uint256 inverseQ55,
        int256 interceptQ115,
        uint256 deviationQ35,
        int256 returnQ60,
        uint256 growthQ40
    ) internal pure returns (int256 callQ80, uint256 deltaQ80) {
        // |return| and |log| below 2^66 and the inverse below 2^85 keep the sum below 2^153; growth and ratio are below 2^62.
        unchecked {
            int256 x = (returnQ60 * int256(inverseQ55) + interceptQ115) >> 80;
            uint256 first = growthQ40 * NormalCdf.phi(table, x);
            uint256 second = ratioQ40 * NormalCdf.phi(table, x - int256(deviationQ35));
            callQ80 = int256(first) - int256(second);
            deltaQ80 = first;
        }
    }

    /// @notice A number with 18 decimals as one with 60 fractional bits.
    function toQ60(int256 xWad) internal pure returns (int256) {
        // Every caller's number is below 2^190.
        unchecked {
            return (xWad * ONE_Q60) / int256(WAD);
        }
    }
}
