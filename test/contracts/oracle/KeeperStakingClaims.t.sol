// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {KeeperEntry} from "../../../contracts/types/KeeperTypes.sol";
import {KeeperFixture} from "./support/KeeperFixture.sol";

/// @notice Who has a network key and an endpoint through rotations, departures and thefts.
contract KeeperStakingClaimsTest is KeeperFixture {
    uint256 private constant STANDBY = 4;
    uint256 private constant NEW_KEY = 5;
    uint256 private constant OTHER = 6;

    function setUp() public override {
        super.setUp();
        _joinAndWait(KEEPERS + 1);
    }

    function test_WhatARotationKeepsIsNobodyElsesBeforeAndAfterIt() external {
        KeeperEntry memory entry = _sharing(NEW_KEY, 1);
        _rotateTo(1, NEW_KEY, entry);
        _expectBothTaken(1);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
        _expectBothTaken(1);
        // Nor does a later rotation that gives both up free what another entry of the same operator has.
        _rotateTo(1, OTHER, _entry(OTHER));
        _expectBothTaken(1);
    }

    function test_AWishThatIsReplacedFreesNothingThatIsInForce() external {
        _rotateTo(1, NEW_KEY, _sharing(NEW_KEY, 1));
        KeeperEntry memory entry = _entry(NEW_KEY);
        _rotateTo(1, NEW_KEY, entry);
        _expectBothTaken(1);
    }

    function test_WhoWithdrawsLeavesItsRotationBehindToo() external {
        _rotateTo(STANDBY, NEW_KEY, _entry(NEW_KEY));
        _withdraw(STANDBY);
        // Another operator takes what both entries had.
        KeeperEntry memory entry = _entry(OTHER);
        (entry.networkKey, entry.endpoint) = (_entry(NEW_KEY).networkKey, _entry(STANDBY).endpoint);
        _joinWith(OTHER, entry);
        VM.assertEq(_stakeOf(OTHER), MIN_STAKE);
    }

    function test_WhatAWithdrawnOperatorHadServesAnother() external {
        _withdraw(STANDBY);
        _joinWith(OTHER, _sharing(OTHER, STANDBY));
        VM.warp(VM.getBlockTimestamp() + JOIN_DELAY);
        staking.setCandidate(_operator(0), false);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[OTHER])));
    }

    /// A thief copies network key and endpoint of another's transaction and is first. Once governance has seen it, the owner joins all the same.
    function test_WhoCopiesAnothersEntryKeepsItOutOnlyWhileItIsAllowed() external {
        KeeperEntry memory stolen = _sharing(OTHER, NEW_KEY);
        _joinWith(OTHER, stolen);
        KeeperEntry memory entry = _entry(NEW_KEY);
        _expectJoin(
            entry,
            abi.encodeWithSelector(
                IKeeperStaking.NetworkKeyTaken.selector,
                entry.networkKey,
                _operator(OTHER)
            )
        );
        staking.setCandidate(_operator(OTHER), false);
        _joinWith(NEW_KEY, entry);
        // Allowed again, the thief is not chosen with what is another's now, nor does it free it by leaving.
        staking.setCandidate(_operator(OTHER), true);
        staking.setCandidate(_operator(0), false);
        staking.setCandidate(_operator(1), false);
        VM.warp(VM.getBlockTimestamp() + JOIN_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
        VM.assertFalse(registry.isKeeper(VM.addr(keys[OTHER])));
        _withdraw(OTHER);
        _expectBothTaken(NEW_KEY);
    }

    /// With keys of its own it is chosen again.
    function test_WhoLostItsNamesRotatesToOthers() external {
        staking.setCandidate(_operator(STANDBY), false);
        _joinWith(OTHER, _sharing(OTHER, STANDBY));
        staking.setCandidate(_operator(STANDBY), true);
        staking.setCandidate(_operator(0), false);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NotEnoughKeepers.selector, 3, 4));
        staking.activate();
        _rotateTo(STANDBY, NEW_KEY, _entry(NEW_KEY));
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        VM.assertTrue(registry.isKeeper(VM.addr(keys[NEW_KEY])));
        // The rotation freed nothing of the new owner's.
        _expectBothTaken(STANDBY);
    }

    /// Key `i`, with network key and endpoint of key `like`.
    function _sharing(uint256 i, uint256 like) private view returns (KeeperEntry memory entry) {
        entry = _entry(i);
        (entry.networkKey, entry.endpoint) = (_entry(like).networkKey, _entry(like).endpoint);
    }

    function _rotateTo(uint256 i, uint256 key, KeeperEntry memory entry) private {
        bytes memory possession = _possession(keys[key], _operator(i), entry);
        VM.prank(_operator(i));
        staking.rotate(entry, possession);
    }

    function _joinWith(uint256 i, KeeperEntry memory entry) private {
        _fund(_operator(i), MIN_STAKE);
        bytes memory possession = _possession(keys[i], _operator(i), entry);
        VM.prank(_operator(i));
        staking.join(entry, MIN_STAKE, possession);
    }

    function _withdraw(uint256 i) private {
        _requestLeave(i);
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY + UNBONDING + 1);
        VM.prank(_operator(i));
        staking.withdraw(_operator(i));
    }

    /// The last candidate can take neither the network key nor the endpoint of key `i`.
    function _expectBothTaken(uint256 i) private {
        uint256 last = CANDIDATES - 1;
        KeeperEntry memory entry = _entry(last);
        entry.networkKey = _entry(i).networkKey;
        _expectTaken(last, entry, IKeeperStaking.NetworkKeyTaken.selector);
        entry = _entry(last);
        entry.endpoint = _entry(i).endpoint;
        _expectTaken(last, entry, IKeeperStaking.EndpointTaken.selector);
    }

    function _expectTaken(uint256 i, KeeperEntry memory entry, bytes4 selector) private {
        _fund(_operator(i), MIN_STAKE);
        bytes memory possession = _possession(keys[i], _operator(i), entry);
        VM.expectPartialRevert(selector);
        VM.prank(_operator(i));
        staking.join(entry, MIN_STAKE, possession);
    }

    function _expectJoin(KeeperEntry memory entry, bytes memory expected) private {
        bytes memory possession = _possession(keys[NEW_KEY], _operator(NEW_KEY), entry);
        VM.expectRevert(expected);
        VM.prank(_operator(NEW_KEY));
        staking.join(entry, MIN_STAKE, possession);
    }
}
