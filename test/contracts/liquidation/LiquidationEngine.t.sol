// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {AuctionMath} from "../../../contracts/libraries/AuctionMath.sol";
import {Margin} from "../../../contracts/types/MarginTypes.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

contract LiquidationEngineTest is LiquidationFixture {
    function test_FlagCallsAnAccountBelowMaintenance() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Auction memory auction = liquidation.auction(short);
        VM.assertTrue(auction.phase == ILiquidationEngine.Phase.Called);
        VM.assertEq(auction.flaggedAt, block.timestamp);
        // 1,500 / 2,050.
        VM.assertEq(auction.lowestHealthBps, 7_317);
        VM.assertTrue(house.isReduceOnly(short));
        uint256[] memory called = liquidation.calledAccounts();
        VM.assertEq(called.length, 1);
        VM.assertEq(called[0], short);
    }

    function test_RevertWhen_FlaggingAtExactlyMaintenance() public {
        engine.setMark(call, MARK_H_ONE_E8);
        VM.expectRevert(
            abi.encodeWithSelector(ILiquidationEngine.Healthy.selector, short, 2_000 * USD, 2_000 * USD)
        );
        liquidation.flag(short);
    }

    function test_RevertWhen_FlaggingTwice() public {
        _callAt(MARK_CALLED_E8);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.AlreadyCalled.selector, short));
        liquidation.flag(short);
    }

    function test_RevertWhen_FlaggingAnEmptyAccount() public {
        uint256 empty = _open(alice, 0);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NothingToSell.selector, empty));
        liquidation.flag(empty);
    }

    function test_CallEndsOnlyAtTargetHealth() public {
        _callAt(MARK_CALLED_E8);
        // H = 2,000 / 2,000 would never have been called, but does not end the call.
        engine.setMark(call, MARK_H_ONE_E8);
        VM.expectRevert(
            abi.encodeWithSelector(ILiquidationEngine.BelowTarget.selector, short, 10_000, 12_500)
        );
        liquidation.release(short);
        // E + 500 = 2,500 = 1.25 M.
        _deposit(alice, short, coin, 500 * USD);
        liquidation.release(short);
        VM.assertFalse(house.isReduceOnly(short));
        VM.assertEq(liquidation.calledAccounts().length, 0);
    }

    function test_RevertWhen_ReleasingOrUpdatingWhatIsNotCalled() public {
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NotCalled.selector, short));
        liquidation.release(short);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NotCalled.selector, short));
        liquidation.update(short);
    }

    function test_CallEndsWhenTheOwnerHasClosedEverything() public {
        _callAt(MARK_CALLED_E8);
        _trade(short, long, call, SHORT_E8, uint128(MARK_CALLED_E8));
        liquidation.release(short);
        VM.assertTrue(liquidation.auction(short).phase == ILiquidationEngine.Phase.None);
    }

    function test_QuoteFollowsTheClock() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Quote memory quote = liquidation.quote(short);
        VM.assertEq(quote.ownerCostWad, 0.01e18);
        VM.assertEq(quote.penaltyWad, 0.005e18);
        VM.assertEq(quote.discountWad, 0.005e18);
        VM.assertEq(quote.maintenanceE6, 2_050 * USD);
        // (1.25 - 0.7317) / (1.25 - 0.01)
        VM.assertEq(quote.maxShareWad, uint256(0.5183e36) / 1.24e18);
        VM.warp(START + 15 minutes);
        VM.assertEq(liquidation.quote(short).ownerCostWad, 0.25e18);
        VM.warp(START + 45 minutes);
        // 0.9 * 0.7317
        VM.assertEq(liquidation.quote(short).ownerCostWad, 0.65853e18);
    }

    function test_LargestFillLandsOnTarget() public {
        _callAt(MARK_CALLED_E8);
        VM.warp(START + 5 minutes);
        // Flooring to whole units of size leaves the account a hair to either side of target.
        _bid(liquidation.quote(short).maxShareWad);
        Margin memory margin = _marginOf(short);
        int256 target = int256((margin.maintenanceE6 * 125) / 100);
        VM.assertGe(margin.equityE6, target - int256(USD));
        VM.assertLe(margin.equityE6, target + int256(USD));
    }

    function test_AFillThatLandsOnTargetEndsTheCall() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(MARK_CALLED_E8);
        VM.warp(START + 15 minutes);
        // E' = 1,500 - 0.25 * 2,050 f and M' = 2,050 (1 - f): 12,500 bps and a fraction that rounds away.
        _bid(0.5183e18);
        Margin memory margin = _marginOf(short);
        VM.assertEq(AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6), 12_500);
        VM.assertFalse(house.isReduceOnly(short));
        VM.assertEq(liquidation.calledAccounts().length, 0);
    }

    function test_PartialFillMovesAShareAndPaysThePenalty() public {
        _fillFund(FUND_DEPOSIT);
        _callAt(MARK_CALLED_E8);
        VM.warp(START + 15 minutes);
        int256 bidderBefore = _equity(bidder);
        int256 paid = _bid(0.2e18);
        // dM = 410; the owner's cost is 102.50, of which 2.05 is penalty and 100.45 the bidder's.
        VM.assertEq(_equity(short), int256((1_500 * USD) - 102_500_000));
        VM.assertEq(_equity(bidder) - bidderBefore, int256(100_450_000));
        VM.assertEq(fund.capacityE6(), FUND_DEPOSIT + 2_050_000);
        VM.assertEq(int256(house.sizeOf(bidder, call)), -20 * int256(uint256(UNIT)));
        // Twenty short calls at 205, less the discount.
        VM.assertEq(paid, -4_100 * int256(USD) - 100_450_000);
        VM.assertTrue(house.isReduceOnly(short));
    }

    function test_CostCapFollowsTheLowestHealthSinceTheFlag() public {
        _callAt(210e8);
        // E = 1,000, M = 2,100: H = 0.4761; then it recovers to 0.7317.
        engine.setMark(call, MARK_CALLED_E8);
        VM.warp(START + 45 minutes);
        VM.assertEq(liquidation.quote(short).ownerCostWad, (0.4761e18 * 9) / 10);
    }

    function test_UpdateRecordsALowerHealth() public {
        _callAt(MARK_CALLED_E8);
        engine.setMark(call, 210e8);
        liquidation.update(short);
        engine.setMark(call, MARK_CALLED_E8);
        VM.assertEq(liquidation.auction(short).lowestHealthBps, 4_761);
    }

    function test_AShareThatWouldLeaveDustTakesTheWhole() public {
        _callAt(MARK_INSOLVENT_E8);
        // Of 23,000 of notional 115 would be left: above dust.
        _bid(0.995e18);
        VM.assertEq(int256(house.sizeOf(short, call)), -int256(uint256(UNIT)) / 2);
        // Of the 115 that are left, 99 would be: the bid takes all.
        _bid(0.14e18);
        VM.assertEq(house.positions(short).length, 0);
    }

    function test_DustGoesWhole() public {
        // A tenth of a call is left: 20.50 USD of notional, below dust.
        _trade(short, long, call, SHORT_E8 - UNIT / 10, uint128(MARK_E8));
        VM.prank(alice);
        house.withdraw(short, address(coin), 11_991 * USD, alice);
        engine.setMark(call, 190e8);
        VM.assertEq(_equity(short), 0);
        engine.setMark(call, 185e8);
        liquidation.flag(short);
        VM.assertEq(liquidation.quote(short).maxShareWad, WAD);
        _bid(1);
        VM.assertEq(house.positions(short).length, 0);
        VM.assertTrue(liquidation.auction(short).phase == ILiquidationEngine.Phase.None);
    }

    function test_RevertWhen_BidIsLate() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        bid.deadline = uint40(START);
        VM.warp(START + 1);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.BidExpired.selector, START, START + 1));
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_RevertWhen_BidOnAnAccountThatIsNotCalled() public {
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NotCalled.selector, short));
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_RevertWhen_CallerMayNotActForTheBidder() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NotBidder.selector, bidder, alice));
        VM.prank(alice);
        liquidation.bid(bid);
    }

    function test_RevertWhen_AnAccountBidsForItself() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        bid.bidder = short;
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.SelfBid.selector, short));
        VM.prank(alice);
        liquidation.bid(bid);
    }

    function test_RevertWhen_ShareIsZeroOrOneUnitTooLarge() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.ZeroShare.selector));
        VM.prank(carol);
        liquidation.bid(bid);
        uint256 max = liquidation.quote(short).maxShareWad;
        bid.shareWad = max + 1;
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.ShareTooLarge.selector, max + 1, max));
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_RevertWhen_TheVersionIsStale() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        _bid(0.1e18);
        VM.expectRevert(
            abi.encodeWithSelector(
                ILiquidationEngine.AuctionMoved.selector,
                ILiquidationEngine.Phase.Called,
                bid.version + 1
            )
        );
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_RevertWhen_TheVersionIsOfAnEarlierCall() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        engine.setMark(call, MARK_E8);
        liquidation.release(short);
        _callAt(MARK_CALLED_E8);
        VM.expectRevert(
            abi.encodeWithSelector(
                ILiquidationEngine.AuctionMoved.selector,
                ILiquidationEngine.Phase.Called,
                bid.version + 2
            )
        );
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_RevertWhen_ThePhaseHasMoved() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        engine.setMark(call, MARK_INSOLVENT_E8);
        VM.expectRevert(
            abi.encodeWithSelector(
                ILiquidationEngine.AuctionMoved.selector,
                ILiquidationEngine.Phase.Insolvent,
                bid.version + 1
            )
        );
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_RevertWhen_TheBidderWouldPayTooMuch() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        // Ten calls at 205 and a discount of 1.025: the bidder is paid 2,051.025.
        int256 paid = -2_051_025_000;
        bid.maxPaidE6 = paid - 1;
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.PaysTooMuch.selector, paid, paid - 1));
        VM.prank(carol);
        liquidation.bid(bid);
        bid.maxPaidE6 = paid;
        VM.prank(carol);
        VM.assertEq(liquidation.bid(bid), paid);
    }

    function test_RevertWhen_TheBidderCannotMarginTheSlice() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(0.1e18);
        bid.bidder = house.openAccount(carol);
        // Its equity is the discount, 1.025; its initial margin 15 % of 2,050.
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.BelowInitialMargin.selector,
                bid.bidder,
                int256(1_025_000),
                307_500_000
            )
        );
        VM.prank(carol);
        liquidation.bid(bid);
    }

    function test_LiquidationGoesOnWhileRiskIsPausedAndTheReportIsOld() public {
        _callAt(MARK_CALLED_E8);
        house.pauseRiskIncrease(block.timestamp + 1 days);
        engine.setAge(2 hours);
        _bid(0.1e18);
        VM.assertEq(int256(house.sizeOf(bidder, call)), -10 * int256(uint256(UNIT)));
    }
}
