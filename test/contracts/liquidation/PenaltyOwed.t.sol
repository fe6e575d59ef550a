// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {IMarginEngine} from "../../../contracts/interfaces/IMarginEngine.sol";
import {MarginBreakdown} from "../../../contracts/types/MarginTypes.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

/// @notice Fills against a vault that holds no coins: cash of one account stands against debts of others with other collateral.
contract PenaltyOwedTest is LiquidationFixture {
    address private constant DAVE = address(0xDA7E);
    uint256 private constant ETHER_EACH = 1_000 ether;
    /// Sold by dave to bob at 100: as much as the short account's cash.
    uint128 private constant DRAIN_E8 = 220 * UNIT;
    /// Half a percent of dM = 410.
    uint256 private constant PENALTY_E6 = 2_050_000;
    uint256 private constant SHARE_WAD = 0.2e18;

    function test_AVaultWithoutCoinsBlocksNoFill() public {
        _drain();
        _callAt(MARK_CALLED_E8);
        VM.warp(START + 15 minutes);
        _bid(SHARE_WAD);
        // The owner has paid, whoever waits for it.
        VM.assertEq(_equity(short), int256((1_500 * USD) - 102_500_000));
        VM.assertEq(house.owedE6(address(fund)), PENALTY_E6);
        VM.assertEq(house.totalOwedE6(), PENALTY_E6);
        VM.assertEq(fund.capacityE6(), 0);
        VM.assertEq(_cashErrorE16(), 0);
    }

    function test_WhatIsOwedIsPaidAsCoinsComeIn() public {
        _drain();
        _callAt(MARK_CALLED_E8);
        VM.warp(START + 15 minutes);
        _bid(SHARE_WAD);
        VM.assertEq(liquidation.collectPenalties(), 0);
        _deposit(bob, long, coin, USD);
        VM.assertEq(liquidation.collectPenalties(), USD);
        VM.assertEq(house.owedE6(address(fund)), PENALTY_E6 - USD);
        VM.assertEq(fund.capacityE6(), USD);
        VM.assertEq(_cashErrorE16(), 0);

        _deposit(bob, long, coin, 1_000 * USD);
        _bid(SHARE_WAD);
        // The next fill brings the rest along with its own penalty, half a percent of 20 % of 1,640.
        VM.assertEq(house.owedE6(address(fund)), 0);
        VM.assertEq(house.totalOwedE6(), 0);
        VM.assertEq(fund.capacityE6(), PENALTY_E6 + 1_640_000);
        VM.assertEq(_cashErrorE16(), 0);
        VM.assertEq(liquidation.collectPenalties(), 0);
    }

    function test_RevertWhen_AFillWouldNotRaiseHealth() public {
        _callAt(MARK_CALLED_E8);
        // An engine that shows the bid a better account, H = 2,000 / 2,050, than the one it leaves: (1,500 - 2.05) / 1,845.
        MarginBreakdown memory better = engine.breakdown(house.book(short));
        better.margin.equityE6 = int256(2_000 * USD);
        VM.mockCall(
            address(engine),
            abi.encodeWithSelector(IMarginEngine.breakdown.selector),
            abi.encode(better)
        );
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.HealthNotImproved.selector, 9_756, 8_118));
        VM.prank(carol);
        liquidation.bid(bid);
    }

    /// @dev Everybody swaps cash for ether; bob's debt then stands against the short account's cash.
    function _drain() private {
        uint256 dave = _open(DAVE, 0);
        _deposit(DAVE, dave, weth, ETHER_EACH);
        _deposit(bob, long, weth, ETHER_EACH);
        _deposit(carol, bidder, weth, ETHER_EACH);
        _withdrawAll(carol, bidder);
        _withdrawAll(bob, long);
        _trade(long, dave, call, DRAIN_E8, uint128(MARK_E8));
        _withdrawAll(DAVE, dave);
        VM.assertEq(vault.held(address(coin)), 0);
    }

    function _withdrawAll(address owner, uint256 account) private {
        int256 cash = house.cashE6(account);
        if (cash <= 0) return;
        VM.prank(owner);
        house.withdraw(account, address(coin), uint256(cash), owner);
    }
}
