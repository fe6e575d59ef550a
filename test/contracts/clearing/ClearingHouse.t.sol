// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {ClearingHouse} from "../../../contracts/clearing/ClearingHouse.sol";
import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {IMarginEngine} from "../../../contracts/interfaces/IMarginEngine.sol";
import {HouseFixture} from "../support/HouseFixture.sol";
import {ReentrantToken} from "../support/ReentrantToken.sol";
import {TestToken} from "../support/TestToken.sol";

/// @notice Accounts, deposits, withdrawals, the pause and the modules.
contract ClearingHouseTest is HouseFixture {
    function test_AccountsRiseFromOneAndOneOwnerMayHoldMany() external {
        VM.assertEq(house.openAccount(alice), 1);
        VM.assertEq(house.openAccount(alice), 2);
        VM.assertEq(house.accountCount(), 2);
        VM.assertEq(house.ownerOf(2), alice);
    }

    function test_RevertWhen_AnAccountIsOpenedForNobody() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAddress.selector));
        house.openAccount(address(0));
    }

    function test_RevertWhen_TheOwnerOfAnUnknownAccountIsAsked() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 7));
        house.ownerOf(7);
    }

    function test_AnOperatorActsUntilItIsRemoved() external {
        uint256 account = _open(alice, 10 * USD);
        VM.prank(alice);
        house.setOperator(account, bob, true);
        VM.assertTrue(house.mayAct(account, bob));
        VM.prank(bob);
        house.withdraw(account, address(coin), USD, carol);
        VM.assertEq(coin.balanceOf(carol), USD);
        VM.prank(alice);
        house.setOperator(account, bob, false);
        VM.assertFalse(house.mayAct(account, bob));
    }

    function test_NobodyActsForAnAccountThatDoesNotExist() external view {
        VM.assertFalse(house.mayAct(9, address(0)));
    }

    function test_RevertWhen_AnOperatorNamesAnotherOperator() external {
        uint256 account = _open(alice, 0);
        VM.prank(alice);
        house.setOperator(account, bob, true);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.NotAuthorised.selector, account, bob));
        VM.prank(bob);
        house.setOperator(account, carol, true);
    }

    function test_RevertWhen_AStrangerOptsIntoInflows() external {
        uint256 account = _open(alice, 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.NotAuthorised.selector, account, bob));
        VM.prank(bob);
        house.setInflows(account, true);
    }

    function test_CashIsSignedUsdAndTokensLieInTheVault() external {
        uint256 account = _open(alice, 500 * USD);
        _deposit(alice, account, weth, 2 ether);
        VM.assertEq(house.cashE6(account), int256(500 * USD));
        VM.assertEq(vault.held(address(coin)), 500 * USD);
        VM.assertEq(vault.balanceOf(account, address(weth)), 2 ether);
        VM.assertEq(house.book(account).collateral[0].quantityE8, 1.8e8);
    }

    function test_RevertWhen_AStrangerDepositsWithoutOptIn() external {
        uint256 account = _open(alice, 0);
        coin.mint(bob, USD);
        VM.startPrank(bob);
        coin.approve(address(vault), USD);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.InflowsNotAllowed.selector, account, bob));
        house.deposit(account, address(coin), USD);
        VM.stopPrank();
    }

    function test_AStrangerDepositsAfterOptIn() external {
        uint256 account = _open(alice, 0);
        VM.prank(alice);
        house.setInflows(account, true);
        VM.assertTrue(house.inflowsAllowed(account));
        _deposit(bob, account, coin, USD);
        VM.assertEq(house.cashE6(account), int256(USD));
    }

    function test_RevertWhen_DepositingNothingOrIntoNothing() external {
        uint256 account = _open(alice, 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        VM.prank(alice);
        house.deposit(account, address(coin), 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 99));
        house.deposit(99, address(coin), 1);
    }

    function test_PauseStaleReportAndMarginCallDoNotBlockDeposits() external {
        uint256 account = _open(alice, 0);
        house.pauseRiskIncrease(START + 1 days);
        house.setReduceOnly(account, true);
        engine.setAge(2 hours);
        _deposit(alice, account, coin, USD);
        VM.assertEq(house.cashE6(account), int256(USD));
    }

    function test_RevertWhen_AStrangerWithdraws() external {
        uint256 account = _open(alice, USD);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.NotAuthorised.selector, account, bob));
        VM.prank(bob);
        house.withdraw(account, address(coin), 1, bob);
    }

    function test_RevertWhen_WithdrawingNothingToNobodyOrFromNowhere() external {
        uint256 account = _open(alice, USD);
        VM.startPrank(alice);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        house.withdraw(account, address(coin), 0, alice);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAddress.selector));
        house.withdraw(account, address(coin), 1, address(0));
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 99));
        house.withdraw(99, address(coin), 1, alice);
        VM.stopPrank();
    }

    function test_RevertWhen_WithdrawingMoreCashThanThereIs() external {
        uint256 account = _open(alice, USD);
        _deposit(alice, account, weth, 10 ether);
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.InsufficientBalance.selector,
                account,
                address(coin),
                USD + 1,
                USD
            )
        );
        VM.prank(alice);
        house.withdraw(account, address(coin), USD + 1, alice);
    }

    function test_RevertWhen_WithdrawingMoreCollateralThanThereIs() external {
        uint256 account = _open(alice, 0);
        _deposit(alice, account, weth, 1 ether);
        VM.expectRevert(
            abi.encodeWithSelector(
                ICollateralVault.InsufficientCollateral.selector,
                account,
                address(weth),
                1 ether + 1,
                1 ether
            )
        );
        VM.prank(alice);
        house.withdraw(account, address(weth), 1 ether + 1, alice);
    }

    function test_AWithdrawalMayEndExactlyAtInitialMarginAndNoUnitBelow() external {
        uint256 short = _open(alice, 100 * USD);
        uint256 long = _open(bob, 1_000 * USD);
        // 1 call at its mark of 100: gross 100, initial 15, cash 200, equity 100.
        _trade(long, short, call, UNIT, uint128(MARK_E8));
        VM.startPrank(alice);
        house.withdraw(short, address(coin), 85 * USD, alice);
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.BelowInitialMargin.selector,
                short,
                int256(15 * USD - 1),
                15 * USD
            )
        );
        house.withdraw(short, address(coin), 1, alice);
        VM.stopPrank();
    }

    function test_RevertWhen_WithdrawingUnderAMarginCall() external {
        uint256 account = _open(alice, USD);
        house.setReduceOnly(account, true);
        VM.assertTrue(house.isReduceOnly(account));
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.AccountIsReduceOnly.selector, account));
        VM.prank(alice);
        house.withdraw(account, address(coin), 1, alice);
    }

    function test_RevertWhen_WithdrawingWhilePaused() external {
        uint256 account = _open(alice, USD);
        house.pauseRiskIncrease(START + 1 hours);
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.Paused.selector, START + 1 hours, block.timestamp)
        );
        VM.prank(alice);
        house.withdraw(account, address(coin), 1, alice);
        VM.warp(START + 1 hours);
        VM.prank(alice);
        house.withdraw(account, address(coin), 1, alice);
    }

    function test_RevertWhen_WithdrawingOnAStaleReport() external {
        uint256 account = _open(alice, USD);
        engine.setAge(1 hours + 1);
        VM.expectRevert(abi.encodeWithSelector(IMarginEngine.ReportTooOld.selector, 1 hours + 1, 1 hours));
        VM.prank(alice);
        house.withdraw(account, address(coin), 1, alice);
    }

    function test_RevertWhen_TheVaultLacksTheCoin() external {
        uint256 short = _open(alice, 0);
        _deposit(alice, short, weth, 10 ether);
        uint256 long = _open(bob, 0);
        _deposit(bob, long, weth, 10 ether);
        _trade(long, short, call, UNIT, uint128(MARK_E8));
        VM.expectRevert(
            abi.encodeWithSelector(ICollateralVault.InsufficientLiquidity.selector, address(coin), USD, 0)
        );
        VM.prank(alice);
        house.withdraw(short, address(coin), USD, alice);
    }

    function test_RevertWhen_AMaliciousTokenReenters() external {
        ReentrantToken bad = new ReentrantToken(18);
        vault.setAsset(address(bad), ETH, 0, CAP, true);
        uint256 account = _open(alice, 0);
        VM.prank(alice);
        house.setOperator(account, address(bad), true);
        _deposit(alice, account, TestToken(address(bad)), 5 ether);
        bad.arm(address(house), abi.encodeCall(house.withdraw, (account, address(bad), 1 ether, bob)));
        VM.prank(alice);
        house.withdraw(account, address(bad), 1 ether, alice);
        VM.assertTrue(bad.attempted());
        VM.assertFalse(bad.succeeded());
        VM.assertEq(
            bytes32(bytes4(bad.answer())),
            bytes32(bytes4(keccak256("ReentrancyGuardReentrantCall()")))
        );
        VM.assertEq(vault.balanceOf(account, address(bad)), 4 ether);
        bad.arm(address(house), abi.encodeCall(house.deposit, (account, address(bad), 1 ether)));
        VM.prank(alice);
        house.withdraw(account, address(bad), 1 ether, alice);
        VM.assertFalse(bad.succeeded());
    }

    function test_RevertWhen_APauseIsLongerThanAWeek() external {
        uint256 latest = START + house.MAX_PAUSE_SECONDS();
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.PauseTooLong.selector, latest + 1, latest));
        house.pauseRiskIncrease(latest + 1);
        house.pauseRiskIncrease(latest);
        VM.assertEq(house.pausedUntil(), latest);
    }

    function test_ModulesAreReplacedByGovernanceAlone() external {
        house.setMarginEngine(carol);
        house.setRegistry(bob);
        house.setOracle(alice);
        VM.assertEq(house.engine(), carol);
        VM.assertEq(house.registry(), bob);
        VM.assertEq(house.oracle(), alice);
        bytes32 admin = house.DEFAULT_ADMIN_ROLE();
        _expectMissingRole(admin);
        house.setMarginEngine(carol);
        _expectMissingRole(admin);
        house.setRegistry(carol);
        _expectMissingRole(admin);
        house.setOracle(carol);
    }

    function test_RevertWhen_AModuleIsNobody() external {
        bytes memory zero = abi.encodeWithSelector(IClearingHouse.ZeroAddress.selector);
        VM.expectRevert(zero);
        house.setMarginEngine(address(0));
        VM.expectRevert(zero);
        house.setRegistry(address(0));
        VM.expectRevert(zero);
        house.setOracle(address(0));
        VM.expectRevert(zero);
        new ClearingHouse(address(0), address(vault), address(registry), address(engine), address(oracle));
        VM.expectRevert(zero);
        new ClearingHouse(address(this), address(0), address(registry), address(engine), address(oracle));
    }

    function test_RevertWhen_AModulesActionIsTakenWithoutItsRole() external {
        uint256 a = _open(alice, USD);
        uint256 b = _open(bob, USD);
        _expectMissingRole(house.EXCHANGE_ROLE());
        house.trade(_order(a, b, call, UNIT, 1));
        bytes32 liquidation = house.LIQUIDATION_ROLE();
        _expectMissingRole(liquidation);
        house.takeSlice(a, b, 1e18, 0);
        _expectMissingRole(liquidation);
        house.setReduceOnly(a, true);
        _expectMissingRole(liquidation);
        house.creditCash(a, 1);
        _expectMissingRole(liquidation);
        house.debitCash(a, 1, carol);
        _expectMissingRole(liquidation);
        house.payOwed(carol);
        _expectMissingRole(house.SETTLEMENT_ROLE());
        house.settlePosition(a, call, 1);
        _expectMissingRole(house.GUARDIAN_ROLE());
        house.pauseRiskIncrease(START + 1);
    }

    function _expectMissingRole(bytes32 role) private {
        VM.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, carol, role)
        );
        VM.prank(carol);
    }
}
