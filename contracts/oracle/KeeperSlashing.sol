// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IKeeperSlashing} from "../interfaces/IKeeperSlashing.sol";
import {IKeeperStaking} from "../interfaces/IKeeperStaking.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {ReportHash} from "../libraries/ReportHash.sol";
import {BPS} from "../types/Constants.sol";
import {ReportHead} from "../types/KeeperTypes.sol";
import {MarketOracleParams, OracleParams} from "../types/RiskParams.sol";
import {MarketWord, RiskReport} from "../types/RiskReport.sol";
import {FeedReader} from "./FeedReader.sol";

/// @title KeeperSlashing
contract KeeperSlashing is IKeeperSlashing {
    /// @inheritdoc IKeeperSlashing
    uint256 public constant EQUIVOCATION_SHARE_BPS = BPS;
    /// @inheritdoc IKeeperSlashing
    uint256 public constant WRONG_SPOT_SHARE_BPS = 1_000;
    /// @inheritdoc IKeeperSlashing
    uint256 public constant PROOF_WINDOW = 7 days;
    /// @inheritdoc IKeeperSlashing
    uint256 public constant SPOT_SLACK_SECONDS = 60;
    /// The band of a proof is this multiple of the band in which reports are accepted, and at least the floor: a proof shows a lie, not a spot
    /// at the band's edge.
    uint256 internal constant BAND_MULTIPLE = 2;
    uint256 internal constant MIN_BAND_BPS = 500;
    /// A Chainlink proxy's round id is the number of the aggregator behind it, its phase, and that aggregator's own round id in 64 bits.
    uint256 internal constant PHASE_SHIFT = 64;
    int256 internal constant MAX_ANSWER = type(int192).max;
    uint256 internal constant MAX_FEED_DECIMALS = 36;
    uint256 internal constant SPOT_DECIMALS = 8;

    /// The aggregator that a feed answered from when somebody looked, and since when it is known; one slot.
    struct FeedPhase {
        uint16 phase;
        uint40 since;
    }

    /// The rounds that a keeper can have seen about an observation.
    struct Span {
        uint256 from;
        uint256 until;
        uint256 lowE8;
        uint256 highE8;
    }

    /// @inheritdoc IKeeperSlashing
    IKeeperRegistry public immutable registry;
    /// @inheritdoc IKeeperSlashing
    IKeeperStaking public immutable staking;
    /// @inheritdoc IKeeperSlashing
    IRiskOracle public immutable oracle;
    /// @inheritdoc IKeeperSlashing
    IRiskConfig public immutable config;

    mapping(address feed => FeedPhase) private _phases;
    mapping(address reportKey => mapping(bytes32 configDigest => mapping(uint256 round => bool)))
        private _wrongSpots;

    constructor(
        IKeeperRegistry registry_,
        IKeeperStaking staking_,
        IRiskOracle oracle_,
        IRiskConfig config_
    ) {
        uint256 unbonding = staking_.delays().unbondingSeconds;
        if (unbonding <= PROOF_WINDOW) revert UnbondingTooShort(unbonding, PROOF_WINDOW + 1);
        (registry, staking, oracle, config) = (registry_, staking_, oracle_, config_);
        MarketOracleParams[] memory markets = config_.oracleParams().markets;
        for (uint256 i; i < markets.length; ++i)
            if (markets[i].feed != address(0)) _notePhase(markets[i].feed);
    }

    /// @inheritdoc IKeeperSlashing
    function notePhase(uint16 market) external {
        address feed = _paramsOf(market).feed;
        if (!_notePhase(feed)) revert FeedUnavailable(feed);
    }

    /// @inheritdoc IKeeperSlashing
    function phaseOf(address feed) external view returns (uint16 phase, uint40 since) {
        return (_phases[feed].phase, _phases[feed].since);
    }

    /// @inheritdoc IKeeperSlashing
    function proveEquivocation(
        ReportHead calldata first,
        bytes calldata firstSignature,
        ReportHead calldata second,
        bytes calldata secondSignature
    ) external {
        uint256 round = _roundOf(first.epoch, first.round);
        uint256 secondRound = _roundOf(second.epoch, second.round);
        if (first.configDigest != second.configDigest || round != secondRound) {
            revert DifferentRounds(first.configDigest, second.configDigest, round, secondRound);
        }
        bytes32 hash = ReportHash.hashOf(first, address(oracle));
        bytes32 secondHash = ReportHash.hashOf(second, address(oracle));
        if (hash == secondHash) revert SameReport(hash);
        address signer = registry.keeperSigner(first.configDigest, hash, firstSignature);
        address other = registry.keeperSigner(first.configDigest, secondHash, secondSignature);
        if (signer != other) revert DifferentSigners(signer, other);
        uint256 until = _answersUntil(signer);
        if (block.timestamp > until) revert KeyTooOld(signer, until, block.timestamp);
        uint256 slashed = staking.slash(signer, EQUIVOCATION_SHARE_BPS, msg.sender);
        emit EquivocationProven(signer, first.configDigest, first.epoch, first.round, slashed);
    }

    /// @inheritdoc IKeeperSlashing
    function proveWrongSpot(
        RiskReport calldata report,
        bytes[] calldata signatures,
        uint256 marketIndex,
        uint80 firstRoundId
    ) external {
        uint256 oldestAllowed = Math.saturatingSub(block.timestamp, PROOF_WINDOW);
        if (report.observedAt < oldestAllowed) revert ProofTooLate(report.observedAt, oldestAllowed);
        if (marketIndex >= report.markets.length) revert BadMarketIndex(marketIndex, report.markets.length);
        MarketWord word = MarketWord.wrap(report.markets[marketIndex]);
        _requireWrong(word, report.observedAt, firstRoundId);
        _slashSigners(report, signatures, word.market());
    }

    function _slashSigners(RiskReport calldata report, bytes[] calldata signatures, uint16 market) private {
        bytes32 hash = oracle.hashReport(report);
        uint256 round = _roundOf(report.epoch, report.round);
        uint256 slashedCount;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = registry.keeperSigner(report.configDigest, hash, signatures[i]);
            if (_wrongSpots[signer][report.configDigest][round]) continue;
            // Someone without stake, or with a key that no longer answers, shields nobody else.
            if (staking.atStakeUnits(signer) == 0 || block.timestamp > _answersUntil(signer)) continue;
            _wrongSpots[signer][report.configDigest][round] = true;
            ++slashedCount;
            uint256 slashed = staking.slash(signer, WRONG_SPOT_SHARE_BPS, msg.sender);
            emit WrongSpotProven(signer, report.configDigest, report.epoch, report.round, market, slashed);
        }
        if (slashedCount == 0) revert NobodyToSlash(hash);
    }

    /// Outside the band around every round that a keeper can have seen, and everything between them: whichever it saw, it signed what it saw was
    /// wrong.
    function _requireWrong(MarketWord word, uint256 observedAt, uint80 firstRoundId) private view {
        MarketOracleParams memory params = _paramsOf(word.market());
        Span memory span;
        span.from = Math.saturatingSub(observedAt, SPOT_SLACK_SECONDS);
        span.until = observedAt + SPOT_SLACK_SECONDS;
        uint256 setAt = config.oracleParamsSetAt();
        if (setAt > span.from) revert RulesTooNew(setAt, span.from);
        _measure(span, params, firstRoundId, _latestOf(params.feed, span.from, firstRoundId));
        uint256 bandBps = Math.max(BAND_MULTIPLE * params.feedBandBps, MIN_BAND_BPS);
        // Rounded outwards, in the keeper's favour.
        uint256 minE8 = (span.lowE8 * (BPS - bandBps)) / BPS;
        uint256 maxE8 = Math.ceilDiv(span.highE8 * (BPS + bandBps), BPS);
        uint256 spotE8 = word.spotE8();
        if (spotE8 >= minE8 && spotE8 <= maxE8) {
            revert SpotInsideBand(params.market, spotE8, minE8, maxE8);
        }
    }

    /// The feed's latest round, when the aggregator of the first round is the one that the feed has answered from since before the span.
    function _latestOf(
        address feed,
        uint256 from,
        uint80 firstRoundId
    ) private view returns (uint80 latestId) {
        (bool answered, FeedReader.Round memory latest) = FeedReader.latestRound(feed);
        if (!answered) revert FeedUnavailable(feed);
        latestId = latest.id;
        FeedPhase memory noted = _phases[feed];
        // Phases only rise: one that was answered from at two times was so between them.
        bool isSame = firstRoundId >> PHASE_SHIFT == noted.phase && latestId >> PHASE_SHIFT == noted.phase;
        if (!isSame) revert WrongPhase(firstRoundId, latestId, noted.phase);
        if (noted.since == 0 || noted.since > from) revert PhaseNotKnown(feed, noted.since, from);
    }

    /// From the round in force when the span begins to the last one that begins in it. The one after it closes the span and does not count.
    function _measure(
        Span memory span,
        MarketOracleParams memory params,
        uint80 firstRoundId,
        uint80 latestRoundId
    ) private view {
        AggregatorV3Interface feed = AggregatorV3Interface(params.feed);
        uint256 decimals = feed.decimals();
        (uint256 priceE8, uint256 updatedAt) = _roundE8(feed, params.market, firstRoundId, decimals);
        if (updatedAt > span.from) revert SpanBeginsLate(firstRoundId, updatedAt, span.from);
        (span.lowE8, span.highE8) = (priceE8, priceE8);
        for (uint80 id = firstRoundId; ;) {
            if (id >= latestRoundId) revert SpanNotOver(latestRoundId, span.until);
            uint256 nextAt;
            (priceE8, nextAt) = _roundE8(feed, params.market, ++id, decimals);
            // A feed that had stopped says nothing of the market at that time.
            if (nextAt - updatedAt > params.feedHeartbeatSeconds)
                revert RoundStale(id - 1, updatedAt, nextAt);
            if (nextAt > span.until) return;
            (span.lowE8, span.highE8) = (Math.min(span.lowE8, priceE8), Math.max(span.highE8, priceE8));
            updatedAt = nextAt;
        }
    }

    function _paramsOf(uint16 market) private view returns (MarketOracleParams memory) {
        OracleParams memory params = config.oracleParams();
        for (uint256 i; i < params.markets.length; ++i) {
            bool guarded = params.markets[i].feed != address(0);
            if (params.markets[i].market == market && guarded) return params.markets[i];
        }
        revert NoFeed(market);
    }

    function _roundE8(
        AggregatorV3Interface feed,
        uint16 market,
        uint80 roundId,
        uint256 decimals
    ) private view returns (uint256 priceE8, uint256 updatedAt) {
        int256 answer;
        (, answer, , updatedAt, ) = feed.getRoundData(roundId);
        if (updatedAt == 0) revert RoundIncomplete(roundId);
        if (answer <= 0 || answer > MAX_ANSWER || decimals > MAX_FEED_DECIMALS) {
            revert FeedInvalid(market, answer, decimals);
        }
        // The answer is positive and below 2^191, so that the product below is far from 2^256: 10^8 < 2^27.
        uint256 price = uint256(answer);
        priceE8 =
            decimals > SPOT_DECIMALS
                ? price / 10 ** (decimals - SPOT_DECIMALS)
                : price * 10 ** (SPOT_DECIMALS - decimals);
    }

    /// False when the feed does not answer.
    function _notePhase(address feed) private returns (bool answered) {
        FeedReader.Round memory latest;
        (answered, latest) = FeedReader.latestRound(feed);
        if (!answered) return false;
        // A round id has 80 bits, so its phase has 16.
        uint16 phase = uint16(latest.id >> PHASE_SHIFT);
        FeedPhase memory noted = _phases[feed];
        if (noted.since != 0 && noted.phase == phase) return true;
        // Seconds since 1970 fit 40 bits for 34,000 years.
        _phases[feed] = FeedPhase(phase, uint40(block.timestamp));
        emit PhaseNoted(feed, phase);
    }

    /// The last second at which a proof is taken against the key.
    function _answersUntil(address reportKey) private view returns (uint256) {
        return Math.saturatingAdd(registry.countsUntil(reportKey), PROOF_WINDOW);
    }

    /// Epoch and round in one number.
    function _roundOf(uint64 epoch, uint32 round) private pure returns (uint256) {
        return (uint256(epoch) << 32) | round;
    }
}
