// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Black76} from "../libraries/Black76.sol";
import {MarginMath} from "../libraries/MarginMath.sol";
import {DOWN_VOL, FLAT_VOL, ScenarioGrid, UP_VOL} from "../libraries/ScenarioGrid.sol";
import {PRICE_SIZE_TO_USD_E6} from "../types/Constants.sol";
import {Position} from "../types/Position.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";
import {Slice, SliceTerms} from "./SliceTerms.sol";
import {StressNodes} from "./StressNodes.sol";
import {StrikePricing, StrikeQuote} from "./StrikePricing.sol";

/// @notice Which nodes a market's model asks for.
struct Nodes {
    bool grid;
    bool stress;
    bool staticLoss;
}

/// @title MarketPricing: one walk over a market's sorted positions, pricing each strike once
/// @notice Call and put of one strike share a pricing: put = call - D (F e^r - K), and the linear parts of puts, futures and
/// collateral join in one coefficient per market.
library MarketPricing {
    uint256 private constant STRIKE_KEY_SHIFT = 136;
    uint256 private constant EXPIRY_KEY_SHIFT = 200;
    uint256 private constant KIND_SHIFT = 128;
    uint256 private constant KIND_CALL = 0;
    uint256 private constant KIND_PUT = 1;
    int256 private constant E9 = 1e9;
    /// priceE8 * discountE9 * sizeE8 / this = usdE12.
    int256 private constant VALUE_TO_E12 = 1e13;
    int256 private constant E12_TO_E6 = 1e6;

    /// @notice Prices every position: mark-to-market, net counts, static loss, basis, and the nodes asked for.
    function price(RiskBook memory risk, MarketRisk memory m, Nodes memory nodes) internal view {
        _start(risk, m, nodes);
        Slice memory slice;
        StrikeQuote memory quote;
        // No position has these keys: a key has at most 120 bits.
        slice.key = type(uint256).max;
        quote.key = type(uint256).max;
        uint256[] memory words = risk.positions;
        for (uint256 i = m.first; i < m.end;) {
            uint256 word = words[i];
            if (word >> EXPIRY_KEY_SHIFT != slice.key) {
                _close(risk, m, nodes, slice, quote);
                m.basisQ120 += FixedPointMathLib.abs(slice.deltaQ120);
                SliceTerms.open(slice, risk, m, word);
            }
            uint256 kind = uint8(word >> KIND_SHIFT);
            if (kind > KIND_PUT) {
                _addFuture(risk, m, nodes, slice, Position.wrap(word).sizeE8());
            } else {
                if (word >> STRIKE_KEY_SHIFT != quote.key) {
                    _close(risk, m, nodes, slice, quote);
                    StrikePricing.open(quote, risk.table, slice, word);
                }
                _addOption(risk, m, nodes, slice, quote, word, kind == KIND_CALL);
            }
            unchecked {
                ++i;
            }
        }
        _close(risk, m, nodes, slice, quote);
        m.basisQ120 += FixedPointMathLib.abs(slice.deltaQ120);
    }

    /// @dev Sets up the nodes, with the collateral as the first linear term.
    function _start(RiskBook memory risk, MarketRisk memory m, Nodes memory nodes) private pure {
        if (nodes.grid) m.grid = ScenarioGrid.create(m.stepQ60);
        if (nodes.stress) StressNodes.create(risk, m);
        // quantity and spot below 2^192 together; the book's scale bounds the value, so the weight is at most 2^40.
        unchecked {
            uint256 weight = ((m.collateralE8 * m.spotE8) << 40) / (risk.scaleE6 * PRICE_SIZE_TO_USD_E6);
            m.linearQ40 = int256(weight);
        }
    }

    /// @dev Value in USD * 1e12 as a share of the book's scale with 40 fractional bits.
    function _weight(RiskBook memory risk, int256 valueE12) private pure returns (int256) {
        // |value| < 2^187, at most scaleE6 * 1e6, which is positive and below 2^228.
        unchecked {
            return (valueE12 << 40) / (int256(risk.scaleE6) * E12_TO_E6);
        }
    }

    function _addFuture(
        RiskBook memory risk,
        MarketRisk memory m,
        Nodes memory nodes,
        Slice memory slice,
        int256 sizeE8
    ) private pure {
        // forward < 2^70 and size < 2^127 at discount 1e9; weights are bounded by the scale.
        unchecked {
            int256 valueE12 = (sizeE8 * int256(slice.forwardE8) * E9) / VALUE_TO_E12;
            int256 weight = _weight(risk, valueE12);
            m.linearQ40 += weight;
            slice.deltaQ120 += weight << 80;
            m.markToMarketE12 += valueE12;
            if (nodes.staticLoss)
                m.staticLossE12 += MarginMath.futureLossE12(m.staticRate, slice.forwardE8, sizeE8);
        }
    }

    function _addOption(
        RiskBook memory risk,
        MarketRisk memory m,
        Nodes memory nodes,
        Slice memory slice,
        StrikeQuote memory quote,
        uint256 word,
        bool isCall
    ) private pure {
        int256 sizeE8 = Position.wrap(word).sizeE8();
        // |size * forward * discount| < 2^229; value * unit < 2^230 because unit <= 1 + K/F; sums of at most 2^16 positions fit.
        unchecked {
            int256 valueE12 = (sizeE8 * int256(slice.forwardE8 * slice.discountE9)) / VALUE_TO_E12;
            int256 weight = _weight(risk, valueE12);
            quote.weightQ40 += weight;
            if (isCall) {
                m.netCallsE8 += sizeE8;
            } else {
                m.netPutsE8 += sizeE8;
                m.linearQ40 -= weight;
                slice.deltaQ120 -= weight << 80;
            }
            int256 markE12 = (valueE12 * StrikePricing.unitQ48(quote, isCall)) >> 48;
            m.markToMarketE12 += markE12;
            if (!nodes.staticLoss) return;
            m.staticLossE12 +=
                sizeE8 < 0
                    ? MarginMath.shortLossE12(m.staticRate, m.spotE8, uint64(quote.key), isCall, sizeE8)
                    : uint256(markE12);
        }
    }

    /// @dev Adds the strike at hand, with the sum of its weights, to the market's nodes.
    function _close(
        RiskBook memory risk,
        MarketRisk memory m,
        Nodes memory nodes,
        Slice memory slice,
        StrikeQuote memory quote
    ) private pure {
        int256 weight = quote.weightQ40;
        if (weight == 0) return;
        quote.weightQ40 = 0;
        // |weight| <= 2^40, |call| < 2^82 at the mark, delta <= 2^80.
        unchecked {
            m.baseQ120 += weight * quote.callQ80;
            slice.deltaQ120 += weight * int256(quote.deltaQ80);
        }
        if (nodes.grid) _addToGrid(risk, m, slice, quote, weight);
        if (nodes.stress) StressNodes.add(risk, m, slice, quote, weight);
    }

    function _addToGrid(
        RiskBook memory risk,
        MarketRisk memory m,
        Slice memory slice,
        StrikeQuote memory quote,
        int256 weight
    ) private pure {
        _addColumn(risk, m, quote, weight, DOWN_VOL, slice.downQ60);
        _addColumn(risk, m, quote, weight, UP_VOL, slice.upQ60);
        ScenarioGrid.accumulate(
            m.grid,
            FLAT_VOL,
            risk.table,
            quote.ratioQ40,
            quote.inverseQ55,
            quote.interceptQ115,
            quote.deviationQ35,
            weight
        );
    }

    function _addColumn(
        RiskBook memory risk,
        MarketRisk memory m,
        StrikeQuote memory quote,
        int256 weight,
        uint256 volNode,
        uint256 factorQ60
    ) private pure {
        uint256 sdQ60;
        // deviation below 2^106 (w0 < 2^110 at 18 decimals, time scale < 2^81), factor below 2^63.
        unchecked {
            sdQ60 = (quote.deviationQ60 * factorQ60) >> 60;
        }
        (uint256 inverse, int256 intercept, uint256 deviation) = Black76.terms(quote.logQ60, sdQ60);
        ScenarioGrid.accumulate(
            m.grid,
            volNode,
            risk.table,
            quote.ratioQ40,
            inverse,
            intercept,
            deviation,
            weight
        );
    }
}
