// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {KeeperEntry} from "../../../contracts/types/KeeperTypes.sol";
import {ReentrantToken} from "../support/ReentrantToken.sol";
import {TestToken} from "../support/TestToken.sol";
import {KeeperFixture} from "./support/KeeperFixture.sol";

/// @notice A stake token that calls back in the middle of a transfer gains nothing.
contract KeeperStakingReentrancyTest is KeeperFixture {
    function _newToken() internal override returns (TestToken) {
        return new ReentrantToken(18);
    }

    function test_NoStakeIsPaidTwice() external {
        // The token is the operator, so that its call back comes from a member.
        address operator = address(token);
        staking.setCandidate(operator, true);
        _fund(operator, MIN_STAKE);
        bytes memory possession = _possession(keys[0], operator, _entry(0));
        VM.prank(operator);
        staking.join(_entry(0), MIN_STAKE, possession);
        _join(1);
        VM.prank(operator);
        staking.requestLeave();
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY + UNBONDING + 1);
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        registry.grantRole(registry.CONFIGURER_ROLE(), address(this));
        registry.configure(_lastFour(), 1);
        VM.warp(VM.getBlockTimestamp() + OVERLAP + UNBONDING + 1);
        ReentrantToken(address(token)).arm(
            address(staking),
            abi.encodeCall(IKeeperStaking.withdraw, (operator))
        );
        VM.prank(operator);
        staking.withdraw(address(0xCAFE));
        VM.assertTrue(ReentrantToken(address(token)).attempted());
        VM.assertFalse(ReentrantToken(address(token)).succeeded());
        VM.assertEq(token.balanceOf(address(staking)), MIN_STAKE);
        VM.assertEq(token.balanceOf(address(0xCAFE)), MIN_STAKE);
    }

    function _lastFour() private view returns (KeeperEntry[] memory entries) {
        entries = new KeeperEntry[](KEEPERS);
        for (uint256 i; i < KEEPERS; ++i) entries[i] = _entry(CANDIDATES - KEEPERS + i);
    }
}
