// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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

    function _expectUnconfirmed() private {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnconfirmedPrice.selector, short));
    }
}
