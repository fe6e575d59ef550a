// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {HouseFixture} from "../support/HouseFixture.sol";

/// @notice What an account may do while a market that it holds something in waits for its price to be confirmed.
contract QuarantineGateTest is HouseFixture {
    uint256 internal holder;
    uint256 internal other;
    uint256 internal free;

    function setUp() public override {
        super.setUp();
        holder = _open(alice, 100_000 * USD);
        other = _open(bob, 100_000 * USD);
        free = _open(carol, 100_000 * USD);
        _trade(holder, other, call, 10 * UNIT, uint128(MARK_E8));
    }

    function test_NothingIsHeldUpWithoutAQuarantine() external view {
        VM.assertTrue(house.isConfirmed(holder));
        VM.assertTrue(house.isConfirmed(free));
    }

    function test_AnAccountIsUnconfirmedWithItsPositionsMarketOnly() external {
        oracle.setQuarantined(BTC, true);
        VM.assertTrue(house.isConfirmed(holder));
        oracle.setQuarantined(ETH, true);
        VM.assertFalse(house.isConfirmed(holder));
        VM.assertTrue(house.isConfirmed(free));
        oracle.setQuarantined(ETH, false);
        VM.assertTrue(house.isConfirmed(holder));
    }

    function test_AnAccountIsUnconfirmedWithItsCollateralsMarket() external {
        _deposit(carol, free, wbtc, 1e8);
        oracle.setQuarantined(BTC, true);
        VM.assertFalse(house.isConfirmed(free));
    }

    function test_RevertWhen_EitherSideWouldAddRisk() external {
        oracle.setQuarantined(ETH, true);
        _expectUnconfirmed(free);
        _trade(free, other, call, UNIT, uint128(MARK_E8));
        // The seller closes a part; the new buyer adds.
        _expectUnconfirmed(free);
        _trade(free, holder, call, UNIT, uint128(MARK_E8));
        _expectUnconfirmed(holder);
        _trade(holder, other, put, UNIT, uint128(MARK_E8));
    }

    /// Equity that an unconfirmed price made must not carry risk elsewhere.
    function test_RevertWhen_RiskIsAddedInAnotherMarketOnUnconfirmedEquity() external {
        _deposit(carol, free, wbtc, 1e8);
        oracle.setQuarantined(BTC, true);
        _expectUnconfirmed(free);
        _trade(free, other, call, UNIT, uint128(MARK_E8));
        oracle.setQuarantined(BTC, false);
        _trade(free, other, call, UNIT, uint128(MARK_E8));
    }

    function test_BothSidesMayReduce() external {
        oracle.setQuarantined(ETH, true);
        _trade(other, holder, call, 4 * UNIT, uint128(MARK_E8));
        VM.assertEq(house.sizeOf(holder, call), int256(uint256(6 * UNIT)));
    }

    /// What a reduction at a price of their own gains stays until the market is confirmed: its loser may be left with a debt.
    function test_RevertWhen_TheGainOfAReductionIsTakenOut() external {
        oracle.setQuarantined(ETH, true);
        _trade(other, holder, call, 10 * UNIT, 1);
        VM.assertEq(house.positions(other).length, 0);
        VM.startPrank(bob);
        _expectUnconfirmed(other);
        house.withdraw(other, address(coin), USD, bob);
        oracle.setQuarantined(ETH, false);
        house.withdraw(other, address(coin), USD, bob);
        VM.stopPrank();
    }

    /// The same for a seller, whose gain is a price too high.
    function test_RevertWhen_TheGainOfASellersReductionIsTakenOut() external {
        oracle.setQuarantined(ETH, true);
        _trade(other, holder, call, 10 * UNIT, uint128(50 * MARK_E8));
        VM.assertEq(house.positions(holder).length, 0);
        VM.startPrank(alice);
        _expectUnconfirmed(holder);
        house.withdraw(holder, address(coin), USD, alice);
        oracle.setQuarantined(ETH, false);
        house.withdraw(holder, address(coin), USD, alice);
        VM.stopPrank();
    }

    /// The gain cannot be handed on to an account that holds nothing in the market either.
    function test_RevertWhen_TheGainIsHandedOnThroughAnotherMarket() external {
        _deposit(alice, holder, wbtc, 1e8);
        _trade(holder, free, put, 2 * UNIT, uint128(MARK_E8));
        uint256 fourth = _open(address(0xD0D0), 100_000 * USD);
        _trade(free, fourth, future, UNIT, uint128(FUTURE_MARK_E8));
        oracle.setQuarantined(BTC, true);
        // Both reduce, in a market that does not wait; the holder's collateral does.
        _trade(free, holder, put, UNIT, 1);
        VM.startPrank(carol);
        _expectUnconfirmed(free);
        house.withdraw(free, address(coin), USD, carol);
        VM.stopPrank();
        // And so on to the next.
        _trade(fourth, free, future, UNIT, uint128(FUTURE_MARK_E8));
        VM.startPrank(address(0xD0D0));
        _expectUnconfirmed(fourth);
        house.withdraw(fourth, address(coin), USD, address(0xD0D0));
        VM.stopPrank();
    }

    function test_AHoldEndsAfterADay() external {
        oracle.setQuarantined(ETH, true);
        _trade(other, holder, call, 10 * UNIT, 1);
        VM.warp(START + 1 days - 1);
        VM.assertFalse(house.isConfirmed(other));
        VM.warp(START + 1 days);
        VM.assertTrue(house.isConfirmed(other));
    }

    function test_TradesOfOthersHoldNobody() external {
        uint256 fourth = _open(address(0xD0D0), 100_000 * USD);
        oracle.setQuarantined(BTC, true);
        _trade(free, fourth, call, UNIT, uint128(MARK_E8));
        VM.assertTrue(house.isConfirmed(free));
    }

    function test_RevertWhen_Withdrawing() external {
        oracle.setQuarantined(ETH, true);
        VM.startPrank(alice);
        _expectUnconfirmed(holder);
        house.withdraw(holder, address(coin), USD, alice);
        VM.stopPrank();
    }

    function test_WhoHoldsNothingThereMayWithdrawAndEveryoneMayDeposit() external {
        oracle.setQuarantined(ETH, true);
        VM.prank(carol);
        house.withdraw(free, address(coin), USD, carol);
        _deposit(alice, holder, coin, USD);
        VM.assertEq(coin.balanceOf(carol), USD);
    }

    function test_RevertWhen_ASliceIsTakenAtAnUnconfirmedPrice() external {
        oracle.setQuarantined(ETH, true);
        _expectUnconfirmed(free);
        house.takeSlice(holder, free, 0.5e18, 0);
    }

    function _expectUnconfirmed(uint256 account) private {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnconfirmedPrice.selector, account));
    }
}
