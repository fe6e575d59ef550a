// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInsuranceFund} from "../../../contracts/interfaces/IInsuranceFund.sol";
import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

contract InsolventPhaseTest is LiquidationFixture {
    function test_NegativeEquityIsInsolventAtOnceAndReserves() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(MARK_INSOLVENT_E8);
        ILiquidationEngine.Auction memory auction = liquidation.auction(short);
        VM.assertTrue(auction.phase == ILiquidationEngine.Phase.Insolvent);
        VM.assertEq(auction.insolventSince, block.timestamp);
        // Debt 1,000 and margin 2,300.
        VM.assertEq(fund.reserveE6(), 3_300 * USD);
        VM.assertEq(liquidation.reserveOfE6(short), 3_300 * USD);
    }

    function test_FundFillsTheDebtAndSubsidisesTheBidder() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(MARK_INSOLVENT_E8);
        VM.warp(START + 15 minutes);
        int256 bidderBefore = _equity(bidder);
        _bid(WAD);
        // rho = 1/4 of M = 2,300.
        VM.assertEq(_equity(bidder) - bidderBefore, 575 * int256(USD));
        VM.assertEq(fund.capacityE6(), FUND_DEPOSIT - 1_575 * USD);
        VM.assertEq(house.cashE6(short), 0);
        VM.assertEq(fund.reserveE6(), 0);
        VM.assertTrue(liquidation.auction(short).phase == ILiquidationEngine.Phase.None);
    }

    function test_ReserveFallsProRataWithFills() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(MARK_INSOLVENT_E8);
        _bid(0.4e18);
        VM.assertEq(_equity(short), -600 * int256(USD));
        VM.assertEq(fund.reserveE6(), 1_980 * USD);
    }

    function test_ReserveLocksExits() public {
        _fillFund(10_000 * USD);
        fund.requestExit(fund.balanceOf(address(this)));
        VM.warp(START + 7 days);
        _callAt(MARK_INSOLVENT_E8);
        VM.expectRevert(abi.encodeWithSelector(IInsuranceFund.ReserveLocked.selector, 0, 3_300 * USD));
        fund.exit(address(this));
        _bid(WAD);
        VM.assertEq(fund.exit(address(this)), 9_000 * USD);
    }

    function test_AnEmptyFundStopsNoSaleAndPaysNoSubsidy() public {
        _callAt(MARK_INSOLVENT_E8);
        VM.warp(START + 60 minutes);
        int256 bidderBefore = _equity(bidder);
        _bid(WAD);
        VM.assertEq(_equity(bidder), bidderBefore);
        VM.assertEq(house.cashE6(short), -1_000 * int256(USD));
        VM.assertEq(liquidation.calledAccounts().length, 0);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NothingToSell.selector, short));
        liquidation.flag(short);
    }

    function test_APoorFundServesTheBidderBeforeTheDebt() public {
        _fillFund(1_500 * USD);
        _callAt(MARK_INSOLVENT_E8);
        VM.warp(START + 30 minutes);
        int256 bidderBefore = _equity(bidder);
        _bid(WAD);
        // rho = 1/2 of 2,300; 350 are left for the debt of 1,000.
        VM.assertEq(_equity(bidder) - bidderBefore, 1_150 * int256(USD));
        VM.assertEq(house.cashE6(short), -650 * int256(USD));
        VM.assertEq(fund.capacityE6(), 0);
    }

    function test_RecoveryReturnsToTheCalledPhase() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(MARK_INSOLVENT_E8);
        uint32 version = liquidation.auction(short).version;
        engine.setMark(call, MARK_CALLED_E8);
        liquidation.update(short);
        ILiquidationEngine.Auction memory auction = liquidation.auction(short);
        VM.assertTrue(auction.phase == ILiquidationEngine.Phase.Called);
        VM.assertEq(auction.insolventSince, 0);
        VM.assertEq(auction.version, version + 1);
        VM.assertEq(fund.reserveE6(), 0);
    }

    function test_LowHealthIsInsolventOnlyAfterTheCapTime() public {
        _fillFund(FUND_DEPOSIT);
        // E = 200, M = 2,180: H = 0.0917.
        _callAt(218e8);
        VM.warp(START + 45 minutes - 1);
        VM.assertTrue(liquidation.quote(short).phase == ILiquidationEngine.Phase.Called);
        VM.warp(START + 45 minutes);
        VM.assertTrue(liquidation.quote(short).phase == ILiquidationEngine.Phase.Insolvent);
        VM.assertTrue(liquidation.auction(short).phase == ILiquidationEngine.Phase.Called);
        liquidation.update(short);
        VM.assertEq(fund.reserveE6(), 2_180 * USD);
    }

    function test_ThePriceDoesNotFallWhenTheInsolventPhaseBegins() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(218e8);
        VM.warp(START + 45 minutes);
        liquidation.update(short);
        ILiquidationEngine.Quote memory quote = liquidation.quote(short);
        // 0.9 * 0.0917, all of it the bidder's, none of it the fund's.
        VM.assertEq(quote.discountWad, 0.08253e18);
        VM.assertEq(quote.ownerCostWad, 0.08253e18);
        VM.assertEq(quote.penaltyWad, 0);
        uint256 before = fund.capacityE6();
        int256 equity = _equity(short);
        _bid(0.5e18);
        VM.assertEq(fund.capacityE6(), before);
        VM.assertEq(_equity(short), equity - int256((1_090 * USD * 8_253) / 100_000));
    }

    function test_TheFundAddsToWhatTheOwnerCanPay() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(218e8);
        VM.warp(START + 45 minutes);
        liquidation.update(short);
        VM.warp(block.timestamp + 30 minutes);
        int256 equity = _equity(short);
        _bid(0.5e18);
        // The owner pays 0.08253 of dM = 1,090, the fund the rest up to a half.
        uint256 owner = (1_090 * USD * 8_253) / 100_000;
        VM.assertEq(_equity(short), equity - int256(owner));
        VM.assertEq(fund.capacityE6(), FUND_DEPOSIT - (545 * USD - owner));
    }
}
