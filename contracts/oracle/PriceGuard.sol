// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceGuard} from "../interfaces/IPriceGuard.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {BPS} from "../types/Constants.sol";
import {MarketOracleParams, OracleParams} from "../types/RiskParams.sol";
import {MarketWord} from "../types/RiskReport.sol";

/// @title PriceGuard: compares posted spots with Chainlink feeds and watches the L2 sequencer
contract PriceGuard is IPriceGuard {
    /// Chainlink's answer of a sequencer feed while the sequencer is up.
    int256 internal constant SEQUENCER_UP = 0;
    /// Chainlink answers fit 192 bits; with at most this many decimals no scaling below overflows.
    int256 internal constant MAX_ANSWER = type(int192).max;
    uint256 internal constant MAX_FEED_DECIMALS = 36;
    uint256 internal constant SPOT_DECIMALS = 8;

    IRiskConfig public immutable config;

    constructor(IRiskConfig config_) {
        config = config_;
    }

    /// @inheritdoc IPriceGuard
    function requireSequencer() external view {
        _requireSequencer(config.oracleParams());
    }

    /// @inheritdoc IPriceGuard
    function requireReport(uint256[] calldata marketWords) external view {
        OracleParams memory params = config.oracleParams();
        _requireSequencer(params);
        // Words and parameters both rise by market, so one cursor meets every word.
        uint256 cursor;
        for (uint256 i; i < marketWords.length; ++i) {
            MarketWord word = MarketWord.wrap(marketWords[i]);
            uint16 market = word.market();
            while (cursor < params.markets.length && params.markets[cursor].market != market) ++cursor;
            if (cursor == params.markets.length) revert UnknownMarket(market);
            _requireWithinBand(params.markets[cursor], word.spotE8());
        }
    }

    function _requireSequencer(OracleParams memory params) private view {
        if (params.sequencerFeed == address(0)) return;
        (, int256 answer, uint256 startedAt, , ) = AggregatorV3Interface(params.sequencerFeed)
            .latestRoundData();
        // A round that has not started says nothing about the sequencer.
        if (answer != SEQUENCER_UP || startedAt == 0) revert SequencerDown();
        uint256 usableFrom = Math.saturatingAdd(startedAt, params.sequencerGraceSeconds);
        if (block.timestamp < usableFrom) revert SequencerGracePeriod(startedAt, usableFrom);
    }

    function _requireWithinBand(MarketOracleParams memory params, uint256 spotE8) private view {
        if (params.feed == address(0)) return;
        uint256 priceE8 = _freshPriceE8(params);
        // Rounded into the band.
        uint256 minE8 = Math.ceilDiv(priceE8 * (BPS - params.feedBandBps), BPS);
        uint256 maxE8 = (priceE8 * (BPS + params.feedBandBps)) / BPS;
        if (spotE8 < minE8 || spotE8 > maxE8) revert PriceOutsideBand(params.market, spotE8, minE8, maxE8);
    }

    function _freshPriceE8(MarketOracleParams memory params) private view returns (uint256) {
        AggregatorV3Interface feed = AggregatorV3Interface(params.feed);
        (, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        if (answer <= 0 || answer > MAX_ANSWER) revert FeedInvalid(params.market, answer);
        uint256 oldestAllowed = Math.saturatingSub(block.timestamp, params.feedHeartbeatSeconds);
        if (updatedAt < oldestAllowed) revert FeedStale(params.market, updatedAt, oldestAllowed);
        uint256 decimals = feed.decimals();
        if (decimals > MAX_FEED_DECIMALS) {
            revert FeedDecimalsOutOfBounds(params.market, decimals, MAX_FEED_DECIMALS);
        }
        // answer is positive.
        uint256 price = uint256(answer);
        return
            decimals > SPOT_DECIMALS
                ? price / 10 ** (decimals - SPOT_DECIMALS)
                : price * 10 ** (SPOT_DECIMALS - decimals);
    }
}
