// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PriceGuard: an independent price feed's veto over posted spots
interface IPriceGuard {
    error PriceOutsideBand(uint16 market, uint256 spotE8, uint256 minE8, uint256 maxE8);
    error FeedStale(uint16 market, uint256 updatedAt, uint256 oldestAllowed);
    error FeedInvalid(uint16 market, int256 answer);
    error FeedDecimalsOutOfBounds(uint16 market, uint256 decimals, uint256 max);
    /// @notice The market has no oracle parameters.
    error UnknownMarket(uint16 market);
    error SequencerDown();
    error SequencerGracePeriod(uint256 upSince, uint256 usableFrom);

    /// @notice Reverts when the L2 sequencer is down or in its grace period. No feed configured: returns.
    function requireSequencer() external view;
    /// @notice Reverts when the sequencer check fails, or when a spot of the report's market words leaves the band around its market's feed, or
    /// when that feed is stale. A market without a feed is not checked. One call for the whole report, so that the parameters are read once.
    function requireReport(uint256[] calldata marketWords) external view;
}
