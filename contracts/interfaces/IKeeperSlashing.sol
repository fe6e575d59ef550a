// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReportHead} from "../types/KeeperTypes.sol";
import {RiskReport} from "../types/RiskReport.sol";
import {IKeeperRegistry} from "./IKeeperRegistry.sol";
import {IKeeperStaking} from "./IKeeperStaking.sol";
import {IRiskConfig} from "./IRiskConfig.sol";
import {IRiskOracle} from "./IRiskOracle.sol";

/// @title KeeperSlashing: proofs that a keeper lied
/// @notice Anyone may prove; the caller gets the prover's part. A proof seen in the pool can be copied and the part taken by someone else:
/// the keeper is slashed all the same. Provers who mind send privately. A key answers while it counts and for PROOF_WINDOW after.
interface IKeeperSlashing {
    /// @notice One key signed two reports for one round, and the stake behind it is gone.
    event EquivocationProven(
        address indexed reportKey,
        bytes32 indexed configDigest,
        uint64 epoch,
        uint32 round,
        uint256 slashedUnits
    );
    /// @notice A key signed a spot that no round of the feed about that time bears out; one event for each signer.
    event WrongSpotProven(
        address indexed reportKey,
        bytes32 indexed configDigest,
        uint64 epoch,
        uint32 round,
        uint16 market,
        uint256 slashedUnits
    );
    /// @notice From now on the feed is known to answer from the aggregator of this phase.
    event PhaseNoted(address indexed feed, uint16 phase);

    /// @notice The two heads are not of one configuration, epoch and round. Rounds are epoch * 2^32 + round.
    error DifferentRounds(bytes32 firstDigest, bytes32 secondDigest, uint256 firstRound, uint256 secondRound);
    /// @notice The two heads are one.
    error SameReport(bytes32 hash);
    /// @notice The two heads were signed by two keys.
    error DifferentSigners(address first, address second);
    /// @notice The key stopped counting so long ago that it may be in other hands: nothing that it signed is proof any more.
    error KeyTooOld(address reportKey, uint256 answersUntil, uint256 timestamp);
    /// @notice The report has no market at this position.
    error BadMarketIndex(uint256 index, uint256 count);
    /// @notice Governance names no feed for the market, or no such market.
    error NoFeed(uint16 market);
    /// @notice The observation is older than PROOF_WINDOW.
    error ProofTooLate(uint256 observedAt, uint256 oldestAllowed);
    /// @notice The oracle's parameters are younger than the span: the keeper may have read those before.
    error RulesTooNew(uint256 setAt, uint256 latestAllowed);
    /// @notice The feed does not answer.
    error FeedUnavailable(address feed);
    /// @notice The first round or the feed's latest one is not of the phase that was noted: see notePhase.
    error WrongPhase(uint80 firstRoundId, uint80 latestRoundId, uint16 noted);
    /// @notice The feed's phase was not noted before the span began (zero: never): see notePhase.
    error PhaseNotKnown(address feed, uint256 notedAt, uint256 latestAllowed);
    /// @notice The first round given began after the span: give an earlier one.
    error SpanBeginsLate(uint80 roundId, uint256 updatedAt, uint256 latestAllowed);
    /// @notice No round of the feed began after the span yet: prove later.
    error SpanNotOver(uint80 latestRoundId, uint256 until);
    /// @notice The feed has no such round.
    error RoundIncomplete(uint80 roundId);
    /// @notice The feed had stopped: more than its heartbeat lies between the round and the next.
    error RoundStale(uint80 roundId, uint256 updatedAt, uint256 nextAt);
    /// @notice The round's answer is no price, or the feed has too many decimals.
    error FeedInvalid(uint16 market, int256 answer, uint256 decimals);
    /// @notice The spot proves nothing: it lies in the band, whose bounds belong to it.
    error SpotInsideBand(uint16 market, uint256 spotE8, uint256 minE8, uint256 maxE8);
    /// @notice None of the signers has stake that this proof can still take.
    error NobodyToSlash(bytes32 reportHash);
    /// @notice Stake must stay bound for longer than proofs are taken.
    error UnbondingTooShort(uint256 unbondingSeconds, uint256 minSeconds);

    /// @notice Part of the stake that two reports for one round cost: all of it.
    function EQUIVOCATION_SHARE_BPS() external view returns (uint256);
    /// @notice Part of the stake that a wrong spot costs each signer.
    function WRONG_SPOT_SHARE_BPS() external view returns (uint256);
    /// @notice How long proofs are taken, seconds: of a wrong spot from its observation on, and against any key from the last second at which it
    /// counts on. Below the least unbonding time, so that who leaves still answers; a key given up longer ago may have been stolen since.
    function PROOF_WINDOW() external view returns (uint256);
    /// @notice A keeper signs within this time of the observation, seconds, before or after it, its node's delay included: what the feed
    /// answered at any time between may have been what it saw. Keepers refuse to run with parameters that would let them sign later.
    function SPOT_SLACK_SECONDS() external view returns (uint256);

    /// @notice Says who signed, and until when a key counts.
    function registry() external view returns (IKeeperRegistry);
    /// @notice Holds what is slashed.
    function staking() external view returns (IKeeperStaking);
    /// @notice The contract that the signatures are for.
    function oracle() external view returns (IRiskOracle);
    /// @notice Names the feeds and their bands.
    function config() external view returns (IRiskConfig);

    /// @notice The phase last noted of a feed, and since when it is known; zeros when none was.
    function phaseOf(address feed) external view returns (uint16 phase, uint40 since);

    /// @notice Notes which aggregator the market's feed answers from; anyone may call. A proxy moved to another aggregator has rounds of it from
    /// before the move, which no keeper saw: only spans after a note can be proven. Needed after each change of a feed; the feeds of the
    /// deployment are noted by it.
    function notePhase(uint16 market) external;

    /// @notice One key signed two different reports for one epoch and round of one configuration: its whole stake goes.
    function proveEquivocation(
        ReportHead calldata first,
        bytes calldata firstSignature,
        ReportHead calldata second,
        bytes calldata secondSignature
    ) external;

    /// @notice A signed spot lay outside the band around every round of the feed that was in force within SPOT_SLACK_SECONDS of the observation:
    /// every signer given loses a part of its stake, once for a round of reports. The band is twice the one in which the oracle takes
    /// reports, and at least 5 %.
    /// @param signatures Of keepers of the report's configuration; any number, in any order.
    /// @param marketIndex Position in the report of the market whose spot was wrong.
    /// @param firstRoundId The feed's round in force when the span begins, or an earlier one; all that follow are read until the span is over.
    function proveWrongSpot(
        RiskReport calldata report,
        bytes[] calldata signatures,
        uint256 marketIndex,
        uint80 firstRoundId
    ) external;
}
