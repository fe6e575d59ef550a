// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {IScenarioStore} from "../interfaces/IScenarioStore.sol";
import {Book, Collateral} from "../types/Book.sol";
import {PositionSort} from "../libraries/PositionSort.sol";
import {BPS, PRICE_SIZE_TO_USD_E6} from "../types/Constants.sol";
import {MarginModel} from "../types/MarginTypes.sol";
import {MarketMarginParams} from "../types/RiskParams.sol";
import {SmileWord} from "../types/RiskReport.sol";
import {SliceTerms} from "./SliceTerms.sol";
import {ScenarioSet, TailLoss} from "./TailLoss.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @title BookLoader: a book's markets with their parameters and market data
library BookLoader {
    /// Where a position's word holds its market, and the width of a market id.
    uint256 private constant MARKET_SHIFT = 240;
    uint256 private constant MARKET_BITS = 16;
    /// Size of MarketRisk: 23 words.
    uint256 private constant MARKET_BYTES = 0x2e0;
    uint256 private constant E8 = 1e8;
    uint256 private constant E9 = 1e9;
    uint256 private constant DAY = 1 days;
    uint256 private constant WAD = 1e18;
    /// Largest collateral quantity that counts, so that no later product overflows.
    uint256 private constant MAX_QUANTITY = type(uint128).max;

    /// @notice Sorts the book's positions in place and fills the risk book's markets, in rising order of market id.
    /// @param forced the model of every market when `force` is set; a market without parameters stays static
    function load(
        RiskBook memory risk,
        Book memory book,
        IRiskOracle oracle,
        bool force,
        MarginModel forced
    ) internal view {
        risk.positions = PositionSort.sort(book.positions);
        risk.cashE6 = book.cashE6;
        _findMarkets(risk, book.collateral);
        for (uint256 i; i < risk.markets.length; ++i) {
            MarketRisk memory m = risk.markets[i];
            _configure(risk, m, force, forced);
            _observe(risk, m, oracle);
            risk.scaleE6 = FixedPointMathLib.saturatingAdd(risk.scaleE6, _grossBoundE6(risk, m));
        }
        if (risk.scaleE6 == 0) risk.scaleE6 = 1;
        risk.spans = SliceTerms.allocateSpans(risk.positions.length);
    }

    /// @dev Merges the markets of the sorted positions with those of the collateral.
    function _findMarkets(RiskBook memory risk, Collateral[] memory collateral) private pure {
        uint256 length = risk.positions.length;
        // One mark per market: the index of its first position above the market's 16 bits.
        uint256[] memory marks = new uint256[](length + collateral.length);
        uint256 count = _markMarkets(risk.positions, marks);
        // Counters stay below the lengths the loops check.
        unchecked {
            for (uint256 i; i < collateral.length; ++i) {
                uint256 id = collateral[i].market;
                if (_indexOf(marks, count, id) == count) marks[count++] = (length << MARKET_BITS) | id;
            }
            risk.markets = _allocate(count);
            for (uint256 i; i < count; ++i) {
                MarketRisk memory m = risk.markets[i];
                m.id = uint16(marks[i]);
                m.first = marks[i] >> MARKET_BITS;
                m.end = i + 1 < count ? marks[i + 1] >> MARKET_BITS : length;
            }
            for (uint256 i; i < collateral.length; ++i) {
                MarketRisk memory m = risk.markets[_indexOf(marks, count, collateral[i].market)];
                uint256 quantityE8 = FixedPointMathLib.saturatingAdd(
                    m.collateralE8,
                    collateral[i].quantityE8
                );
                m.collateralE8 = FixedPointMathLib.min(quantityE8, MAX_QUANTITY);
            }
        }
    }

    /// @dev Marks each market of the sorted words; returns their number.
    function _markMarkets(
        uint256[] memory words,
        uint256[] memory marks
    ) private pure returns (uint256 count) {
        // Reads the words and writes at most as many marks.
        assembly ("memory-safe") {
            let mark := add(marks, 0x20)
            let word := add(words, 0x20)
            let length := mload(words)
            let last := not(0)
            for {
                let i := 0
            } lt(i, length) {
                i := add(i, 1)
            } {
                let id := shr(MARKET_SHIFT, mload(word))
                if xor(id, last) {
                    last := id
                    mstore(mark, or(shl(MARKET_BITS, i), id))
                    mark := add(mark, 0x20)
                }
                word := add(word, 0x20)
            }
            count := shr(5, sub(sub(mark, marks), 0x20))
        }
    }

    /// @dev Markets with every word zero. Their structs and arrays (params, smiles, staticRate) have no memory of their own: each is
    /// assigned before it is read.
    function _allocate(uint256 count) private pure returns (MarketRisk[] memory markets) {
        // Reserves the array and the structs behind it; what lies beyond the call data reads as zero.
        assembly ("memory-safe") {
            markets := mload(0x40)
            mstore(markets, count)
            let word := add(markets, 0x20)
            let m := add(word, shl(5, count))
            let size := mul(count, MARKET_BYTES)
            calldatacopy(m, calldatasize(), size)
            mstore(0x40, add(m, size))
            for {
                let end := m
            } lt(word, end) {
                word := add(word, 0x20)
            } {
                mstore(word, m)
                m := add(m, MARKET_BYTES)
            }
        }
    }

    function _indexOf(uint256[] memory marks, uint256 count, uint256 id) private pure returns (uint256 i) {
        unchecked {
            while (i < count && uint16(marks[i]) != id) ++i;
        }
    }

    /// @dev The market's parameters and model. Without parameters: the static model at the whole notional.
    function _configure(
        RiskBook memory risk,
        MarketRisk memory m,
        bool force,
        MarginModel forced
    ) private pure {
        MarketMarginParams[] memory all = risk.params.markets;
        uint256 i;
        unchecked {
            while (i < all.length && all[i].market != m.id) ++i;
        }
        m.paramsIndex = i;
        if (i == all.length) {
            MarketMarginParams memory whole;
            whole.staticShareBps = uint16(BPS);
            whole.staticFloorBps = uint16(BPS);
            m.params = whole;
            m.model = MarginModel.Static;
            return;
        }
        m.params = all[i];
        m.model = force ? forced : all[i].model;
        if (risk.fallbackToStatic) m.model = MarginModel.Static;
    }

    /// @notice Loads the joint scenario set when a model asks for it. A market it does not hold takes the stress model; without any stress
    /// scenario that one would charge nothing, so the static model stands in.
    function resolveModels(RiskBook memory risk, ScenarioSet memory set, IScenarioStore store) internal view {
        bool loaded;
        for (uint256 i; i < risk.markets.length; ++i) {
            MarketRisk memory m = risk.markets[i];
            if (m.model == MarginModel.Tail || m.model == MarginModel.Default) {
                if (!loaded) {
                    (address pointer, uint256 totalWeight) = store.inForce();
                    TailLoss.load(set, pointer, totalWeight);
                }
                loaded = true;
                if (!TailLoss.holds(set, m.id)) m.model = MarginModel.Stress;
            }
            if (m.model == MarginModel.Stress && risk.params.stress.length == 0) m.model = MarginModel.Static;
        }
    }

    /// @dev The market's posted state, and its volatilities over the horizon.
    function _observe(RiskBook memory risk, MarketRisk memory m, IRiskOracle oracle) private view {
        // The id came from 16 bits.
        (m.word, m.smiles) = oracle.marketState(uint16(m.id));
        m.spotE8 = FixedPointMathLib.max(m.word.spotE8(), 1);
        // 32-bit fields: sigma and psi below 5, the horizon below 2^32 s, so every product fits 2^128.
        unchecked {
            uint256 rootDaysWad = FixedPointMathLib.sqrt((risk.params.horizonSeconds * WAD * WAD) / DAY);
            m.stepQ60 = ((m.word.sigmaE9() * rootDaysWad) << 60) / (E9 * WAD);
            m.volStepWad = (m.word.psiE9() * rootDaysWad) / E9;
        }
    }

    /// @dev At least sum |size| * max(S, F) * max(1, D) + collateral at spot, rounded up; also leaves the sum of |size|.
    function _grossBoundE6(RiskBook memory risk, MarketRisk memory m) private pure returns (uint256) {
        // Sizes below 2^127 each and fewer than 2^32 of them, price bound below 2^(64 + 7 + 3): the sums fit 2^240.
        unchecked {
            uint256 ratioE8 = E8;
            uint256 discountE9 = E9;
            SmileWord[] memory smiles = m.smiles;
            for (uint256 i; i < smiles.length; ++i) {
                SmileWord smile = smiles[i];
                ratioE8 = FixedPointMathLib.max(ratioE8, smile.forwardRatioE8());
                discountE9 = FixedPointMathLib.max(discountE9, smile.discountE9());
            }
            uint256 boundE8 = ((m.spotE8 * ratioE8 * discountE9) / (E8 * E9)) + 1;
            m.grossE8 = _sumOfSizes(risk.positions, m.first, m.end);
            return (m.grossE8 * boundE8 + m.collateralE8 * m.spotE8) / PRICE_SIZE_TO_USD_E6 + 1;
        }
    }

    /// @dev Sum of |size| of the positions [first, end).
    function _sumOfSizes(
        uint256[] memory words,
        uint256 first,
        uint256 end
    ) private pure returns (uint256 sum) {
        // Reads words of the array only. A size is the low 128 bits in two's complement: x xor sign - sign is its absolute value.
        assembly ("memory-safe") {
            let word := add(add(words, 0x20), shl(5, first))
            for {
                let last := add(add(words, 0x20), shl(5, end))
            } lt(word, last) {
                word := add(word, 0x20)
            } {
                let size := signextend(15, mload(word))
                let sign := sar(255, size)
                sum := add(sum, sub(xor(size, sign), sign))
            }
        }
    }
}
