// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Black76} from "../libraries/Black76.sol";
import {NormalTable} from "../libraries/NormalCdf.sol";
import {Svi} from "../libraries/Svi.sol";
import {Slice} from "./SliceTerms.sol";

/// @notice One strike of an expiry at the mark: its call and its put share it.
struct StrikeQuote {
    /// Market, expiry and strike, as they stand in a position's word.
    uint256 key;
    /// K/F within Black76's bounds, its logarithm, and the unbounded K/F for the put.
    uint256 ratioQ40;
    int256 logQ60;
    int256 parityQ48;
    /// sqrt(w).
    uint256 deviationQ60;
    /// Its terms at the mark's deviation (see Black76.terms).
    uint256 inverseQ55;
    int256 interceptQ115;
    uint256 deviationQ35;
    /// Call price and its derivative by the return, as shares of the forward; the call is not floored.
    int256 callQ80;
    uint256 deltaQ80;
    /// Sum of the strike's weights, calls and puts.
    int256 weightQ40;
}

/// @title StrikePricing: the mark of a strike from its slice
library StrikePricing {
    uint256 private constant STRIKE_KEY_SHIFT = 136;
    uint256 private constant WAD = 1e18;
    uint256 private constant ONE_Q48 = 1 << 48;
    uint256 private constant Q80_TO_Q48 = 32;

    /// @notice Prices the strike of a position's word at today's forward and smile.
    function open(
        StrikeQuote memory quote,
        NormalTable table,
        Slice memory slice,
        uint256 word
    ) internal pure {
        quote.key = word >> STRIKE_KEY_SHIFT;
        quote.weightQ40 = 0;
        // The strike's 64 bits are the key's low ones.
        uint256 strikeE8 = uint64(quote.key);
        int256 logWad;
        (quote.ratioQ40, logWad, quote.logQ60) = Black76.moneyness(strikeE8, slice.forwardE8);
        // strike 64 bits, forward at least 1; w0 < 2^110 at 18 decimals and the time ratio below 2^100: w < 2^151.
        unchecked {
            quote.parityQ48 = int256((strikeE8 << 48) / slice.forwardE8);
            uint256 varianceQ60 = (Svi.totalVarianceWad(slice.smile, logWad) * slice.timeRatioQ60) / WAD;
            quote.deviationQ60 = FixedPointMathLib.sqrt(varianceQ60 << 60);
        }
        (quote.inverseQ55, quote.interceptQ115, quote.deviationQ35) = Black76.terms(
            quote.logQ60,
            quote.deviationQ60
        );
        (quote.callQ80, quote.deltaQ80) = Black76.price(
            table,
            quote.ratioQ40,
            quote.inverseQ55,
            quote.interceptQ115,
            quote.deviationQ35,
            0,
            Black76.ONE_Q40
        );
    }

    /// @notice Value of one call or put as a share of the discounted forward, floored at zero.
    function unitQ48(StrikeQuote memory quote, bool isCall) internal pure returns (int256 unit) {
        // parity below 2^112.
        unchecked {
            unit = quote.callQ80 >> Q80_TO_Q48;
            if (!isCall) unit += quote.parityQ48 - int256(ONE_Q48);
            if (unit < 0) unit = 0;
        }
    }
}
