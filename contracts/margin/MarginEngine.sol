// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {IScenarioStore} from "../interfaces/IScenarioStore.sol";
import {MarginMath} from "../libraries/MarginMath.sol";
import {CDF_CODE_HASH, NormalCdf} from "../libraries/NormalCdf.sol";
import {ScenarioGrid, SPOT_NODES, VOL_NODES} from "../libraries/ScenarioGrid.sol";
import {Book} from "../types/Book.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Margin, MarginBreakdown, MarginModel} from "../types/MarginTypes.sol";
import {Position, toPosition} from "../types/Position.sol";
import {BookLoader} from "./BookLoader.sol";
import {Charges} from "./Charges.sol";
import {MarketPricing, Nodes} from "./MarketPricing.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";
import {ParamsReader} from "./ParamsReader.sol";
import {ScenarioSet} from "./TailLoss.sol";

/// @title MarginEngine: reads, prices, charges
contract MarginEngine is IMarginEngine {
    IRiskConfig public immutable riskConfig;
    IRiskOracle public immutable riskOracle;
    IScenarioStore public immutable scenarioStore;
    address public immutable normalTable;

    uint256 private constant SURFACE_BITS = 38;
    /// Size of the position that markE8 values: one unit of underlying.
    int128 private constant ONE_E8 = 1e8;
    int256 private constant E12_TO_E8 = 1e4;

    constructor(
        IRiskConfig riskConfig_,
        IRiskOracle riskOracle_,
        IScenarioStore scenarioStore_,
        address normalTable_
    ) {
        if (normalTable_.codehash != CDF_CODE_HASH) {
            revert WrongNormalTable(normalTable_, normalTable_.codehash, CDF_CODE_HASH);
        }
        riskConfig = riskConfig_;
        riskOracle = riskOracle_;
        scenarioStore = scenarioStore_;
        normalTable = normalTable_;
    }

    /// @inheritdoc IMarginEngine
    function assess(Book memory book) external view returns (Margin memory) {
        return _assess(book, false, MarginModel.Default).margin;
    }

    /// @inheritdoc IMarginEngine
    function breakdown(Book memory book) external view returns (MarginBreakdown memory) {
        return _assess(book, false, MarginModel.Default);
    }

    /// @inheritdoc IMarginEngine
    function breakdownAs(Book memory book, MarginModel model) external view returns (MarginBreakdown memory) {
        return _assess(book, true, model);
    }

    /// @inheritdoc IMarginEngine
    function surface(Book memory book, uint16 market) external view returns (int256[3][] memory pnlE6) {
        RiskBook memory risk = _open();
        BookLoader.load(risk, book, riskOracle, false, MarginModel.Default);
        pnlE6 = new int256[3][](SPOT_NODES);
        for (uint256 k; k < risk.markets.length; ++k) {
            MarketRisk memory m = risk.markets[k];
            if (m.id != market) continue;
            MarketPricing.price(risk, m, Nodes({grid: true, stress: false, staticLoss: false}));
            for (uint256 i; i < SPOT_NODES * VOL_NODES; ++i) {
                (uint256 spot, uint256 vol) = (i / VOL_NODES, i % VOL_NODES);
                int256 pnl = ScenarioGrid.pnl(m.grid, vol, spot, m.baseQ120, m.linearQ40);
                // The scale is below 2^240 and shares below 2^48: a 512-bit product, rounded up when it is a loss.
                uint256 amount = FixedPointMathLib.abs(pnl);
                pnlE6[spot][vol] =
                    pnl < 0
                        ? -int256(FixedPointMathLib.fullMulDivUp(amount, risk.scaleE6, 1 << SURFACE_BITS))
                        : int256(FixedPointMathLib.fullMulDiv(amount, risk.scaleE6, 1 << SURFACE_BITS));
            }
        }
    }

    /// @inheritdoc IMarginEngine
    function markE8(InstrumentId instrument) external view returns (uint256) {
        Position[] memory positions = new Position[](1);
        positions[0] = toPosition(instrument, ONE_E8);
        int256 markE12 = _markToMarketE12(positions);
        return markE12 > 0 ? uint256(markE12 / E12_TO_E8) : 0;
    }

    /// @inheritdoc IMarginEngine
    function markToMarketE6(Position[] memory positions) external view returns (int256) {
        return Charges.floorE6(_markToMarketE12(positions));
    }

    /// @inheritdoc IMarginEngine
    function requireFresh() external view {
        IRiskOracle.Header memory header = riskOracle.header();
        if (header.epoch == 0) revert NoReport();
        uint256 age = _age(header.observedAt);
        uint256 limit = ParamsReader.read(riskConfig).riskIncreaseAgeSeconds;
        if (age > limit) revert ReportTooOld(age, limit);
    }

    /// @dev A book with what does not depend on its positions; reverts when the oracle has no report.
    function _open() private view returns (RiskBook memory risk) {
        IRiskOracle.Header memory header = riskOracle.header();
        if (header.epoch == 0) revert NoReport();
        risk.params = ParamsReader.read(riskConfig);
        risk.table = NormalCdf.load(normalTable);
        risk.observedAt = header.observedAt;
        risk.pegBps = header.pegBps;
        risk.ageSeconds = _age(header.observedAt);
        risk.fallbackToStatic = risk.ageSeconds > risk.params.fallbackAgeSeconds;
    }

    /// @dev Zero for a report observed within the allowed clock drift ahead.
    function _age(uint256 observedAt) private view returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(block.timestamp, observedAt);
    }

    function _markToMarketE12(Position[] memory positions) private view returns (int256 markE12) {
        RiskBook memory risk = _open();
        Book memory book;
        book.positions = positions;
        BookLoader.load(risk, book, riskOracle, false, MarginModel.Default);
        // Marks are below 2^190 each.
        unchecked {
            for (uint256 i; i < risk.markets.length; ++i) {
                MarketPricing.price(
                    risk,
                    risk.markets[i],
                    Nodes({grid: false, stress: false, staticLoss: false})
                );
                markE12 += risk.markets[i].markToMarketE12;
            }
        }
    }

    function _assess(
        Book memory book,
        bool force,
        MarginModel forced
    ) private view returns (MarginBreakdown memory b) {
        RiskBook memory risk = _open();
        b.fallbackToStatic = risk.fallbackToStatic;
        b.worstScenario = type(uint256).max;
        BookLoader.load(risk, book, riskOracle, force, forced);
        ScenarioSet memory set;
        BookLoader.resolveModels(risk, set, scenarioStore);
        for (uint256 i; i < risk.markets.length; ++i) _price(risk, risk.markets[i]);
        Charges.addMarkets(b, risk);
        // Neither positions nor debt: nothing can be lost beyond the collateral itself.
        if (book.positions.length == 0 && book.cashE6 >= 0) return b;
        uint256 lossE6 = b.staticLossE6;
        lossE6 += Charges.addGroup(b, risk, set, MarginModel.Tail);
        lossE6 += Charges.addGroup(b, risk, set, MarginModel.Stress);
        lossE6 += Charges.addGroup(b, risk, set, MarginModel.Default);
        Charges.conclude(b, risk, lossE6);
    }

    /// @dev Prices a market with the nodes of its model.
    function _price(RiskBook memory risk, MarketRisk memory m) private view {
        bool surfaced = m.model == MarginModel.Tail || m.model == MarginModel.Default;
        bool stressed = m.model == MarginModel.Stress || m.model == MarginModel.Default;
        if (m.model == MarginModel.Static) m.staticRate = MarginMath.staticRate(m.params);
        if (m.model == MarginModel.VolatilityScaled)
            m.staticRate = MarginMath.volatilityRate(m.params, m.stepQ60);
        MarketPricing.price(
            risk,
            m,
            Nodes({grid: surfaced, stress: stressed, staticLoss: !surfaced && !stressed})
        );
    }
}
