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

/// @title KeeperSlashing
contract KeeperSlashing is IKeeperSlashing {
    uint256 public constant EQUIVOCATION_SHARE_BPS = BPS;
    uint256 public constant WRONG_SPOT_SHARE_BPS = 1_000;
    /// A wrong spot is proven within this time of its observation, so that rules made later judge no old report.
    uint256 public constant WRONG_SPOT_WINDOW = 7 days;
    /// The band of a proof is this multiple of the band in which reports are accepted, and at least the floor: a keeper that signs only what the
    /// oracle accepts is never slashed, nor when governance narrows the band by up to half afterwards.
    uint256 internal constant BAND_MULTIPLE = 2;
    uint256 internal constant MIN_BAND_BPS = 500;
    int256 internal constant MAX_ANSWER = type(int192).max;
    uint256 internal constant MAX_FEED_DECIMALS = 36;
    uint256 internal constant SPOT_DECIMALS = 8;

    IKeeperRegistry public immutable registry;
    IKeeperStaking public immutable staking;
    IRiskOracle public immutable oracle;
    IRiskConfig public immutable config;

    mapping(address reportKey => mapping(bytes32 configDigest => mapping(uint256 round => bool)))
        private _wrongSpots;

    constructor(
        IKeeperRegistry registry_,
        IKeeperStaking staking_,
        IRiskOracle oracle_,
        IRiskConfig config_
    ) {
        uint256 unbonding = staking_.delays().unbondingSeconds;
        if (unbonding <= WRONG_SPOT_WINDOW) revert UnbondingTooShort(unbonding, WRONG_SPOT_WINDOW + 1);
        (registry, staking, oracle, config) = (registry_, staking_, oracle_, config_);
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
        uint256 slashed = staking.slash(signer, EQUIVOCATION_SHARE_BPS, msg.sender);
        emit EquivocationProven(signer, first.configDigest, first.epoch, first.round, slashed);
    }

    /// @inheritdoc IKeeperSlashing
    function proveWrongSpot(
        RiskReport calldata report,
        bytes[] calldata signatures,
        uint256 marketIndex,
        uint80 roundId
    ) external {
        uint256 oldestAllowed = Math.saturatingSub(block.timestamp, WRONG_SPOT_WINDOW);
        if (report.observedAt < oldestAllowed) revert ProofTooLate(report.observedAt, oldestAllowed);
        if (marketIndex >= report.markets.length) revert BadMarketIndex(marketIndex, report.markets.length);
        MarketWord word = MarketWord.wrap(report.markets[marketIndex]);
        _requireWrong(word, report.observedAt, roundId);
        _slashSigners(report, signatures, word.market());
    }

    function _slashSigners(RiskReport calldata report, bytes[] calldata signatures, uint16 market) private {
        bytes32 hash = oracle.hashReport(report);
        uint256 round = _roundOf(report.epoch, report.round);
        uint256 slashedCount;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = registry.keeperSigner(report.configDigest, hash, signatures[i]);
            if (_wrongSpots[signer][report.configDigest][round]) continue;
            // Someone without stake shields nobody else.
            if (staking.atStakeUnits(signer) == 0) continue;
            _wrongSpots[signer][report.configDigest][round] = true;
            ++slashedCount;
            uint256 slashed = staking.slash(signer, WRONG_SPOT_SHARE_BPS, msg.sender);
            emit WrongSpotProven(signer, report.configDigest, report.epoch, report.round, market, slashed);
        }
        if (slashedCount == 0) revert NobodyToSlash(hash);
    }

    /// Outside the band around both rounds and everything between them: whichever of the two a keeper saw, it signed what it saw was wrong.
    function _requireWrong(MarketWord word, uint256 observedAt, uint80 roundId) private view {
        MarketOracleParams memory params = _paramsOf(word.market());
        AggregatorV3Interface feed = AggregatorV3Interface(params.feed);
        (uint256 priceE8, uint256 updatedAt) = _roundE8(feed, params.market, roundId);
        (uint256 nextE8, uint256 nextAt) = _roundE8(feed, params.market, roundId + 1);
        if (updatedAt > observedAt || nextAt <= observedAt) {
            revert RoundNotInForce(roundId, updatedAt, observedAt, nextAt);
        }
        // A feed that had stopped says nothing of the market at that time.
        if (nextAt - updatedAt > params.feedHeartbeatSeconds) {
            revert RoundStale(roundId, updatedAt, observedAt);
        }
        uint256 bandBps = Math.max(BAND_MULTIPLE * params.feedBandBps, MIN_BAND_BPS);
        // Rounded outwards, in the keeper's favour.
        uint256 minE8 = (Math.min(priceE8, nextE8) * (BPS - bandBps)) / BPS;
        uint256 maxE8 = Math.ceilDiv(Math.max(priceE8, nextE8) * (BPS + bandBps), BPS);
        uint256 spotE8 = word.spotE8();
        if (spotE8 >= minE8 && spotE8 <= maxE8) {
            revert SpotInsideBand(params.market, spotE8, minE8, maxE8);
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
        uint80 roundId
    ) private view returns (uint256 priceE8, uint256 updatedAt) {
        int256 answer;
        (, answer, , updatedAt, ) = feed.getRoundData(roundId);
        if (updatedAt == 0) revert RoundIncomplete(roundId);
        uint256 decimals = feed.decimals();
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

    /// Epoch and round in one number.
    function _roundOf(uint64 epoch, uint32 round) private pure returns (uint256) {
        return (uint256(epoch) << 32) | round;
    }
}
