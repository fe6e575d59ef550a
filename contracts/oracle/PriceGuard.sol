// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceGuard} from "../interfaces/IPriceGuard.sol";
import {BPS} from "../types/Constants.sol";

/// @title PriceGuard: compares posted spots with Chainlink feeds and watches the L2 sequencer
contract PriceGuard is IPriceGuard {
    /// Chainlink's answer of a sequencer feed while the sequencer is up.
    int256 internal constant SEQUENCER_UP = 0;
    /// Chainlink answers fit 192 bits; with at most this many decimals no scaling below overflows.
    int256 internal constant MAX_ANSWER = type(int192).max;
    uint256 internal constant MAX_FEED_DECIMALS = 36;
    uint256 internal constant SPOT_DECIMALS = 8;

    /// @inheritdoc IPriceGuard
    function requireSequencer(address feed, uint256 graceSeconds) external view {
        if (feed == address(0)) return;
        (, int256 answer, uint256 startedAt, , ) = AggregatorV3Interface(feed).latestRoundData();
        // A round that has not started says nothing about the sequencer.
        if (answer != SEQUENCER_UP || startedAt == 0) revert SequencerDown();
        uint256 usableFrom = Math.saturatingAdd(startedAt, graceSeconds);
        if (block.timestamp < usableFrom) revert SequencerGracePeriod(startedAt, usableFrom);
    }

    /// @inheritdoc IPriceGuard
    function requireWithinBand(
        uint16 market,
        uint256 spotE8,
        address feed,
        uint256 bandBps,
        uint256 heartbeatSeconds
    ) external view {
        uint256 priceE8 = _freshPriceE8(market, AggregatorV3Interface(feed), heartbeatSeconds);
        // Rounded into the band.
        uint256 minE8 = Math.ceilDiv(priceE8 * (BPS - bandBps), BPS);
        uint256 maxE8 = (priceE8 * (BPS + bandBps)) / BPS;
        if (spotE8 < minE8 || spotE8 > maxE8) revert PriceOutsideBand(market, spotE8, minE8, maxE8);
    }

    function _freshPriceE8(
        uint16 market,
        AggregatorV3Interface feed,
        uint256 heartbeatSeconds
    ) private view returns (uint256) {
        (, int256 answer, , uint256 updatedAt, ) = feed.latestRoundData();
        if (answer <= 0 || answer > MAX_ANSWER) revert FeedInvalid(market, answer);
        uint256 oldestAllowed = Math.saturatingSub(block.timestamp, heartbeatSeconds);
        if (updatedAt < oldestAllowed) revert FeedStale(market, updatedAt, oldestAllowed);
        uint256 decimals = feed.decimals();
        if (decimals > MAX_FEED_DECIMALS) revert FeedDecimalsOutOfBounds(market, decimals, MAX_FEED_DECIMALS);
        // answer is positive.
        uint256 price = uint256(answer);
        return
            decimals > SPOT_DECIMALS
                ? price / 10 ** (decimals - SPOT_DECIMALS)
                : price * 10 ** (SPOT_DECIMALS - decimals);
    }
}
