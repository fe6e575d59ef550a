// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReportHead} from "../types/KeeperTypes.sol";
import {RiskReport} from "../types/RiskReport.sol";

/// @title KeeperSlashing: proofs that a keeper lied
/// @notice Anyone may prove; the caller gets the prover's part. A proof seen in the pool can be copied and the part taken by someone else:
/// the keeper is slashed all the same. Provers who mind send privately.
interface IKeeperSlashing {
    event EquivocationProven(
        address indexed reportKey,
        bytes32 indexed configDigest,
        uint64 epoch,
        uint32 round,
        uint256 slashedUnits
    );
    event WrongSpotProven(
        address indexed reportKey,
        bytes32 indexed configDigest,
        uint64 epoch,
        uint32 round,
        uint16 market,
        uint256 slashedUnits
    );

    error DifferentRounds(bytes32 firstDigest, bytes32 secondDigest, uint256 firstRound, uint256 secondRound);
    error SameReport(bytes32 hash);
    error DifferentSigners(address first, address second);
    error BadMarketIndex(uint256 index, uint256 count);
    error NoFeed(uint16 market);
    error ProofTooLate(uint256 observedAt, uint256 oldestAllowed);
    /// @notice The round began after the observation, or the next one began no later than it.
    error RoundNotInForce(uint80 roundId, uint256 startedAt, uint256 observedAt, uint256 nextAt);
    error RoundIncomplete(uint80 roundId);
    error RoundStale(uint80 roundId, uint256 updatedAt, uint256 observedAt);
    error FeedInvalid(uint16 market, int256 answer, uint256 decimals);
    error SpotInsideBand(uint16 market, uint256 spotE8, uint256 minE8, uint256 maxE8);
    error NobodyToSlash(bytes32 reportHash);
    error UnbondingTooShort(uint256 unbondingSeconds, uint256 minSeconds);

    /// @notice One key signed two different reports for one epoch and round of one configuration: its whole stake goes.
    function proveEquivocation(
        ReportHead calldata first,
        bytes calldata firstSignature,
        ReportHead calldata second,
        bytes calldata secondSignature
    ) external;

    /// @notice A signed spot lay outside the band around the feed's round in force at the observation and around the next: every signer
    /// given loses a part of its stake, once for a round of reports.
    /// @param signatures Of keepers of the report's configuration; any number, in any order.
    /// @param marketIndex Position in the report of the market whose spot was wrong.
    /// @param roundId The feed's round in force at observedAt; the next one must have begun later.
    function proveWrongSpot(
        RiskReport calldata report,
        bytes[] calldata signatures,
        uint256 marketIndex,
        uint80 roundId
    ) external;
}
