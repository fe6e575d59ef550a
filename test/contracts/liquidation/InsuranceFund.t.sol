// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IInsuranceFund} from "../../../contracts/interfaces/IInsuranceFund.sol";
import {InsuranceFund} from "../../../contracts/liquidation/InsuranceFund.sol";
import {TestBase} from "../support/TestBase.sol";
import {TestToken} from "../support/TestToken.sol";

contract InsuranceFundTest is TestBase {
    uint256 private constant USD = 1e6;
    uint256 private constant ACCOUNT = 7;
    address private constant VAULT = address(0x7A017);

    TestToken private coin;
    InsuranceFund private fund;
    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);

    function setUp() public {
        VM.warp(1_770_000_000);
        coin = new TestToken("USDC", 6);
        fund = new InsuranceFund(coin, VAULT, address(this));
        fund.grantRole(fund.LIQUIDATION_ROLE(), address(this));
    }

    function _deposit(address who, uint256 assets) private returns (uint256 shares) {
        coin.mint(who, assets);
        VM.startPrank(who);
        coin.approve(address(fund), assets);
        shares = fund.deposit(assets, who);
        VM.stopPrank();
    }

    function _request(address who, uint256 shares) private {
        VM.prank(who);
        fund.requestExit(shares);
    }

    function _exit(address who) private returns (uint256 assets) {
        VM.prank(who);
        assets = fund.exit(who);
    }

    function _penalty(uint256 amount) private {
        coin.mint(address(fund), amount);
        fund.notifyPenalty(amount);
    }

    function test_DonationMovesNoPrice() public {
        _deposit(alice, 1_000 * USD);
        uint256 before = fund.convertToAssets(1e12);
        coin.mint(address(fund), 1_000_000 * USD);
        VM.assertEq(fund.convertToAssets(1e12), before);
        VM.assertEq(fund.totalAssets(), 1_000 * USD);
    }

    function test_DonationBeforeTheFirstDepositTakesNothingFromIt() public {
        coin.mint(address(fund), 1_000_000 * USD);
        uint256 shares = _deposit(alice, 1);
        VM.assertEq(fund.convertToAssets(shares), 1);
    }

    function test_ExitPaysAfterTheWait() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        _request(alice, shares);
        uint256 readyAt = fund.exitRequest(alice).readyAt;
        VM.assertEq(readyAt, block.timestamp + 7 days);
        VM.warp(readyAt);
        VM.assertEq(_exit(alice), 1_000 * USD);
        VM.assertEq(coin.balanceOf(alice), 1_000 * USD);
        VM.assertEq(fund.totalSupply(), 0);
    }

    function test_ExitBearsALossDuringTheWait() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        _deposit(bob, 1_000 * USD);
        _request(alice, shares);
        fund.cover(ACCOUNT, 500 * USD);
        VM.warp(block.timestamp + 7 days);
        VM.assertEq(_exit(alice), 750 * USD);
        VM.assertEq(coin.balanceOf(VAULT), 500 * USD);
    }

    function test_ExitMissesAGainDuringTheWait() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        uint256 sharesOfBob = _deposit(bob, 1_000 * USD);
        _request(alice, shares);
        _penalty(100 * USD);
        VM.warp(block.timestamp + 7 days);
        VM.assertEq(_exit(alice), 1_000 * USD);
        VM.assertGe(fund.convertToAssets(sharesOfBob), 1_099 * USD);
    }

    function test_CancelledExitReturnsTheShares() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        _request(alice, shares);
        VM.assertEq(fund.balanceOf(alice), 0);
        VM.prank(alice);
        fund.cancelExit();
        VM.assertEq(fund.balanceOf(alice), shares);
        VM.assertEq(fund.exitRequest(alice).shares, 0);
    }

    function test_RevertWhen_ExitComesTooEarlyOrTooLate() public {
        _request(alice, _deposit(alice, 1_000 * USD));
        uint256 readyAt = fund.exitRequest(alice).readyAt;
        VM.warp(readyAt - 1);
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.ExitNotReady.selector, readyAt, readyAt - 1));
        _exit(alice);
        uint256 closesAt = readyAt + fund.EXIT_WINDOW();
        VM.warp(closesAt + 1);
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.ExitLapsed.selector, closesAt, closesAt + 1));
        _exit(alice);
    }

    function test_AnExitIsOpenToTheLastSecondOfItsWindow() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        _request(alice, shares);
        VM.warp(fund.exitRequest(alice).readyAt + fund.EXIT_WINDOW());
        VM.assertEq(_exit(alice), 1_000 * USD);
    }

    /// A unit that is half dripped is not yet the shares'.
    function test_DripRoundsUpAgainstTheShares() public {
        _deposit(alice, 1_000 * USD);
        _penalty(1);
        VM.warp(block.timestamp + fund.DRIP_PERIOD() / 2);
        VM.assertEq(fund.totalAssets(), 1_000 * USD);
        VM.warp(block.timestamp + fund.DRIP_PERIOD() / 2);
        VM.assertEq(fund.totalAssets(), 1_000 * USD + 1);
    }

    function test_RevertWhen_ExitWithoutRequestOrASecondRequest() public {
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.NoExitRequested.selector, alice));
        _exit(alice);
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.ZeroShares.selector));
        _request(alice, 0);
        uint256 shares = _deposit(alice, 1_000 * USD);
        _request(alice, shares / 2);
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.ExitPending.selector, alice, shares / 2));
        _request(alice, shares / 2);
    }

    function test_RevertWhen_ExitWouldLeaveLessThanTheReserve() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        _deposit(bob, 500 * USD);
        _request(alice, shares);
        VM.warp(block.timestamp + 7 days);
        uint256 reserve = 500 * USD + 1;
        fund.setReserve(reserve);
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.ReserveLocked.selector, 500 * USD, reserve));
        _exit(alice);
        fund.setReserve(500 * USD);
        VM.assertEq(_exit(alice), 1_000 * USD);
    }

    function test_RevertWhen_RedeemingWithoutRequest() public {
        uint256 shares = _deposit(alice, 1_000 * USD);
        VM.assertEq(fund.maxRedeem(alice), 0);
        VM.assertEq(fund.maxWithdraw(alice), 0);
        VM.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, alice, shares, uint256(0))
        );
        VM.prank(alice);
        fund.redeem(shares, alice, alice);
    }

    function test_PenaltyDripsOverADay() public {
        _deposit(alice, 1_000 * USD);
        _penalty(240 * USD);
        VM.assertEq(fund.totalAssets(), 1_000 * USD);
        VM.assertEq(fund.capacityE6(), 1_240 * USD);
        VM.warp(block.timestamp + 6 hours);
        VM.assertEq(fund.totalAssets(), 1_060 * USD);
        VM.warp(block.timestamp + 18 hours);
        VM.assertEq(fund.totalAssets(), 1_240 * USD);
    }

    function test_ASecondPenaltyKeepsWhatHasDripped() public {
        _deposit(alice, 1_000 * USD);
        _penalty(240 * USD);
        VM.warp(block.timestamp + 12 hours);
        _penalty(60 * USD);
        VM.assertEq(fund.totalAssets(), 1_120 * USD);
        VM.warp(block.timestamp + 24 hours);
        VM.assertEq(fund.totalAssets(), 1_300 * USD);
    }

    function test_RevertWhen_PenaltyHasNotArrived() public {
        _deposit(alice, 1_000 * USD);
        VM.expectRevert(
            abi.encodeWithSelector(IInsuranceFund.PenaltyNotReceived.selector, 1_000 * USD, 1_001 * USD)
        );
        fund.notifyPenalty(1 * USD);
    }

    function test_CoverPaysAtMostWhatTheFundHas() public {
        _deposit(alice, 1_000 * USD);
        _penalty(100 * USD);
        VM.assertEq(fund.cover(ACCOUNT, 400 * USD), 400 * USD);
        VM.assertEq(fund.totalAssets(), 600 * USD);
        VM.assertEq(fund.cover(ACCOUNT, 5_000 * USD), 700 * USD);
        VM.assertEq(fund.totalAssets(), 0);
        VM.assertEq(fund.capacityE6(), 0);
        VM.assertEq(fund.cover(ACCOUNT, 1), 0);
        VM.assertEq(coin.balanceOf(VAULT), 1_100 * USD);
    }

    function test_RevertWhen_AnyoneElseCallsForLiquidation() public {
        bytes32 role = fund.LIQUIDATION_ROLE();
        bytes memory refused = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector,
            alice,
            role
        );
        VM.startPrank(alice);
        VM.expectRevert(refused);
        fund.cover(ACCOUNT, 1);
        VM.expectRevert(refused);
        fund.notifyPenalty(1);
        VM.expectRevert(refused);
        fund.setReserve(1);
        VM.stopPrank();
    }

    function testFuzz_RoundTripNeverProfits(
        uint256 first,
        uint256 second,
        uint256 loss,
        uint256 gain
    ) public {
        first = bound(first, 1, 1e15);
        second = bound(second, 1, 1e15);
        _deposit(bob, first);
        _penalty(bound(gain, 0, 1e12));
        VM.warp(block.timestamp + 1 days);
        fund.cover(ACCOUNT, bound(loss, 0, first));
        uint256 shares = _deposit(alice, second);
        VM.assume(shares > 0);
        _request(alice, shares);
        _penalty(bound(gain, 0, 1e12));
        VM.warp(block.timestamp + 7 days);
        VM.assertLe(_exit(alice), second);
    }
}
