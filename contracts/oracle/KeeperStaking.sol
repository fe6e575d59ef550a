// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IKeeperStaking} from "../interfaces/IKeeperStaking.sol";
import {KeeperEntries} from "../libraries/KeeperEntries.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {BPS} from "../types/Constants.sol";
import {KeeperEntry, StakeDelays} from "../types/KeeperTypes.sol";
import {KeeperClaims} from "./KeeperClaims.sol";

/// @title KeeperStaking
contract KeeperStaking is KeeperClaims, AccessControl {
    using SafeERC20 for IERC20;
    using KeeperEntries for KeeperEntry[];

    /// @inheritdoc IKeeperStaking
    bytes32 public constant SLASHER_ROLE = keccak256("SLASHER_ROLE");
    /// Twice the largest configuration: activate() walks over all of them.
    uint256 internal constant MAX_MEMBERS = 62;
    uint256 internal constant MAX_DELAY_SECONDS = 30 days;
    uint256 internal constant MIN_UNBONDING_SECONDS = 14 days;
    uint256 internal constant MAX_UNBONDING_SECONDS = 90 days;
    /// Whoever proves against itself loses at least three quarters.
    uint256 internal constant MAX_PROVER_SHARE_BPS = 2_500;

    /// @inheritdoc IKeeperStaking
    IKeeperRegistry public immutable registry;
    /// @inheritdoc IKeeperStaking
    IERC20 public immutable token;
    /// @inheritdoc IKeeperStaking
    address public immutable sink;
    /// @inheritdoc IKeeperStaking
    uint256 public immutable proverShareBps;
    StakeDelays private _delays;

    /// @inheritdoc IKeeperStaking
    uint96 public minStakeUnits;
    /// @inheritdoc IKeeperStaking
    uint8 public faults;
    /// @inheritdoc IKeeperStaking
    mapping(address operator => bool) public isExpelled;
    mapping(address operator => Member) private _members;
    address[] private _operators;

    constructor(
        IKeeperRegistry registry_,
        IERC20 token_,
        address sink_,
        address admin,
        uint256 proverShareBps_,
        StakeDelays memory delays_,
        uint96 minStakeUnits_,
        address[] memory candidates
    ) {
        if (sink_ == address(0)) revert ZeroAddress();
        if (proverShareBps_ > MAX_PROVER_SHARE_BPS) {
            revert ShareOutOfBounds(proverShareBps_, 0, MAX_PROVER_SHARE_BPS);
        }
        _requireDelay("join", delays_.joinSeconds, 0, MAX_DELAY_SECONDS);
        _requireDelay("leave", delays_.leaveSeconds, 0, MAX_DELAY_SECONDS);
        _requireDelay("rotation", delays_.rotationSeconds, 0, MAX_DELAY_SECONDS);
        _requireDelay("unbonding", delays_.unbondingSeconds, MIN_UNBONDING_SECONDS, MAX_UNBONDING_SECONDS);
        (registry, token, sink) = (registry_, token_, sink_);
        proverShareBps = proverShareBps_;
        _delays = delays_;
        _setMinStake(minStakeUnits_);
        _setFaults(registry_.faults());
        for (uint256 i; i < candidates.length; ++i) _setCandidate(candidates[i], true);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IKeeperStaking
    function join(KeeperEntry calldata entry, uint96 units, bytes calldata possession) external {
        if (!isCandidate[msg.sender]) revert NotAllowed(msg.sender);
        if (isExpelled[msg.sender]) revert Expelled(msg.sender);
        Member storage m = _members[msg.sender];
        if (m.entry.reportKey != address(0)) revert AlreadyMember(msg.sender);
        if (units < minStakeUnits) revert StakeTooSmall(units, minStakeUnits);
        if (_operators.length >= MAX_MEMBERS) revert TooManyMembers(_operators.length, MAX_MEMBERS);
        address holder = operatorOf[entry.reportKey];
        if (holder != address(0)) revert ReportKeyTaken(entry.reportKey, holder);
        _claim(entry, possession);
        uint256 eligibleFrom = block.timestamp + _delays.joinSeconds;
        m.entry = entry;
        // Seconds since 1970 fit 40 bits for 34,000 years.
        m.eligibleFrom = uint40(eligibleFrom);
        m.stakeUnits = units;
        _operators.push(msg.sender);
        emit Joined(msg.sender, entry.reportKey, units, eligibleFrom);
        token.safeTransferFrom(msg.sender, address(this), units);
    }

    /// @inheritdoc IKeeperStaking
    function addStake(uint96 units) external {
        Member storage m = _living(msg.sender);
        if (units == 0) revert ZeroUnits();
        m.stakeUnits += units;
        emit StakeAdded(msg.sender, units, m.stakeUnits);
        token.safeTransferFrom(msg.sender, address(this), units);
    }

    /// @inheritdoc IKeeperStaking
    function rotate(KeeperEntry calldata entry, bytes calldata possession) external {
        Member storage m = _living(msg.sender);
        address holder = operatorOf[entry.reportKey];
        bool own = entry.reportKey == m.entry.reportKey || entry.reportKey == m.pending.reportKey;
        if (holder != address(0) && !own) revert ReportKeyTaken(entry.reportKey, holder);
        if (m.pending.reportKey != address(0)) _release(msg.sender, m.pending, m.entry);
        _claim(entry, possession);
        uint256 pendingFrom = block.timestamp + _delays.rotationSeconds;
        m.pending = entry;
        m.pendingFrom = uint40(pendingFrom);
        emit RotationRequested(msg.sender, entry.reportKey, pendingFrom);
    }

    /// @inheritdoc IKeeperStaking
    function requestLeave() external {
        Member storage m = _living(msg.sender);
        if (m.leavesAt != 0) revert AlreadyLeaving(m.leavesAt);
        uint256 leavesAt = block.timestamp + _delays.leaveSeconds;
        m.leavesAt = uint40(leavesAt);
        emit LeaveRequested(msg.sender, leavesAt);
    }

    /// @inheritdoc IKeeperStaking
    function cancelLeave() external {
        Member storage m = _living(msg.sender);
        if (m.leavesAt == 0) revert NotLeaving(msg.sender);
        m.leavesAt = 0;
        emit LeaveCancelled(msg.sender);
    }

    /// @inheritdoc IKeeperStaking
    function withdraw(address to) external {
        if (to == address(0)) revert ZeroAddress();
        Member storage m = _living(msg.sender);
        if (m.leavesAt == 0) revert NotLeaving(msg.sender);
        uint256 lastDuty = Math.max(m.leavesAt, registry.countsUntil(m.entry.reportKey));
        uint256 boundUntil = Math.saturatingAdd(lastDuty, _delays.unbondingSeconds);
        if (block.timestamp <= boundUntil) revert StillBound(boundUntil, block.timestamp);
        uint256 units = m.stakeUnits;
        _removeMember(msg.sender, m);
        emit Withdrawn(msg.sender, to, units);
        token.safeTransfer(to, units);
    }

    /// @inheritdoc IKeeperStaking
    function activate() external {
        uint256 required = Quorum.keeperCount(faults);
        KeeperEntry[] memory chosen = new KeeperEntry[](required);
        uint256 count;
        for (uint256 i; i < _operators.length && count < required; ++i) {
            Member storage m = _members[_operators[i]];
            if (!_isEligible(_operators[i], m)) continue;
            if (_isPendingDue(m)) _applyPending(_operators[i], m);
            chosen[count++] = m.entry;
        }
        if (count < required) revert NotEnoughKeepers(count, required);
        chosen.sort();
        if (keccak256(abi.encode(registry.entries())) == keccak256(abi.encode(chosen))) {
            revert NothingToActivate(registry.configDigest());
        }
        registry.configure(chosen, faults);
    }

    /// @inheritdoc IKeeperStaking
    function slash(
        address reportKey,
        uint256 shareBps,
        address prover
    ) external onlyRole(SLASHER_ROLE) returns (uint256 slashedUnits) {
        address operator = operatorOf[reportKey];
        if (operator == address(0)) revert UnknownReportKey(reportKey);
        if (shareBps == 0 || shareBps > BPS) revert ShareOutOfBounds(shareBps, 1, BPS);
        Member storage m = _living(operator);
        slashedUnits = Math.ceilDiv(m.stakeUnits * shareBps, BPS);
        uint256 proverUnits = (slashedUnits * proverShareBps) / BPS;
        // At most the stake, because the share is at most one.
        m.stakeUnits -= uint96(slashedUnits);
        emit Slashed(operator, reportKey, prover, slashedUnits, proverUnits);
        token.safeTransfer(prover, proverUnits);
        token.safeTransfer(sink, slashedUnits - proverUnits);
    }

    /// @inheritdoc IKeeperStaking
    function expel(address reportKey) external {
        address operator = operatorOf[reportKey];
        if (operator == address(0)) revert UnknownReportKey(reportKey);
        Member storage m = _members[operator];
        bool isMember = m.entry.reportKey != address(0);
        if (!isMember && !isExpelled[operator]) revert NotMember(operator);
        if (m.stakeUnits != 0) revert StakeLeft(operator, m.stakeUnits);
        _exclude(reportKey);
        if (!isMember) return;
        _exclude(m.entry.reportKey);
        isExpelled[operator] = true;
        _removeMember(operator, m);
        emit OperatorExpelled(operator, reportKey);
    }

    /// @inheritdoc IKeeperStaking
    function setCandidate(address operator, bool allowed) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setCandidate(operator, allowed);
    }

    /// @inheritdoc IKeeperStaking
    function setMinStake(uint96 newMinStakeUnits) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setMinStake(newMinStakeUnits);
    }

    /// @inheritdoc IKeeperStaking
    function setFaults(uint8 newFaults) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setFaults(newFaults);
    }

    /// @inheritdoc IKeeperStaking
    function delays() external view returns (StakeDelays memory) {
        return _delays;
    }

    /// @inheritdoc IKeeperStaking
    function member(address operator) external view returns (Member memory) {
        return _members[operator];
    }

    /// @inheritdoc IKeeperStaking
    function operators() external view returns (address[] memory) {
        return _operators;
    }

    /// @inheritdoc IKeeperStaking
    function isInGoodStanding(address reportKey) external view returns (bool) {
        address operator = operatorOf[reportKey];
        if (operator == address(0) || isExpelled[operator]) return false;
        Member storage m = _members[operator];
        return m.entry.reportKey == address(0) || m.stakeUnits >= minStakeUnits;
    }

    /// @inheritdoc IKeeperStaking
    function atStakeUnits(address reportKey) external view returns (uint256) {
        return _members[operatorOf[reportKey]].stakeUnits;
    }

    function _isEligible(address operator, Member storage m) private view returns (bool) {
        return
            isCandidate[operator] &&
            block.timestamp >= m.eligibleFrom &&
            (m.leavesAt == 0 || block.timestamp < m.leavesAt) &&
            m.stakeUnits >= minStakeUnits &&
            _holds(operator, _isPendingDue(m) ? m.pending : m.entry);
    }

    function _living(address operator) private view returns (Member storage m) {
        m = _members[operator];
        if (m.entry.reportKey == address(0)) revert NotMember(operator);
        if (m.stakeUnits == 0) revert NoStakeLeft(operator);
    }

    /// A key that does not count needs no exclusion.
    function _exclude(address reportKey) private {
        if (registry.countsUntil(reportKey) >= block.timestamp) registry.exclude(reportKey);
    }

    function _isPendingDue(Member storage m) private view returns (bool) {
        return m.pending.reportKey != address(0) && block.timestamp >= m.pendingFrom;
    }

    function _applyPending(address operator, Member storage m) private {
        _release(operator, m.entry, m.pending);
        m.entry = m.pending;
        delete m.pending;
        m.pendingFrom = 0;
    }

    function _removeMember(address operator, Member storage m) private {
        KeeperEntry memory none;
        _release(operator, m.pending, none);
        _release(operator, m.entry, none);
        delete _members[operator];
        _removeOperator(operator);
    }

    /// Keeps the order of the others: it is their seniority.
    function _removeOperator(address operator) private {
        uint256 last = _operators.length - 1;
        uint256 i;
        while (_operators[i] != operator) ++i;
        for (; i < last; ++i) _operators[i] = _operators[i + 1];
        _operators.pop();
    }

    function _setCandidate(address operator, bool allowed) private {
        if (operator == address(0)) revert ZeroAddress();
        isCandidate[operator] = allowed;
        emit CandidateSet(operator, allowed);
    }

    function _setMinStake(uint96 newMinStakeUnits) private {
        if (newMinStakeUnits == 0) revert ZeroUnits();
        minStakeUnits = newMinStakeUnits;
        emit MinStakeSet(newMinStakeUnits);
    }

    function _setFaults(uint8 newFaults) private {
        if (newFaults < Quorum.MIN_FAULTS || newFaults > Quorum.MAX_FAULTS) {
            revert FaultsOutOfBounds(newFaults, Quorum.MIN_FAULTS, Quorum.MAX_FAULTS);
        }
        faults = newFaults;
        emit FaultsSet(newFaults);
    }

    function _requireDelay(bytes32 name, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert DelayOutOfBounds(name, value, min, max);
    }
}
