// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {IScenarioStore} from "../interfaces/IScenarioStore.sol";
import {Book, Collateral} from "../types/Book.sol";
import {PositionSort} from "../libraries/PositionSort.sol";
import {BPS, PRICE_SIZE_TO_USD_E6} from "../types/Constants.sol";
import {MarginModel} from "../types/MarginTypes.sol";
import {Position} from "../types/Position.sol";
import {MarketMarginParams} from "../types/RiskParams.sol";
import {ScenarioSet, TailLoss} from "./TailLoss.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @title BookLoader: a book's markets with their parameters and market data
library BookLoader {
    uint256 private constant MARKET_SHIFT = 240;
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
    }

    /// @dev Merges the markets of the sorted positions with those of the collateral.
    function _findMarkets(RiskBook memory risk, Collateral[] memory collateral) private pure {
        uint256[] memory words = risk.positions;
        uint256[] memory ids = new uint256[](words.length + collateral.length);
        uint256 count;
        // Counters stay below the lengths the loops check.
        unchecked {
            for (uint256 i; i < words.length; ++i) {
                uint256 id = words[i] >> MARKET_SHIFT;
                if (count == 0 || ids[count - 1] != id) ids[count++] = id;
            }
            for (uint256 i; i < collateral.length; ++i) {
                if (_indexOf(ids, count, collateral[i].market) == count) ids[count++] = collateral[i].market;
            }
            risk.markets = new MarketRisk[](count);
            uint256 next;
            for (uint256 i; i < count; ++i) {
                MarketRisk memory m = risk.markets[i];
                m.id = ids[i];
                m.first = next;
                while (next < words.length && words[next] >> MARKET_SHIFT == m.id) ++next;
                m.end = next;
            }
            for (uint256 i; i < collateral.length; ++i) {
                MarketRisk memory m = risk.markets[_indexOf(ids, count, collateral[i].market)];
                uint256 quantityE8 = FixedPointMathLib.saturatingAdd(
                    m.collateralE8,
                    collateral[i].quantityE8
                );
                m.collateralE8 = FixedPointMathLib.min(quantityE8, MAX_QUANTITY);
            }
        }
    }

    function _indexOf(uint256[] memory ids, uint256 count, uint256 id) private pure returns (uint256 i) {
        unchecked {
            while (i < count && ids[i] != id) ++i;
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
            m.params.staticShareBps = uint16(BPS);
            m.params.staticFloorBps = uint16(BPS);
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
                if (!loaded) TailLoss.load(set, store.pointer());
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
            for (uint256 i; i < m.smiles.length; ++i) {
                ratioE8 = FixedPointMathLib.max(ratioE8, m.smiles[i].forwardRatioE8());
                discountE9 = FixedPointMathLib.max(discountE9, m.smiles[i].discountE9());
            }
            uint256 boundE8 = ((m.spotE8 * ratioE8 * discountE9) / (E8 * E9)) + 1;
            for (uint256 i = m.first; i < m.end; ++i) {
                m.grossE8 += FixedPointMathLib.abs(Position.wrap(risk.positions[i]).sizeE8());
            }
            return (m.grossE8 * boundE8 + m.collateralE8 * m.spotE8) / PRICE_SIZE_TO_USD_E6 + 1;
        }
    }
}
