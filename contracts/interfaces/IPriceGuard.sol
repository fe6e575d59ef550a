// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PriceGuard: an independent price feed's veto over posted spots
/// @notice Holds no state: the caller passes what governance set in OracleParams, which it has read already.
interface IPriceGuard {
    error PriceOutsideBand(uint16 market, uint256 spotE8, uint256 minE8, uint256 maxE8);
    error FeedStale(uint16 market, uint256 updatedAt, uint256 oldestAllowed);
    error FeedInvalid(uint16 market, int256 answer);
    error FeedDecimalsOutOfBounds(uint16 market, uint256 decimals, uint256 max);
    /// @notice The feed reverts, has no code or answers with too few words.
    error FeedUnavailable(uint16 market, address feed);
    /// @notice Up is answer 0 of a round that has started.
    error SequencerDown(int256 answer, uint256 startedAt);
    error SequencerUnavailable(address feed);
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
