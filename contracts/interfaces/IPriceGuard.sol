// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PriceGuard: an independent price feed's veto over posted spots
/// @notice Holds no state: the caller passes what governance set in OracleParams, which it has read already.
interface IPriceGuard {
    /// @notice The spot is too far from the feed's price; both bounds belong to the band.
    error PriceOutsideBand(uint16 market, uint256 spotE8, uint256 minE8, uint256 maxE8);
    /// @notice The feed's last answer is older than its heartbeat.
    error FeedStale(uint16 market, uint256 updatedAt, uint256 oldestAllowed);
    /// @notice The feed's answer is no price.
    error FeedInvalid(uint16 market, int256 answer);
    /// @notice The feed has more decimals than a price is scaled by.
    error FeedDecimalsOutOfBounds(uint16 market, uint256 decimals, uint256 max);
    /// @notice The feed reverts, has no code or answers with too few words.
    error FeedUnavailable(uint16 market, address feed);
    /// @notice Up is answer 0 of a round that has started.
    error SequencerDown(int256 answer, uint256 startedAt);
    /// @notice The sequencer feed reverts, has no code or answers with too few words.
    error SequencerUnavailable(address feed);
    /// @notice The sequencer has been up for less than the grace period.
    error SequencerGracePeriod(uint256 upSince, uint256 usableFrom);

    /// @notice Reverts when the L2 sequencer is down or in its grace period. Feed zero: returns.
    function requireSequencer(address feed, uint256 graceSeconds) external view;
    /// @notice Reverts when the spot leaves the band around the feed's price, or when the feed is stale or invalid.
    /// @param market Names the market in errors.
    /// @param bandBps At most 1e4.
    function requireWithinBand(
        uint16 market,
        uint256 spotE8,
        address feed,
        uint256 bandBps,
        uint256 heartbeatSeconds
    ) external view;
}
