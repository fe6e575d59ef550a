// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {KeeperEntry} from "../../../contracts/types/KeeperTypes.sol";
import {KeeperFixture} from "./support/KeeperFixture.sol";

/// @notice An operator whose whole stake is gone: out of the quorum at once, and its place, network key and endpoint free for others.
contract KeeperStakingExpulsionTest is KeeperFixture {
    uint256 private constant STANDBY = 4;
    uint256 private constant LIAR = 1;
    uint256 private constant NEW_KEY = 5;
    bytes32 private constant MESSAGE = keccak256("a message");

    /// The standby leaves: nobody can take the liar's place.
    function setUp() public override {
        super.setUp();
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        _joinAndWait(KEEPERS + 1);
        _requestLeave(STANDBY);
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY);
    }

    function test_TheRestGoOnUnderTheSameDigestWithTheSameQuorum() external {
        bytes32 digest = registry.configDigest();
        _slash(LIAR);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotEnoughKeepers.selector, 3, 4));
        staking.activate();
        // Until somebody says so, it counts.
        VM.assertEq(registry.requireQuorum(digest, MESSAGE, _signatures(0, LIAR, 2)), 7);
        VM.prank(PROVER);
        staking.expel(_keyOf(LIAR));
        VM.assertEq(registry.configDigest(), digest);
        VM.assertEq(registry.quorum(), 3);
        VM.assertEq(registry.requireQuorum(digest, MESSAGE, _signatures(0, 2, 3)), 13);
        _expectUnknown(digest, 0, LIAR, 2, LIAR);
        VM.assertFalse(registry.isKeeper(_keyOf(LIAR)));
        VM.assertTrue(registry.isKeeper(_keyOf(2)));
        VM.assertEq(registry.countsUntil(_keyOf(LIAR)), 0);
    }

    function test_ItIsListedByTheDigestsEntriesAndNoLongerAmongTheKeepers() external {
        bytes32 digest = registry.configDigest();
        _slash(LIAR);
        staking.expel(_keyOf(LIAR));
        address[] memory keepers = registry.keepers();
        VM.assertEq(keepers.length, 3);
        VM.assertEq(keepers[0], _keyOf(0));
        VM.assertEq(keepers[1], _keyOf(2));
        VM.assertEq(keepers[2], _keyOf(3));
        VM.assertEq(registry.entries().length, KEEPERS);
        VM.assertEq(registry.keysOf(digest).length, KEEPERS);
        VM.assertEq(registry.keysOf(digest)[LIAR], _keyOf(LIAR));
        // Who signed is still told, so that an older lie can be named.
        VM.assertEq(registry.keeperSigner(digest, MESSAGE, _signed(keys[LIAR], MESSAGE)), _keyOf(LIAR));
    }

    function test_ItStaysOutWhenTheSameKeepersGetOtherParameters() external {
        _slash(LIAR);
        staking.expel(_keyOf(LIAR));
        registry.setParametersHash(keccak256("parameters"));
        bytes32 digest = registry.configDigest();
        VM.assertEq(registry.keepers().length, 3);
        VM.assertEq(registry.requireQuorum(digest, MESSAGE, _signatures(0, 2, 3)), 13);
        _expectUnknown(digest, 0, LIAR, 2, LIAR);
    }

    function test_ItIsOutOfTheOverlappingConfigurationToo() external {
        bytes32 before = registry.configDigest();
        _rotate(LIAR, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        bytes32 digest = registry.configDigest();
        _slash(LIAR);
        // By its older key: the one in force is out with it.
        staking.expel(_keyOf(LIAR));
        _expectUnknown(before, 0, LIAR, 2, LIAR);
        VM.assertEq(registry.requireQuorum(before, MESSAGE, _signatures(0, 2, 3)), 13);
        VM.assertFalse(registry.isKeeper(_keyOf(NEW_KEY)));
        VM.assertEq(registry.requireQuorum(digest, MESSAGE, _signatures(0, 2, 3)), _positionsOf(0, 2, 3));
        _expectUnknown(digest, 2, 3, NEW_KEY, NEW_KEY);
    }

    function test_AnOlderKeyThatStillCountsIsTakenOutAfterwards() external {
        bytes32 before = registry.configDigest();
        _rotate(LIAR, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        _slash(LIAR);
        staking.expel(_keyOf(NEW_KEY));
        VM.assertEq(registry.requireQuorum(before, MESSAGE, _signatures(0, LIAR, 2)), 7);
        staking.expel(_keyOf(LIAR));
        _expectUnknown(before, 0, LIAR, 2, LIAR);
    }

    /// Three faulty of four are more than the protocol bears: better no report than one of proven liars.
    function test_BeyondTheFaultsThatAreBorneThereIsNoQuorum() external {
        _slash(LIAR);
        _slash(2);
        staking.expel(_keyOf(LIAR));
        staking.expel(_keyOf(2));
        bytes32 digest = registry.configDigest();
        VM.assertEq(registry.keepers().length, 2);
        _expectUnknown(digest, 0, 2, 3, 2);
    }

    function test_ItsPlaceIsFreeAndTheConfigurationGoesOnWithASuccessor() external {
        uint256 members = staking.operators().length;
        _slash(LIAR);
        VM.expectEmit(address(staking));
        emit IKeeperStaking.OperatorExpelled(_operator(LIAR), _keyOf(LIAR));
        staking.expel(_keyOf(LIAR));
        VM.assertEq(staking.operators().length, members - 1);
        // Network key and endpoint are anybody's.
        KeeperEntry memory entry = _entry(NEW_KEY);
        (entry.networkKey, entry.endpoint) = (_entry(LIAR).networkKey, _entry(LIAR).endpoint);
        _joinWith(NEW_KEY, entry);
        VM.warp(VM.getBlockTimestamp() + JOIN_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(_keyOf(NEW_KEY)));
        VM.assertEq(registry.keepers().length, KEEPERS);
    }

    function test_AnOpenRotationGoesWithIt() external {
        _rotate(LIAR, NEW_KEY);
        _slash(LIAR);
        staking.expel(_keyOf(LIAR));
        KeeperEntry memory entry = _entry(NEW_KEY + 1);
        (entry.networkKey, entry.endpoint) = (_entry(NEW_KEY).networkKey, _entry(NEW_KEY).endpoint);
        _joinWith(NEW_KEY + 1, entry);
        VM.assertEq(_stakeOf(NEW_KEY + 1), MIN_STAKE);
    }

    function test_RevertWhen_TheExpelledJoinsAgain() external {
        _slash(LIAR);
        staking.expel(_keyOf(LIAR));
        VM.assertTrue(staking.isExpelled(_operator(LIAR)));
        bytes memory possession = _possession(keys[NEW_KEY], _operator(LIAR), _entry(NEW_KEY));
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.Expelled.selector, _operator(LIAR)));
        VM.prank(_operator(LIAR));
        staking.join(_entry(NEW_KEY), MIN_STAKE, possession);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotMember.selector, _operator(LIAR)));
        staking.slash(_keyOf(LIAR), 1, PROVER);
    }

    function test_RevertWhen_ThereIsStakeLeftOrNobodyToExpel() external {
        staking.slash(_keyOf(LIAR), 9_999, PROVER);
        uint256 left = _stakeOf(LIAR);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.StakeLeft.selector, _operator(LIAR), left));
        staking.expel(_keyOf(LIAR));
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.UnknownReportKey.selector, _keyOf(NEW_KEY)));
        staking.expel(_keyOf(NEW_KEY));
    }

    function test_RevertWhen_TheOperatorLeftWithItsStake() external {
        VM.warp(VM.getBlockTimestamp() + UNBONDING + 1);
        VM.prank(_operator(STANDBY));
        staking.withdraw(_operator(STANDBY));
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotMember.selector, _operator(STANDBY)));
        staking.expel(_keyOf(STANDBY));
    }

    function test_RevertWhen_SomeoneElseExcludesOrTheKeyDoesNotCount() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                address(this),
                registry.CONFIGURER_ROLE()
            )
        );
        registry.exclude(_keyOf(0));
        registry.grantRole(registry.CONFIGURER_ROLE(), address(this));
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.NotCounting.selector, _keyOf(STANDBY)));
        registry.exclude(_keyOf(STANDBY));
        VM.expectEmit(address(registry));
        emit IKeeperRegistry.KeeperExcluded(_keyOf(0));
        registry.exclude(_keyOf(0));
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.AlreadyExcluded.selector, _keyOf(0)));
        registry.exclude(_keyOf(0));
    }

    /// A configuration whose overlap is over is past: its keys are not taken out of it.
    function test_RevertWhen_TheKeyCountedOnlyInThePast() external {
        _rotate(LIAR, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        registry.grantRole(registry.CONFIGURER_ROLE(), address(this));
        VM.warp(VM.getBlockTimestamp() + OVERLAP + 1);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.NotCounting.selector, _keyOf(LIAR)));
        registry.exclude(_keyOf(LIAR));
    }

    function _slash(uint256 i) private {
        staking.slash(staking.member(_operator(i)).entry.reportKey, 10_000, PROVER);
    }

    function _joinWith(uint256 i, KeeperEntry memory entry) private {
        _fund(_operator(i), MIN_STAKE);
        bytes memory possession = _possession(keys[i], _operator(i), entry);
        VM.prank(_operator(i));
        staking.join(entry, MIN_STAKE, possession);
    }

    function _keyOf(uint256 i) private view returns (address) {
        return VM.addr(keys[i]);
    }

    function _signatures(uint256 a, uint256 b, uint256 c) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](3);
        signatures[0] = _signed(keys[a], MESSAGE);
        signatures[1] = _signed(keys[b], MESSAGE);
        signatures[2] = _signed(keys[c], MESSAGE);
    }

    function _positionsOf(uint256 a, uint256 b, uint256 c) private view returns (uint256 bits) {
        address[] memory all = registry.keysOf(registry.configDigest());
        for (uint256 i; i < all.length; ++i) {
            if (all[i] == _keyOf(a) || all[i] == _keyOf(b) || all[i] == _keyOf(c)) bits |= 1 << i;
        }
    }

    function _expectUnknown(bytes32 digest, uint256 a, uint256 b, uint256 c, uint256 unknown) private {
        bytes[] memory signatures = _signatures(a, b, c);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.UnknownSigner.selector, _keyOf(unknown)));
        registry.requireQuorum(digest, MESSAGE, signatures);
    }
}
