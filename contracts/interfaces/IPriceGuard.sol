// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PriceGuard: an independent price feed's veto over posted spots
interface IPriceGuard {
    error PriceOutsideBand(uint16 market, uint256 spotE8, uint256 minE8, uint256 maxE8);
    error FeedStale(uint16 market, uint256 updatedAt, uint256 oldestAllowed);
    error FeedInvalid(uint16 market, int256 answer);
    error SequencerDown();
    error SequencerGracePeriod(uint256 upSince, uint256 usableFrom);

    /// @notice Reverts when the L2 sequencer is down or in its grace period. No feed configured: returns.
    function requireSequencer() external view;
    /// @notice Reverts when the spot leaves the band around the market's feed, or the feed is stale. No feed configured: returns.
    function requireWithinBand(uint16 market, uint256 spotE8) external view;
}
