// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeeperHandler} from "./support/KeeperHandler.sol";
import {PhasedFeed} from "./support/PhasedFeed.sol";
import {ProofFixture} from "./support/ProofFixture.sol";

/// @notice What holds after any sequence of joining, adding, rotating, leaving, withdrawing, activating, proving and expelling.
contract KeeperInvariantsTest is ProofFixture {
    uint256 private constant LIFE_STEPS = 1_500;

    KeeperHandler private handler;

    function setUp() public override {
        super.setUp();
        // A staking contract of its own, which nobody has joined.
        staking = _newStaking(PROVER_SHARE_BPS, _delays());
        registry.grantRole(registry.CONFIGURER_ROLE(), address(staking));
        PhasedFeed feed = new PhasedFeed(8, 1);
        _setFeed(address(feed), 200, 1 hours);
        slashing = _newSlashing();
        staking.grantRole(staking.SLASHER_ROLE(), address(slashing));
        handler = new KeeperHandler(token, registry, staking, slashing, feed);
        // Its first round, from before every observation.
        feed.push(1, 3_000e8, VM.getBlockTimestamp());
        slashing.notePhase(1);
        for (uint256 i; i < handler.OPERATORS(); ++i) _fund(_operator(i), 0);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_StakeIsConservedToTheUnit() external view {
        uint256 sum;
        for (uint256 i; i < handler.OPERATORS(); ++i) sum += _stakeOf(i);
        VM.assertEq(sum, token.balanceOf(address(staking)));
        VM.assertEq(sum + handler.slashedUnits() + handler.withdrawnUnits(), handler.mintedUnits());
        VM.assertEq(token.balanceOf(handler.PROVER()) + token.balanceOf(SINK), handler.slashedUnits());
    }

    function invariant_NobodyHonestIsSlashed() external view {
        for (uint256 i; i < handler.OPERATORS(); ++i) {
            bool member = staking.member(_operator(i)).entry.reportKey != address(0);
            if (member && !handler.isGuilty(i)) VM.assertGe(_stakeOf(i), MIN_STAKE);
        }
    }

    function invariant_WhoeverCountsIsBound() external view {
        for (uint256 i; i < handler.OPERATORS(); ++i) {
            address key = staking.member(_operator(i)).entry.reportKey;
            if (registry.isKeeper(key)) VM.assertEq(staking.operatorOf(key), _operator(i));
        }
        if (handler.activationCount() == 0) return;
        address[] memory inForce = registry.keepers();
        for (uint256 i; i < inForce.length; ++i) {
            // Everyone in force has stake, unless it was slashed since.
            address operator = staking.operatorOf(inForce[i]);
            VM.assertTrue(operator != address(0));
            VM.assertTrue(staking.member(operator).entry.reportKey != address(0));
        }
    }

    /// The actions above do reach every outcome: many operators join, serve, are slashed and leave with their stake.
    function test_TheSequencesReachEveryOutcome() external {
        uint256 seed = 7;
        for (uint256 step; step < LIFE_STEPS; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 i = seed >> 128;
            uint256 action = seed % 13;
            if (action < 2) handler.join(i, uint96(seed >> 32));
            else if (action == 2) handler.addStake(i, uint96(seed >> 32));
            else if (action == 3) handler.rotate(i);
            else if (action == 4 && seed % 3 == 0) handler.requestLeave(i);
            else if (action == 5) handler.withdraw(i);
            else if (action == 6) handler.activate();
            else if (action == 7) handler.pass((seed >> 16) % 3 days);
            else if (action == 8) handler.prove(i, seed >> 8, seed >> 16, 1, 1);
            else if (action == 9) handler.signSpot(i, seed >> 8, seed >> 16, seed >> 24);
            else if (action == 10) handler.expel(i, seed >> 8);
            else if (action == 11) handler.cancelLeave(i);
        }
        VM.assertGt(handler.activationCount(), 3);
        VM.assertGt(handler.withdrawCount(), 0);
        VM.assertGt(handler.slashCount(), 0);
        VM.assertGt(handler.spotSlashCount(), 0);
        VM.assertGt(handler.expulsionCount(), 0);
        this.invariant_StakeIsConservedToTheUnit();
        this.invariant_NobodyHonestIsSlashed();
        this.invariant_WhoeverCountsIsBound();
    }
}
