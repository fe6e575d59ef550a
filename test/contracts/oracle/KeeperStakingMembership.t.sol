// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {KeeperEntry} from "../../../contracts/types/KeeperTypes.sol";
import {KeeperFixture} from "./support/KeeperFixture.sol";

/// @notice Being chosen, rotating keys, leaving and being slashed.
contract KeeperStakingMembershipTest is KeeperFixture {
    uint256 private constant STANDBY = 4;
    uint256 private constant NEW_KEY = 5;

    function setUp() public override {
        super.setUp();
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        _joinAndWait(KEEPERS + 1);
    }

    function test_ANewcomerIsChosenFromTheSecondItsDelayEnds() external {
        _join(NEW_KEY);
        uint256 joinedAt = VM.getBlockTimestamp();
        staking.setCandidate(_operator(0), false);
        staking.setCandidate(_operator(1), false);
        VM.warp(joinedAt + JOIN_DELAY - 1);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotEnoughKeepers.selector, 3, 4));
        staking.activate();
        VM.warp(joinedAt + JOIN_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
        VM.assertFalse(registry.isKeeper(VM.addr(keys[0])));
    }

    function test_TheEldestAreChosenAndNothingChangesWithoutCause() external {
        bytes32 digest = registry.configDigest();
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NothingToActivate.selector, digest));
        staking.activate();
        VM.assertFalse(registry.isKeeper(VM.addr(keys[STANDBY])));
        staking.setCandidate(_operator(2), false);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[STANDBY])));
        VM.assertEq(registry.configCount(), 2);
        // Back in favour, the second eldest takes its place again once the overlap is over.
        staking.setCandidate(_operator(2), true);
        VM.warp(VM.getBlockTimestamp() + OVERLAP + 1);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[2])));
    }

    function test_MoreKeepersWhenGovernanceSaysSo() external {
        _join(NEW_KEY);
        _join(NEW_KEY + 1);
        VM.warp(VM.getBlockTimestamp() + JOIN_DELAY);
        staking.setFaults(2);
        staking.activate();
        VM.assertEq(registry.keepers().length, 7);
        VM.assertEq(registry.quorum(), 5);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.FaultsOutOfBounds.selector, 0, 1, 10));
        staking.setFaults(0);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.FaultsOutOfBounds.selector, 11, 1, 10));
        staking.setFaults(11);
    }

    function test_ARotatedKeyCountsOnlyAfterItsDelayAndTheOldOneThroughTheOverlap() external {
        _rotate(1, NEW_KEY);
        uint256 asked = VM.getBlockTimestamp();
        VM.warp(asked + ROTATION_DELAY - 1);
        bytes32 digest = registry.configDigest();
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NothingToActivate.selector, digest));
        staking.activate();
        VM.warp(asked + ROTATION_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
        VM.assertFalse(registry.isKeeper(VM.addr(keys[1])));
        VM.assertEq(registry.countsUntil(VM.addr(keys[1])), VM.getBlockTimestamp() + OVERLAP);
        // Both keys answer with the operator's stake.
        VM.assertEq(staking.operatorOf(VM.addr(keys[1])), _operator(1));
        VM.assertEq(staking.atStakeUnits(VM.addr(keys[1])), MIN_STAKE);
        VM.assertEq(staking.atStakeUnits(VM.addr(keys[NEW_KEY])), MIN_STAKE);
    }

    function test_RotationFreesTheOldEndpointAndKeepsTheOldKey() external {
        _rotate(1, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        KeeperEntry memory entry = _entry(NEW_KEY + 1);
        (entry.networkKey, entry.endpoint) = (_entry(1).networkKey, _entry(1).endpoint);
        _fund(_operator(NEW_KEY + 1), MIN_STAKE);
        bytes memory possession = _possession(keys[NEW_KEY + 1], _operator(NEW_KEY + 1), entry);
        VM.prank(_operator(NEW_KEY + 1));
        staking.join(entry, MIN_STAKE, possession);
        // The report key given up serves nobody again.
        possession = _possession(keys[1], _operator(1), _entry(1));
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperStaking.ReportKeyTaken.selector, VM.addr(keys[1]), _operator(1))
        );
        VM.prank(_operator(1));
        staking.rotate(_entry(1), possession);
    }

    function test_ANewWishReplacesTheOneBefore() external {
        _rotate(1, NEW_KEY);
        KeeperEntry memory entry = _entry(NEW_KEY);
        entry.endpoint = "/dns/elsewhere";
        bytes memory possession = _possession(keys[NEW_KEY], _operator(1), entry);
        VM.prank(_operator(1));
        staking.rotate(entry, possession);
        // What only the earlier wish held is free again, and what is in force is not.
        KeeperEntry memory other = _entry(NEW_KEY + 1);
        other.endpoint = _entry(NEW_KEY).endpoint;
        _fund(_operator(NEW_KEY + 1), MIN_STAKE);
        possession = _possession(keys[NEW_KEY + 1], _operator(NEW_KEY + 1), other);
        VM.prank(_operator(NEW_KEY + 1));
        staking.join(other, MIN_STAKE, possession);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        VM.assertEq(
            keccak256(bytes(registry.entries()[_indexOf(NEW_KEY)].endpoint)),
            keccak256("/dns/elsewhere")
        );
    }

    function test_ALeaverWorksThroughItsNoticeAndIsPaidAfterUnbonding() external {
        _requestLeave(0);
        uint256 asked = VM.getBlockTimestamp();
        VM.warp(asked + LEAVE_DELAY - 1);
        bytes32 digest = registry.configDigest();
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NothingToActivate.selector, digest));
        staking.activate();
        // In force, it stays bound however long it waits.
        VM.warp(asked + LEAVE_DELAY + 10 * UNBONDING);
        _expectBound(0, type(uint256).max);
        staking.activate();
        uint256 boundUntil = VM.getBlockTimestamp() + OVERLAP + UNBONDING;
        VM.warp(boundUntil);
        _expectBound(0, boundUntil);
        // Still slashable to the end.
        staking.slash(VM.addr(keys[0]), 1_000, PROVER);
        VM.warp(boundUntil + 1);
        VM.prank(_operator(0));
        staking.withdraw(address(0xCAFE));
        VM.assertEq(token.balanceOf(address(0xCAFE)), (MIN_STAKE * 9) / 10);
        VM.assertEq(staking.operators().length, KEEPERS);
        VM.assertEq(staking.operators()[0], _operator(1));
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotMember.selector, _operator(0)));
        staking.slash(VM.addr(keys[0]), 1_000, PROVER);
    }

    function test_AStandbyThatNeverServedUnbondsFromItsNotice() external {
        _requestLeave(STANDBY);
        uint256 boundUntil = VM.getBlockTimestamp() + LEAVE_DELAY + UNBONDING;
        VM.warp(boundUntil);
        _expectBound(STANDBY, boundUntil);
        VM.warp(boundUntil + 1);
        VM.prank(_operator(STANDBY));
        staking.withdraw(_operator(STANDBY));
        VM.assertEq(token.balanceOf(_operator(STANDBY)), MIN_STAKE);
    }

    function test_WhoLeftMayJoinAgainWithAnotherReportKey() external {
        _requestLeave(STANDBY);
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY + UNBONDING + 1);
        VM.startPrank(_operator(STANDBY));
        staking.withdraw(_operator(STANDBY));
        KeeperEntry memory entry = _entry(NEW_KEY);
        (entry.networkKey, entry.endpoint) = (_entry(STANDBY).networkKey, _entry(STANDBY).endpoint);
        bytes memory possession = _possession(keys[NEW_KEY], _operator(STANDBY), entry);
        staking.join(entry, MIN_STAKE, possession);
        VM.stopPrank();
        VM.assertEq(_stakeOf(STANDBY), MIN_STAKE);
        // Its old key is still its own: a proof against it, while one is taken, finds the stake.
        VM.assertEq(staking.atStakeUnits(VM.addr(keys[STANDBY])), MIN_STAKE);
    }

    /// Without a successor a leaver serves on, however long, and can still give up a key that leaked.
    function test_ALeaverWithoutASuccessorChangesItsKey() external {
        _requestLeave(STANDBY);
        _requestLeave(0);
        VM.warp(VM.getBlockTimestamp() + 365 days);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotEnoughKeepers.selector, 3, 4));
        staking.activate();
        _rotate(0, NEW_KEY);
        VM.expectEmit(address(staking));
        emit IKeeperStaking.LeaveCancelled(_operator(0));
        VM.prank(_operator(0));
        staking.cancelLeave();
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
        VM.assertFalse(registry.isKeeper(VM.addr(keys[0])));
        // It may ask again, with the whole notice.
        _requestLeave(0);
        VM.assertEq(uint256(staking.member(_operator(0)).leavesAt), VM.getBlockTimestamp() + LEAVE_DELAY);
    }

    function test_ARotationDuringTheNoticeComesIntoForce() external {
        _requestLeave(0);
        _rotate(0, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
    }

    function test_WhoCancelsIsChosenAgainAndCannotWithdraw() external {
        _requestLeave(0);
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY);
        staking.activate();
        VM.assertFalse(registry.isKeeper(VM.addr(keys[0])));
        VM.prank(_operator(0));
        staking.cancelLeave();
        VM.warp(VM.getBlockTimestamp() + OVERLAP + UNBONDING + 1);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotLeaving.selector, _operator(0)));
        VM.prank(_operator(0));
        staking.withdraw(_operator(0));
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[0])));
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotLeaving.selector, _operator(0)));
        VM.prank(_operator(0));
        staking.cancelLeave();
    }

    function test_RevertWhen_LeavingTwiceOrWithdrawingWithoutLeaving() external {
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotLeaving.selector, _operator(0)));
        VM.prank(_operator(0));
        staking.withdraw(_operator(0));
        _requestLeave(0);
        uint256 leavesAt = VM.getBlockTimestamp() + LEAVE_DELAY;
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.AlreadyLeaving.selector, leavesAt));
        _requestLeave(0);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ZeroAddress.selector));
        VM.prank(_operator(0));
        staking.withdraw(address(0));
    }

    function test_WithoutStakeAnOperatorIsOutForGood() external {
        staking.slash(VM.addr(keys[3]), 10_000, PROVER);
        VM.assertEq(_stakeOf(3), 0);
        staking.activate();
        VM.assertFalse(registry.isKeeper(VM.addr(keys[3])));
        bytes memory expected = abi.encodeWithSelector(IKeeperStaking.NoStakeLeft.selector, _operator(3));
        VM.expectRevert(expected);
        staking.slash(VM.addr(keys[3]), 10_000, PROVER);
        VM.startPrank(_operator(3));
        VM.expectRevert(expected);
        staking.addStake(MIN_STAKE);
        VM.expectRevert(expected);
        staking.requestLeave();
        VM.expectRevert(expected);
        staking.withdraw(_operator(3));
        bytes memory possession = _possession(keys[NEW_KEY], _operator(3), _entry(NEW_KEY));
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.AlreadyMember.selector, _operator(3)));
        staking.join(_entry(NEW_KEY), MIN_STAKE, possession);
        VM.stopPrank();
    }

    function test_BelowTheMinimumNobodyIsChosenUntilTheStakeIsMadeUp() external {
        staking.slash(VM.addr(keys[3]), 1, PROVER);
        staking.activate();
        VM.assertFalse(registry.isKeeper(VM.addr(keys[3])));
        uint96 missing = uint96(MIN_STAKE - _stakeOf(3));
        _fund(_operator(3), missing);
        VM.prank(_operator(3));
        staking.addStake(missing);
        VM.warp(VM.getBlockTimestamp() + OVERLAP + 1);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[3])));
    }

    function testFuzz_ASlashIsSplitToTheUnitAndRoundsAgainstTheKeeper(
        uint96 extra,
        uint256 shareBps
    ) external {
        extra = uint96(bound(extra, 1, type(uint96).max - MIN_STAKE));
        shareBps = bound(shareBps, 1, 10_000);
        _fund(_operator(0), extra);
        VM.prank(_operator(0));
        staking.addStake(extra);
        uint256 stake = _stakeOf(0);
        uint256 slashed = staking.slash(VM.addr(keys[0]), shareBps, PROVER);
        VM.assertGe(slashed * 10_000, stake * shareBps);
        VM.assertGt((stake * shareBps) + 10_000, slashed * 10_000);
        VM.assertEq(token.balanceOf(PROVER), (slashed * PROVER_SHARE_BPS) / 10_000);
        VM.assertEq(token.balanceOf(PROVER) + token.balanceOf(SINK), slashed);
        VM.assertEq(_stakeOf(0), stake - slashed);
    }

    function test_RevertWhen_SomeoneWithoutTheRoleSlashesOrGoverns() external {
        bytes memory noSlasher = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector,
            PROVER,
            staking.SLASHER_ROLE()
        );
        bytes memory noAdmin = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector,
            PROVER,
            bytes32(0)
        );
        VM.startPrank(PROVER);
        VM.expectRevert(noSlasher);
        staking.slash(VM.addr(keys[0]), 1, PROVER);
        VM.expectRevert(noAdmin);
        staking.setCandidate(PROVER, true);
        VM.expectRevert(noAdmin);
        staking.setMinStake(1);
        VM.expectRevert(noAdmin);
        staking.setFaults(2);
        VM.stopPrank();
    }

    function test_RevertWhen_TheSlashedKeyOrShareIsNone() external {
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.UnknownReportKey.selector, VM.addr(keys[7])));
        staking.slash(VM.addr(keys[7]), 1, PROVER);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ShareOutOfBounds.selector, 0, 1, 10_000));
        staking.slash(VM.addr(keys[0]), 0, PROVER);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ShareOutOfBounds.selector, 10_001, 1, 10_000));
        staking.slash(VM.addr(keys[0]), 10_001, PROVER);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ZeroUnits.selector));
        VM.prank(_operator(0));
        staking.addStake(0);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ZeroUnits.selector));
        staking.setMinStake(0);
    }

    function _expectBound(uint256 i, uint256 until) private {
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperStaking.StillBound.selector, until, VM.getBlockTimestamp())
        );
        VM.prank(_operator(i));
        staking.withdraw(_operator(i));
    }

    function _indexOf(uint256 i) private view returns (uint256 index) {
        address[] memory all = registry.keepers();
        while (all[index] != VM.addr(keys[i])) ++index;
    }
}
