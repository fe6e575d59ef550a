// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPriceGuard} from "../interfaces/IPriceGuard.sol";
import {BPS} from "../types/Constants.sol";
import {FeedReader} from "./FeedReader.sol";

/// @title PriceGuard: compares posted spots with Chainlink feeds and watches the L2 sequencer
/// @notice The oracle is one, so that a report pays for no call to it; by itself it says what the oracle would say of a spot.
contract PriceGuard is IPriceGuard {
    /// Chainlink's answer of a sequencer feed while the sequencer is up.
    int256 internal constant SEQUENCER_UP = 0;
    /// Chainlink answers fit 192 bits; with at most this many decimals no scaling below overflows.
    int256 internal constant MAX_ANSWER = type(int192).max;
    uint256 internal constant MAX_FEED_DECIMALS = 36;
    uint256 internal constant SPOT_DECIMALS = 8;

    /// @inheritdoc IPriceGuard
    function requireSequencer(address feed, uint256 graceSeconds) public view {
        if (feed == address(0)) return;
        (bool answered, FeedReader.Round memory round) = FeedReader.latestRound(feed);
        if (!answered) revert SequencerUnavailable(feed);
        // A round that has not started says nothing about the sequencer.
        if (round.answer != SEQUENCER_UP || round.startedAt == 0) {
            revert SequencerDown(round.answer, round.startedAt);
        }
        uint256 usableFrom = Math.saturatingAdd(round.startedAt, graceSeconds);
        if (block.timestamp < usableFrom) revert SequencerGracePeriod(round.startedAt, usableFrom);
    }

    /// @inheritdoc IPriceGuard
    function requireWithinBand(
        uint16 market,
        uint256 spotE8,
        address feed,
        uint256 bandBps,
        uint256 heartbeatSeconds
    ) public view {
        uint256 priceE8 = _freshPriceE8(market, feed, heartbeatSeconds);
        // Rounded into the band.
        uint256 minE8 = Math.ceilDiv(priceE8 * (BPS - bandBps), BPS);
        uint256 maxE8 = (priceE8 * (BPS + bandBps)) / BPS;
        if (spotE8 < minE8 || spotE8 > maxE8) revert PriceOutsideBand(market, spotE8, minE8, maxE8);
    }

    function _freshPriceE8(
        uint16 market,
        address feed,
        uint256 heartbeatSeconds
    ) private view returns (uint256) {
        (bool answered, FeedReader.Round memory round) = FeedReader.latestRound(feed);
        if (!answered) revert FeedUnavailable(market, feed);
        if (round.answer <= 0 || round.answer > MAX_ANSWER) revert FeedInvalid(market, round.answer);
        uint256 oldestAllowed = Math.saturatingSub(block.timestamp, heartbeatSeconds);
        if (round.updatedAt < oldestAllowed) revert FeedStale(market, round.updatedAt, oldestAllowed);
        uint256 decimals;
        (answered, decimals) = FeedReader.decimals(feed);
        if (!answered) revert FeedUnavailable(market, feed);
        if (decimals > MAX_FEED_DECIMALS) revert FeedDecimalsOutOfBounds(market, decimals, MAX_FEED_DECIMALS);
        // The answer is positive.
        uint256 price = uint256(round.answer);
        return
            decimals > SPOT_DECIMALS
                ? price / 10 ** (decimals - SPOT_DECIMALS)
                : price * 10 ** (SPOT_DECIMALS - decimals);
    }
}
