// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IKeeperRewards} from "../interfaces/IKeeperRewards.sol";
import {IKeeperStaking} from "../interfaces/IKeeperStaking.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {ReportHash} from "../libraries/ReportHash.sol";
import {ShareCounts} from "../libraries/ShareCounts.sol";
import {ReportHead} from "../types/KeeperTypes.sol";
import {RiskReport} from "../types/RiskReport.sol";

/// @title KeeperRewards
contract KeeperRewards is IKeeperRewards, AccessControl {
    using SafeERC20 for IERC20;

    /// A million tokens of 18 decimals.
    uint256 internal constant MAX_UNITS_PER_SIGNATURE = 1e24;
    /// As many as the largest quorum: carrying a report is not to earn more than all that sign it.
    uint256 internal constant MAX_CARRIAGE_SHARES = 21;
    /// Each costs about 10,000 gas; a change of keepers or of the tariff makes one or a few.
    uint256 internal constant MAX_SOURCES_AT_ONCE = 64;
    uint256 internal constant NOBODY = type(uint256).max;

    /// What a report reads and writes beside the counts; one slot.
    struct Ledger {
        uint112 owedUnits;
        /// At most MAX_UNITS_PER_SIGNATURE, below 2^80.
        uint80 unitsPerSignature;
        uint8 carriageShares;
        uint16 tariff;
        uint40 tariffSince;
    }

    /// Where shares were counted: a word under one configuration and one tariff.
    struct Source {
        bytes32 configDigest;
        uint16 tariff;
        uint8 place;
    }

    /// What a key could not be paid, and the first source that may still hold shares of it; one slot.
    struct Account {
        uint112 debtUnits;
        uint64 firstSource;
    }

    /// @inheritdoc IKeeperRewards
    IKeeperRegistry public immutable registry;
    /// @inheritdoc IKeeperRewards
    IKeeperStaking public immutable staking;
    /// @inheritdoc IKeeperRewards
    IRiskOracle public immutable oracle;
    /// @inheritdoc IKeeperRewards
    IERC20 public immutable token;

    Ledger private _ledger;
    mapping(uint256 tariff => uint256) private _unitsPerSignature;
    /// Of one configuration under one tariff: a word for each eight positions.
    mapping(bytes32 configDigest => mapping(uint256 tariff => mapping(uint256 place => uint256)))
        private _counts;
    Source[] private _sources;
    mapping(address reportKey => Account) private _accounts;

    constructor(
        IKeeperRegistry registry_,
        IKeeperStaking staking_,
        IRiskOracle oracle_,
        IERC20 token_,
        address admin,
        uint256 unitsPerSignature_,
        uint256 carriageShares_
    ) {
        (registry, staking, oracle, token) = (registry_, staking_, oracle_, token_);
        _setTariff(unitsPerSignature_, carriageShares_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IKeeperRewards
    function submit(RiskReport calldata report, bytes[] calldata signatures, uint256 carrier) external {
        uint256 signers = oracle.submit(report, signatures);
        uint256 keeperCount = _keeperCountOf(signatures.length);
        if (carrier >= keeperCount) carrier = NOBODY;
        _count(report.configDigest, report.observedAt, signers, keeperCount, carrier);
    }

    /// @inheritdoc IKeeperRewards
    function claim(ReportHead calldata head, bytes[] calldata signatures) external {
        IRiskOracle.Header memory last = oracle.header();
        // Two quorums of one configuration cannot sign different reports of one round, so where one counted the round tells which was accepted.
        bool isLast =
            head.epoch == last.epoch && head.round == last.round && head.observedAt == last.observedAt;
        if (!isLast) revert NotLastReport(head.epoch, head.round, last.epoch, last.round);
        (, uint256 overlapUntil) = registry.overlapping();
        if (last.acceptedAt <= overlapUntil) revert AcceptedInOverlap(last.acceptedAt, overlapUntil);
        if (last.acceptedAt <= _ledger.tariffSince) {
            revert AcceptedUnderOtherTariff(last.acceptedAt, _ledger.tariffSince);
        }
        bytes32 hash = ReportHash.hashOf(head, address(oracle));
        uint256 signers = registry.requireQuorum(head.configDigest, hash, signatures);
        uint256 keeperCount = _keeperCountOf(signatures.length);
        uint256 added = _count(head.configDigest, head.observedAt, signers, keeperCount, NOBODY);
        if (added == 0) revert NobodyToCredit(head.epoch, head.round);
    }

    /// @inheritdoc IKeeperRewards
    function pay(address reportKey) external returns (uint256 paidUnits) {
        uint256 firstBefore = _accounts[reportKey].firstSource;
        uint256 dueUnits = _collect(reportKey);
        if (dueUnits == 0) {
            // Sources that are done with for good are progress: whoever has many behind it calls again.
            if (_accounts[reportKey].firstSource == firstBefore) revert NothingOwed(reportKey);
            return 0;
        }
        if (staking.isExpelled(staking.operatorOf(reportKey))) {
            _settle(reportKey, dueUnits, 0);
            emit Forfeited(reportKey, dueUnits);
            return 0;
        }
        if (!staking.isInGoodStanding(reportKey)) revert NotInGoodStanding(reportKey);
        paidUnits = Math.min(dueUnits, token.balanceOf(address(this)));
        _settle(reportKey, paidUnits, dueUnits - paidUnits);
        address payee = registry.payeeOf(reportKey);
        emit Paid(reportKey, payee, paidUnits, dueUnits - paidUnits);
        token.safeTransfer(payee, paidUnits);
    }

    /// @inheritdoc IKeeperRewards
    function setTariff(
        uint256 newUnitsPerSignature,
        uint256 newCarriageShares
    ) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setTariff(newUnitsPerSignature, newCarriageShares);
    }

    /// @inheritdoc IKeeperRewards
    function recover(address to) external onlyRole(DEFAULT_ADMIN_ROLE) returns (uint256 units) {
        uint256 balance = token.balanceOf(address(this));
        uint256 owed = _ledger.owedUnits;
        if (balance <= owed) revert NothingToRecover(balance, owed);
        units = balance - owed;
        emit Recovered(to, units);
        token.safeTransfer(to, units);
    }

    /// @inheritdoc IKeeperRewards
    function unitsPerSignature() external view returns (uint256) {
        return _ledger.unitsPerSignature;
    }

    /// @inheritdoc IKeeperRewards
    function carriageShares() external view returns (uint256) {
        return _ledger.carriageShares;
    }

    /// @inheritdoc IKeeperRewards
    function owedUnits(address reportKey) external view returns (uint256 units) {
        Account memory account = _accounts[reportKey];
        units = account.debtUnits;
        for (uint256 i = account.firstSource; i < _sources.length; ++i) {
            Source memory source = _sources[i];
            (bool isThere, uint256 lane) = _laneOf(reportKey, source);
            if (isThere) units += _countedUnits(source, lane);
        }
    }

    /// @inheritdoc IKeeperRewards
    function totalOwedUnits() external view returns (uint256) {
        return _ledger.owedUnits;
    }

    /// One share for each signer that has none for this observation, and the carrier's.
    function _count(
        bytes32 digest,
        uint256 observedAt,
        uint256 signers,
        uint256 keeperCount,
        uint256 carrier
    ) private returns (uint256 added) {
        Ledger memory l = _ledger;
        for (uint256 first; first < keeperCount; first += ShareCounts.LANES) {
            // At most 31 keepers, so four places.
            Source memory source = Source(digest, l.tariff, uint8(first / ShareCounts.LANES));
            // Of no lane when the carrier's is in another word.
            uint256 lane = carrier >= first ? carrier - first : NOBODY;
            added += _countAt(source, observedAt, signers >> first, lane, l.carriageShares);
        }
        // At most 42 shares a report of at most 2^80 units each: the sum fits for 10^8 reports that nobody collects.
        _ledger.owedUnits = SafeCast.toUint112(l.owedUnits + added * l.unitsPerSignature);
    }

    function _countAt(
        Source memory source,
        uint256 observedAt,
        uint256 signers,
        uint256 carrierLane,
        uint256 carriageShares_
    ) private returns (uint256 added) {
        mapping(uint256 place => uint256) storage counts = _counts[source.configDigest][source.tariff];
        uint256 before = counts[source.place];
        uint256 word;
        (word, added) = ShareCounts.addSigners(before, observedAt, signers);
        if (carrierLane < ShareCounts.LANES) {
            uint256 carried;
            (word, carried) = ShareCounts.addShares(word, carrierLane, carriageShares_);
            added += carried;
        }
        if (word == before) return added;
        counts[source.place] = word;
        if (before == 0) _sources.push(source);
    }

    /// Takes a key's shares out of the sources since the last time, so many at once; what they and its debt are worth.
    function _collect(address reportKey) private returns (uint256 units) {
        Account storage account = _accounts[reportKey];
        units = account.debtUnits;
        uint256 first = account.firstSource;
        uint256 end = Math.min(_sources.length, first + MAX_SOURCES_AT_ONCE);
        for (uint256 i = first; i < end; ++i) {
            Source memory source = _sources[i];
            (bool isThere, uint256 lane) = _laneOf(reportKey, source);
            if (isThere) {
                units += _countedUnits(source, lane);
                mapping(uint256 place => uint256) storage counts = _counts[source.configDigest][
                    source.tariff
                ];
                counts[source.place] = ShareCounts.cleared(counts[source.place], lane);
            }
            if (i == first && _isClosed(source)) ++first;
        }
        // There are no 2^64 sources.
        account.firstSource = uint64(first);
    }

    /// What is gone, paid or forfeited, leaves the total; the debt stays in it.
    function _settle(address reportKey, uint256 gone, uint256 debt) private {
        _accounts[reportKey].debtUnits = SafeCast.toUint112(debt);
        // The total holds whatever was counted or left as a debt.
        _ledger.owedUnits = SafeCast.toUint112(_ledger.owedUnits - gone);
    }

    function _setTariff(uint256 newUnitsPerSignature, uint256 newCarriageShares) private {
        if (newUnitsPerSignature > MAX_UNITS_PER_SIGNATURE) {
            revert TariffOutOfBounds("unitsPerSignature", newUnitsPerSignature, MAX_UNITS_PER_SIGNATURE);
        }
        if (newCarriageShares > MAX_CARRIAGE_SHARES) {
            revert TariffOutOfBounds("carriageShares", newCarriageShares, MAX_CARRIAGE_SHARES);
        }
        uint16 number = _ledger.tariff + 1;
        _unitsPerSignature[number] = newUnitsPerSignature;
        // Both are within the bounds above; seconds since 1970 fit 40 bits for 34,000 years.
        _ledger.unitsPerSignature = uint80(newUnitsPerSignature);
        _ledger.carriageShares = uint8(newCarriageShares);
        (_ledger.tariff, _ledger.tariffSince) = (number, uint40(block.timestamp));
        emit TariffSet(number, newUnitsPerSignature, newCarriageShares);
    }

    function _countedUnits(Source memory source, uint256 lane) private view returns (uint256) {
        uint256 counts = _counts[source.configDigest][source.tariff][source.place];
        return ShareCounts.countOf(counts, lane) * _unitsPerSignature[source.tariff];
    }

    /// Whether a key has its place in a source's word, and which.
    function _laneOf(
        address reportKey,
        Source memory source
    ) private view returns (bool isThere, uint256 lane) {
        address[] memory keys = registry.keysOf(source.configDigest);
        uint256 position = Quorum.find(keys, 0, reportKey);
        isThere = position < keys.length && position / ShareCounts.LANES == source.place;
        lane = position % ShareCounts.LANES;
    }

    /// Whether a source can get no more shares: its tariff is past, or its configuration no longer counts.
    function _isClosed(Source memory source) private view returns (bool) {
        if (source.tariff != _ledger.tariff) return true;
        if (source.configDigest == registry.configDigest()) return false;
        (bytes32 overlapped, uint256 until) = registry.overlapping();
        return source.configDigest != overlapped || block.timestamp > until;
    }

    /// 3 f + 1 of a quorum, whose 2 f + 1 signatures were all checked.
    function _keeperCountOf(uint256 signatureCount) private pure returns (uint256) {
        return Quorum.keeperCount(signatureCount / 2);
    }
}
