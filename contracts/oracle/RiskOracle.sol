// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {CodeBlob} from "../libraries/CodeBlob.sol";
import {Quarantine} from "../libraries/Quarantine.sol";
import {ReportHash} from "../libraries/ReportHash.sol";
import {WordSlots} from "../libraries/WordSlots.sol";
import {MAX_SMILES} from "../types/Constants.sol";
import {MarketOracleParams, OracleParams} from "../types/RiskParams.sol";
import {MarketWord, RiskReport, SmileWord} from "../types/RiskReport.sol";
import {PriceGuard} from "./PriceGuard.sol";
import {CalendarPoints, ReportChecks} from "./ReportChecks.sol";

/// @title RiskOracle: the last accepted risk report
contract RiskOracle is IRiskOracle, PriceGuard, EIP712 {
    /// BLOCKHASH knows this many blocks before the present one.
    uint256 internal constant BLOCK_HASH_REACH = 256;

    IKeeperRegistry public immutable registry;
    IRiskConfig public immutable config;

    /// One slot per market and one per smile; slots beyond the word's smile count are left over from longer reports and never read.
    struct MarketSlots {
        MarketWord word;
        uint256[MAX_SMILES] smiles;
    }

    /// The header in its slot, and what is left of it.
    struct HeaderSlot {
        uint64 epoch;
        uint32 round;
        uint40 observedAt;
        uint40 acceptedAt;
        uint16 pegBps;
        uint8 quarantined;
    }

    HeaderSlot private _header;
    /// @inheritdoc IRiskOracle
    bytes32 public accountRoot;
    mapping(uint16 market => MarketSlots) private _markets;

    constructor(IKeeperRegistry registry_, IRiskConfig config_) EIP712("Ballast", "1") {
        registry = registry_;
        config = config_;
    }

    /// @inheritdoc IRiskOracle
    function submit(
        RiskReport calldata report,
        bytes[] calldata signatures
    ) external returns (uint256 signers) {
        OracleParams memory params = CodeBlob.oracleParams(config.oracleParamsPointer());
        HeaderSlot memory last = _header;
        _requireOrder(report, last);
        _requireAge(report, params);
        _requireOnThisChain(report);
        bytes32 payloadHash = _hashPayload(report);
        signers = registry.requireQuorum(report.configDigest, _hash(report, payloadHash), signatures);

        if (params.sequencerFeed != address(0)) {
            requireSequencer(params.sequencerFeed, params.sequencerGraceSeconds);
        }
        ReportChecks.requireBounds(0, "peg", report.pegBps, params.minPegBps, params.maxPegBps);
        uint8 quarantined = _storeMarkets(report, params, last);

        _header = HeaderSlot({
            epoch: report.epoch,
            round: report.round,
            observedAt: report.observedAt,
            // Seconds since 1970 fit 40 bits for 34,000 years.
            acceptedAt: uint40(block.timestamp),
            pegBps: report.pegBps,
            quarantined: quarantined
        });
        if (report.accountRoot != accountRoot) accountRoot = report.accountRoot;
        emit ReportAccepted(report.epoch, report.round, report.observedAt, payloadHash, report.accountRoot);
    }

    /// @inheritdoc IRiskOracle
    function header() external view returns (Header memory) {
        HeaderSlot memory last = _header;
        return Header(last.epoch, last.round, last.observedAt, last.acceptedAt, last.pegBps);
    }

    /// @inheritdoc IRiskOracle
    function quarantinedCount() external view returns (uint256) {
        return _header.quarantined;
    }

    /// @inheritdoc IRiskOracle
    function isQuarantined(uint16 market) external view returns (bool) {
        // A market that left the parameters while it waited keeps its bit, and no report will lift it: it waits no longer than the others.
        return _header.quarantined != 0 && _markets[market].word.isQuarantined();
    }

    /// @inheritdoc IRiskOracle
    function marketState(
        uint16 market
    ) external view returns (MarketWord marketWord, SmileWord[] memory smiles) {
        MarketSlots storage slots = _markets[market];
        marketWord = slots.word;
        uint256 count = marketWord.smileCount();
        smiles = new SmileWord[](count);
        for (uint256 i; i < count; ++i) smiles[i] = SmileWord.wrap(slots.smiles[i]);
    }

    /// @inheritdoc IRiskOracle
    function hashReport(RiskReport calldata report) external view returns (bytes32) {
        return _hash(report, _hashPayload(report));
    }

    function _requireOrder(RiskReport calldata report, HeaderSlot memory last) private pure {
        if (report.epoch < last.epoch || (report.epoch == last.epoch && report.round <= last.round)) {
            revert EpochRoundNotRising(report.epoch, report.round, last.epoch, last.round);
        }
        if (report.observedAt <= last.observedAt)
            revert ObservedAtNotRising(report.observedAt, last.observedAt);
    }

    function _requireAge(RiskReport calldata report, OracleParams memory params) private view {
        uint256 latestAllowed = block.timestamp + params.maxClockDriftSeconds;
        if (report.observedAt > latestAllowed) revert ReportFromFuture(report.observedAt, latestAllowed);
        uint256 age = params.maxReportAgeSeconds;
        uint256 oldestAllowed = block.timestamp > age ? block.timestamp - age : 0;
        if (report.observedAt < oldestAllowed) revert ReportTooOld(report.observedAt, oldestAllowed);
    }

    /// A block out of reach cannot be compared; age and digest still bind the report to this chain.
    function _requireOnThisChain(RiskReport calldata report) private view {
        uint64 number = report.blockNumber;
        bool comparable = number >= block.number || block.number - number <= BLOCK_HASH_REACH;
        if (!comparable) return;
        bytes32 actual = blockhash(number);
        // A block that does not exist yet has the hash zero, which no report may claim.
        if (actual == 0 || report.blockHash != actual)
            revert WrongBlockHash(number, report.blockHash, actual);
    }

    function _storeMarkets(
        RiskReport calldata report,
        OracleParams memory params,
        HeaderSlot memory last
    ) private returns (uint8 quarantined) {
        uint256 elapsedSeconds = report.observedAt - last.observedAt;
        uint256[] calldata words = report.markets;
        uint256[] calldata smiles = report.smiles;
        uint256 count = params.markets.length;
        if (words.length != count) revert MarketCountMismatch(words.length, count);
        uint256 next;
        for (uint256 i; i < count; ++i) {
            MarketOracleParams memory bounds = params.markets[i];
            MarketWord word = MarketWord.wrap(words[i]);
            MarketSlots storage slots = _markets[bounds.market];
            MarketWord previous = slots.word;
            ReportChecks.requireMarket(word, previous, bounds, elapsedSeconds);
            if (bounds.feed != address(0)) {
                requireWithinBand(
                    bounds.market,
                    word.spotE8(),
                    bounds.feed,
                    bounds.feedBandBps,
                    bounds.feedHeartbeatSeconds
                );
            }
            uint256 end = next + word.smileCount();
            if (end > smiles.length) revert SmileCountMismatch(smiles.length, end);
            bytes32 smileSlots = WordSlots.baseOf(slots.smiles);
            _requireLiveExpiries(smileSlots, previous, smiles[next:end], report.observedAt);
            MarketWord marked = _mark(word, previous, bounds, elapsedSeconds, report.epoch > last.epoch);
            // At most MAX_MARKETS of them.
            if (marked.isQuarantined()) ++quarantined;
            slots.word = marked;
            _storeSmiles(smileSlots, word, smiles[next:end], bounds, report.observedAt);
            next = end;
        }
        if (next != smiles.length) revert SmileCountMismatch(smiles.length, next);
    }

    function _mark(
        MarketWord word,
        MarketWord previous,
        MarketOracleParams memory bounds,
        uint256 elapsedSeconds,
        bool laterEpoch
    ) private returns (MarketWord marked) {
        marked = Quarantine.mark(
            word,
            previous,
            bounds.jumpSigmasBps,
            bounds.jumpFloorBps,
            elapsedSeconds,
            laterEpoch
        );
        // Nothing marked and nothing to lift: most reports.
        if ((MarketWord.unwrap(marked) ^ MarketWord.unwrap(word)) | previous.reserved() == 0) return marked;
        if (!marked.isQuarantined()) emit MarketConfirmed(bounds.market, word.spotE8());
        else emit MarketQuarantined(bounds.market, previous.spotE8(), word.spotE8());
    }

    /// Every expiry of the previous report that lies after the new one's observation must be in the new one.
    function _requireLiveExpiries(
        bytes32 smileSlots,
        MarketWord previous,
        uint256[] calldata smiles,
        uint256 observedAt
    ) private view {
        uint256 count = previous.smileCount();
        for (uint256 i; i < count; ++i) {
            SmileWord stored = SmileWord.wrap(WordSlots.load(smileSlots, i));
            // Most reports carry the same expiries as the one before.
            if (i < smiles.length && stored.expiresWith(SmileWord.wrap(smiles[i]))) continue;
            uint256 expiry = stored.expiry();
            if (expiry > observedAt && !_holdsExpiry(smiles, stored))
                revert ExpiryDropped(previous.market(), expiry);
        }
    }

    function _holdsExpiry(uint256[] calldata smiles, SmileWord stored) private pure returns (bool) {
        for (uint256 i; i < smiles.length; ++i) {
            if (stored.expiresWith(SmileWord.wrap(smiles[i]))) return true;
        }
        return false;
    }

    function _storeSmiles(
        bytes32 smileSlots,
        MarketWord word,
        uint256[] calldata smiles,
        MarketOracleParams memory params,
        uint256 observedAt
    ) private {
        CalendarPoints memory points;
        uint256 previousExpiry;
        for (uint256 i; i < smiles.length; ++i) {
            SmileWord smile = SmileWord.wrap(smiles[i]);
            ReportChecks.requireSmile(smile, word, params, observedAt, points);
            uint256 expiry = smile.expiry();
            if (expiry <= previousExpiry) revert ExpiriesNotAscending(params.market, previousExpiry, expiry);
            WordSlots.store(smileSlots, i, SmileWord.unwrap(smile));
            previousExpiry = expiry;
        }
    }

    function _hashPayload(RiskReport calldata report) private pure returns (bytes32) {
        return keccak256(abi.encode(report.pegBps, report.accountRoot, report.markets, report.smiles));
    }

    function _hash(RiskReport calldata report, bytes32 payloadHash) private view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ReportHash.REPORT_TYPEHASH,
                        report.configDigest,
                        report.epoch,
                        report.round,
                        report.observedAt,
                        report.blockNumber,
                        report.blockHash,
                        payloadHash
                    )
                )
            );
    }
}
