// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Guardian} from "../../../contracts/governance/Guardian.sol";
import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {IGuardian} from "../../../contracts/interfaces/IGuardian.sol";
import {HouseFixture} from "../support/HouseFixture.sol";

contract GuardianTest is HouseFixture {
    Guardian private guardian;
    address private multisig = address(0x5AFE);

    function setUp() public override {
        super.setUp();
        guardian = new Guardian(house, address(this), multisig);
        house.grantRole(house.GUARDIAN_ROLE(), address(guardian));
    }

    function _pause(uint256 duration) private {
        VM.prank(multisig);
        guardian.pause(duration);
    }

    function test_PauseStopsRiskAndEndsByItself() public {
        uint256 buyer = _open(alice, 10_000 * USD);
        uint256 seller = _open(bob, 10_000 * USD);
        _pause(3 days);
        uint256 until = START + 3 days;
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.Paused.selector, until, block.timestamp));
        _trade(buyer, seller, call, UNIT, uint128(MARK_E8));
        VM.warp(until);
        _trade(buyer, seller, call, UNIT, uint128(MARK_E8));
        VM.assertEq(int256(house.sizeOf(buyer, call)), int256(uint256(UNIT)));
    }

    function test_PauseNeverBlocksDepositOrReduction() public {
        uint256 buyer = _open(alice, 10_000 * USD);
        uint256 seller = _open(bob, 10_000 * USD);
        _trade(buyer, seller, call, UNIT, uint128(MARK_E8));
        _pause(3 days);
        _deposit(alice, buyer, coin, 1_000 * USD);
        _trade(seller, buyer, call, UNIT, uint128(MARK_E8));
        VM.assertEq(int256(house.sizeOf(buyer, call)), 0);
    }

    function test_RevertWhen_PausingAgainBeforeTheCoolDown() public {
        _pause(1 days);
        uint256 usableFrom = START + 1 days + guardian.COOL_DOWN();
        VM.assertEq(guardian.usableFrom(), usableFrom);
        VM.warp(usableFrom - 1);
        VM.expectRevert(abi.encodeWithSelector(IGuardian.CoolingDown.selector, usableFrom, usableFrom - 1));
        _pause(1);
        VM.warp(usableFrom);
        _pause(1);
        VM.assertEq(house.pausedUntil(), usableFrom + 1);
    }

    function test_RevertWhen_PauseIsTooLongOrEmpty() public {
        uint256 max = guardian.MAX_PAUSE();
        VM.expectRevert(abi.encodeWithSelector(IGuardian.PauseTooLong.selector, max + 1, max));
        _pause(max + 1);
        VM.expectRevert(abi.encodeWithSelector(IGuardian.ZeroDuration.selector));
        _pause(0);
    }

    function test_LiftEndsThePauseForGuardianAndGovernance() public {
        _pause(3 days);
        VM.prank(multisig);
        guardian.lift();
        VM.assertEq(house.pausedUntil(), block.timestamp);
        VM.warp(guardian.usableFrom());
        _pause(3 days);
        guardian.lift();
        VM.assertEq(house.pausedUntil(), block.timestamp);
    }

    function test_RevertWhen_LiftingWithoutPauseOrRight() public {
        VM.expectRevert(abi.encodeWithSelector(IGuardian.NotPaused.selector, 0, block.timestamp));
        guardian.lift();
        _pause(1 days);
        VM.expectRevert(_unauthorised(alice));
        VM.prank(alice);
        guardian.lift();
    }

    function test_GovernanceReplacesTheGuardian() public {
        bytes32 role = guardian.GUARDIAN_ROLE();
        guardian.revokeRole(role, multisig);
        guardian.grantRole(role, carol);
        VM.expectRevert(_unauthorised(multisig));
        _pause(1 days);
        VM.prank(carol);
        guardian.pause(1 days);
        VM.assertEq(house.pausedUntil(), START + 1 days);
    }

    function testFuzz_NoGuardianPausesMoreThanHalfOfTheTime(uint256 duration, uint256 wait) public {
        uint256 paused;
        for (uint256 i = 0; i < 8; ++i) {
            uint256 length = bound(uint256(keccak256(abi.encode(duration, i))), 1, guardian.MAX_PAUSE());
            _pause(length);
            paused += length;
            VM.warp(guardian.usableFrom() + bound(uint256(keccak256(abi.encode(wait, i))), 0, 1 hours));
        }
        VM.assertLe(2 * paused, block.timestamp - START);
    }

    function _unauthorised(address who) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                who,
                guardian.GUARDIAN_ROLE()
            );
    }
}
