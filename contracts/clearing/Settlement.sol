// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {InstrumentId, InstrumentKind} from "../types/InstrumentId.sol";
import {Position} from "../types/Position.sol";
import {MarketWord} from "../types/RiskReport.sol";

/// @title Settlement: fixings and cash settlement; it has no owner and no parameter that can change
contract Settlement is ISettlement {
    /// Bounds of what the constructor takes.
    uint256 public constant MIN_WINDOW_SECONDS = 1 minutes;
    uint256 public constant MAX_WINDOW_SECONDS = 1 days;
    uint256 public constant MAX_MIN_SAMPLES = 1_440;
    uint256 public constant MIN_FALLBACK_SECONDS = 1 minutes;
    uint256 public constant MAX_FALLBACK_SECONDS = 7 days;
    uint256 public constant MAX_BATCH = 128;

    /// Two slots an expiry: samples while it is open, then what was fixed.
    struct Fixing {
        /// At most 2^32 samples of at most 2^64 each: below 2^96.
        uint128 sumE8;
        uint64 lastEpoch;
        uint32 lastRound;
        uint32 samples;
        uint64 fallbackE8;
        uint64 fixingE8;
    }

    IClearingHouse public immutable house;
    IRiskOracle public immutable oracle;
    uint256 public immutable windowSeconds;
    uint256 public immutable minSamples;
    uint256 public immutable fallbackSeconds;

    mapping(uint16 market => mapping(uint256 expiry => Fixing)) private _fixings;

    constructor(
        address house_,
        address oracle_,
        uint256 windowSeconds_,
        uint256 minSamples_,
        uint256 fallbackSeconds_
    ) {
        if (house_ == address(0) || oracle_ == address(0)) revert ZeroAddress();
        _requireWithin("windowSeconds", windowSeconds_, MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS);
        _requireWithin("minSamples", minSamples_, 1, MAX_MIN_SAMPLES);
        _requireWithin("fallbackSeconds", fallbackSeconds_, MIN_FALLBACK_SECONDS, MAX_FALLBACK_SECONDS);
        house = IClearingHouse(house_);
        oracle = IRiskOracle(oracle_);
        windowSeconds = windowSeconds_;
        minSamples = minSamples_;
        fallbackSeconds = fallbackSeconds_;
    }

    /// @inheritdoc ISettlement
    function sample(uint16 market, uint256 expiry) external {
        Fixing storage fixing = _fixings[market][expiry];
        if (fixing.fixingE8 != 0) revert AlreadyFixed(market, expiry);
        if (oracle.isQuarantined(market)) revert UnconfirmedSpot(market);
        IRiskOracle.Header memory header = oracle.header();
        if (_record(fixing, header, market, expiry)) return;
        if (_isSampled(fixing, header)) revert AlreadySampled(market, expiry, header.epoch, header.round);
        revert OutsideWindow(header.observedAt, _opensAt(expiry), expiry);
    }

    /// @inheritdoc ISettlement
    function setFixing(uint16 market, uint256 expiry) external {
        Fixing storage fixing = _fixings[market][expiry];
        if (fixing.fixingE8 != 0) revert AlreadyFixed(market, expiry);
        if (block.timestamp < expiry) revert NotExpired(expiry, block.timestamp);
        IRiskOracle.Header memory header = oracle.header();
        uint256 due = expiry + fallbackSeconds;
        if (header.observedAt < expiry && block.timestamp < due) revert SamplingOpen(header.observedAt, due);
        if (!oracle.isQuarantined(market)) _record(fixing, header, market, expiry);
        uint256 samples = fixing.samples;
        if (samples >= minSamples) {
            // A mean of uint64 values fits uint64; rounded down.
            fixing.fixingE8 = uint64(fixing.sumE8 / samples);
        } else {
            if (block.timestamp < due) revert FallbackNotDue(samples, minSamples, due);
            if (fixing.fallbackE8 == 0) revert TooFewSamples(samples, minSamples);
            fixing.fixingE8 = fixing.fallbackE8;
        }
        emit FixingSet(market, expiry, fixing.fixingE8);
    }

    /// @inheritdoc ISettlement
    function settle(uint256 account, InstrumentId instrument) external {
        uint256 valueE8 = _valueE8(instrument);
        if (house.sizeOf(account, instrument) == 0) revert NothingToSettle(account, instrument);
        house.settlePosition(account, instrument, valueE8);
    }

    /// @inheritdoc ISettlement
    function settleBatch(uint256[] calldata accounts, InstrumentId instrument) external {
        if (accounts.length > MAX_BATCH) revert BatchTooLarge(accounts.length, MAX_BATCH);
        uint256 valueE8 = _valueE8(instrument);
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (house.sizeOf(accounts[i], instrument) == 0) continue;
            house.settlePosition(accounts[i], instrument, valueE8);
        }
    }

    /// @inheritdoc ISettlement
    function settleAccount(uint256 account) external returns (uint256 settled) {
        Position[] memory positions = house.positions(account);
        for (uint256 i = 0; i < positions.length; ++i) {
            InstrumentId instrument = positions[i].instrument();
            uint256 fixing = fixingE8(instrument.market(), instrument.expiry());
            if (fixing == 0) continue;
            house.settlePosition(account, instrument, payoffE8(instrument, fixing));
            ++settled;
        }
    }

    /// @inheritdoc ISettlement
    function fixingE8(uint16 market, uint256 expiry) public view returns (uint256) {
        return _fixings[market][expiry].fixingE8;
    }

    /// @inheritdoc ISettlement
    function samplesOf(
        uint16 market,
        uint256 expiry
    ) external view returns (uint256 samples, uint256 fallbackE8) {
        Fixing storage fixing = _fixings[market][expiry];
        return (fixing.samples, fixing.fallbackE8);
    }

    /// @inheritdoc ISettlement
    function payoffE8(InstrumentId instrument, uint256 fixing) public pure returns (uint256) {
        InstrumentKind kind = instrument.kind();
        if (kind == InstrumentKind.Future) return fixing;
        uint256 strike = instrument.strikeE8();
        if (kind == InstrumentKind.Call) return fixing > strike ? fixing - strike : 0;
        return strike > fixing ? strike - fixing : 0;
    }

    function _valueE8(InstrumentId instrument) private view returns (uint256) {
        uint16 market = instrument.market();
        uint256 expiry = instrument.expiry();
        uint256 fixing = fixingE8(market, expiry);
        if (fixing == 0) revert NotFixed(market, expiry);
        return payoffE8(instrument, fixing);
    }

    /// @dev Takes the current report as far as it serves: into the mean when it was observed in the window, as the fallback when it is the first
    /// one seen that was observed at or after the expiry. True when anything was taken.
    function _record(
        Fixing storage fixing,
        IRiskOracle.Header memory header,
        uint16 market,
        uint256 expiry
    ) private returns (bool taken) {
        uint64 spot = _spotE8(market);
        if (header.observedAt >= expiry && fixing.fallbackE8 == 0) {
            fixing.fallbackE8 = spot;
            emit FallbackSampled(market, expiry, spot);
            taken = true;
        }
        bool inside = header.observedAt >= _opensAt(expiry) && header.observedAt <= expiry;
        if (!inside || _isSampled(fixing, header)) return taken;
        fixing.sumE8 += spot;
        fixing.samples += 1;
        fixing.lastEpoch = header.epoch;
        fixing.lastRound = header.round;
        emit FixingSampled(market, expiry, spot, fixing.samples);
        return true;
    }

    /// @dev Epoch and round rise strictly, so the last one taken tells.
    function _isSampled(Fixing storage fixing, IRiskOracle.Header memory header) private view returns (bool) {
        return fixing.samples != 0 && fixing.lastEpoch == header.epoch && fixing.lastRound == header.round;
    }

    function _spotE8(uint16 market) private view returns (uint64) {
        (MarketWord word, ) = oracle.marketState(market);
        uint256 spot = word.spotE8();
        if (spot == 0) revert UnknownMarket(market);
        // Spot is a 64-bit field of its word.
        return uint64(spot);
    }

    function _opensAt(uint256 expiry) private view returns (uint256) {
        return expiry > windowSeconds ? expiry - windowSeconds : 0;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert ParameterOutOfBounds(name, value, min, max);
    }
}
