// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {IRiskConfig} from "../../../contracts/interfaces/IRiskConfig.sol";
import {LiquidationUpkeep} from "../../../contracts/liquidation/LiquidationUpkeep.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

/// @notice No step of an auction at a price that nobody confirmed.
contract QuarantinedAuctionTest is LiquidationFixture {
    uint256 internal constant SHARE = 0.1e18;

    function test_RevertWhen_FlaggingUntilThePriceIsConfirmed() public {
        engine.setMark(call, MARK_CALLED_E8);
        oracle.setQuarantined(ETH, true);
        _expectUnconfirmed();
        liquidation.flag(short);
        oracle.setQuarantined(ETH, false);
        liquidation.flag(short);
    }

    function test_RevertWhen_BiddingUntilThePriceIsConfirmed() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        oracle.setQuarantined(ETH, true);
        _expectUnconfirmed();
        VM.prank(carol);
        liquidation.bid(bid);
        oracle.setQuarantined(ETH, false);
        VM.prank(carol);
        liquidation.bid(bid);
    }

    /// A false low would cap the auction's discount for good.
    function test_RevertWhen_UpdatingSoThatNoFalseLowIsKept() public {
        _callAt(MARK_CALLED_E8);
        engine.setMark(call, MARK_INSOLVENT_E8);
        oracle.setQuarantined(ETH, true);
        _expectUnconfirmed();
        liquidation.update(short);
        VM.assertEq(liquidation.auction(short).lowestHealthBps, 7_317);
    }

    /// A false high would end a call that stands.
    function test_RevertWhen_ReleasingUntilThePriceIsConfirmed() public {
        _callAt(MARK_CALLED_E8);
        engine.setMark(call, MARK_E8);
        oracle.setQuarantined(ETH, true);
        _expectUnconfirmed();
        liquidation.release(short);
        oracle.setQuarantined(ETH, false);
        liquidation.release(short);
    }

    function test_OtherMarketsQuarantinesHoldNothingUp() public {
        oracle.setQuarantined(BTC, true);
        _callAt(MARK_CALLED_E8);
        VM.assertEq(liquidation.calledAccounts().length, 1);
    }

    /// Its own market is confirmed: whom it trades with while another waits holds nothing up.
    function test_ATradeWithAHeldAccountHoldsNothingUp() public {
        uint256 friend = _friendInBtc();
        oracle.setQuarantined(BTC, true);
        engine.setMark(call, MARK_CALLED_E8);
        // Both reduce.
        _trade(short, friend, call, UNIT / 100, uint128(MARK_CALLED_E8));
        VM.assertFalse(house.isConfirmed(short));
        liquidation.flag(short);
        VM.assertEq(liquidation.calledAccounts().length, 1);
    }

    /// A unit of a waiting market's token, brought before the call or after it, holds nothing up.
    function test_ATrifleOfCollateralHoldsNothingUp() public {
        engine.setMark(call, MARK_CALLED_E8);
        oracle.setQuarantined(BTC, true);
        _deposit(alice, short, wbtc, 1);
        VM.assertFalse(house.isConfirmed(short));
        liquidation.flag(short);
        _deposit(alice, short, wbtc, 1);
        liquidation.update(short);
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        VM.prank(carol);
        liquidation.bid(bid);
    }

    /// What weighs against the margin does: its price may be what makes the account fail.
    function test_RevertWhen_ATwentiethOfTheMarginRestsOnAnUnconfirmedPrice() public {
        engine.setMark(call, MARK_CALLED_E8);
        uint256 maintenanceE6 = engine.assess(house.book(short)).maintenanceE6;
        oracle.setQuarantined(BTC, true);
        // BTC has eight decimals and a spot of 90,000 USD: the first number of units that is worth a twentieth of the margin after its haircut.
        uint256 quantityE8 = Math.ceilDiv(maintenanceE6 * 1e8, 20 * 90_000 * USD);
        uint256 units = Math.ceilDiv(quantityE8 * 10_000, 10_000 - HAIRCUT_BPS);
        _deposit(alice, short, wbtc, units - 1);
        VM.assertTrue(house.mayLiquidate(short, maintenanceE6));
        _deposit(alice, short, wbtc, 1);
        VM.assertFalse(house.mayLiquidate(short, maintenanceE6));
        _expectUnconfirmed();
        liquidation.flag(short);
    }

    function test_WithoutMarginTheShareIsOneOfAllThatIsHeld() public {
        uint256 account = _open(address(0xF2), 0);
        _deposit(address(0xF2), account, weth, 19e18);
        oracle.setQuarantined(BTC, true);
        VM.assertTrue(house.mayLiquidate(account, 0));
        // 57,000 USD of ETH beside 3,000 of BTC, one twentieth of both; a unit less is below.
        _deposit(address(0xF2), account, wbtc, 3_333_333);
        VM.assertTrue(house.mayLiquidate(account, 0));
        _deposit(address(0xF2), account, wbtc, 1);
        VM.assertFalse(house.mayLiquidate(account, 0));
    }

    function test_TheUpkeepNamesNoAccountThatTheEngineWouldRefuse() public {
        LiquidationUpkeep upkeep = new LiquidationUpkeep(
            house,
            IRiskConfig(address(liquidation.config())),
            liquidation
        );
        engine.setMark(call, MARK_CALLED_E8);
        oracle.setQuarantined(ETH, true);
        (bool needed, ) = upkeep.checkUpkeep(abi.encode(1, 3));
        VM.assertFalse(needed);
        oracle.setQuarantined(ETH, false);
        (needed, ) = upkeep.checkUpkeep(abi.encode(1, 3));
        VM.assertTrue(needed);
    }

    /// Long the call, and with collateral in the market that will wait.
    function _friendInBtc() private returns (uint256 friend) {
        friend = _open(address(0xF1), 100_000 * USD);
        _trade(friend, short, call, UNIT, uint128(MARK_E8));
        _deposit(address(0xF1), friend, wbtc, 1e8);
    }

    function _expectUnconfirmed() private {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnconfirmedPrice.selector, short));
    }
}
