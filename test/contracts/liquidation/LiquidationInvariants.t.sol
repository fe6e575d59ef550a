// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";
import {LiquidationHandler} from "./support/LiquidationHandler.sol";

contract LiquidationInvariantsTest is LiquidationFixture {
    uint256 private constant SHORTS = 3;

    LiquidationHandler private handler;
    uint256[] private shorts;

    function setUp() public override {
        super.setUp();
        shorts.push(short);
        for (uint256 i = 1; i < SHORTS; ++i) {
            shorts.push(_open(alice, OWN_CASH));
            _trade(long, shorts[i], call, SHORT_E8, uint128(MARK_E8));
        }
        for (uint256 i = 0; i < SHORTS; ++i) {
            VM.prank(alice);
            house.setInflows(shorts[i], true);
        }
        _fillFund(FUND_DEPOSIT);
        handler = new LiquidationHandler(house, fund, liquidation, coin, call, shorts);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// 11, 12, 15 and 20: calls only below one, ends only at target, fills raise health, bidders end at or above initial margin,
    /// the share price falls only by a recorded loss.
    function invariant_EveryStepKeptItsPromise() external view {
        VM.assertEq(keccak256(bytes(handler.broken())), keccak256(""));
    }

    /// 16: the set of called accounts is the set of running auctions, and each of them is reduce-only.
    function invariant_FlaggedSetIsTheRunningSet() external view {
        uint256 running;
        for (uint256 i = 0; i < SHORTS; ++i) {
            uint256 account = shorts[i];
            bool runs = liquidation.auction(account).phase != ILiquidationEngine.Phase.None;
            if (runs) ++running;
            VM.assertEq(house.isReduceOnly(account), runs);
        }
        VM.assertEq(liquidation.calledAccounts().length, running);
    }

    /// 17: the fund's reserve is the sum of the open ones, and only insolvent accounts have one.
    function invariant_ReserveIsTheSumOfOpenReserves() external view {
        uint256 sum;
        for (uint256 i = 0; i < SHORTS; ++i) {
            uint256 account = shorts[i];
            uint256 reserve = liquidation.reserveOfE6(account);
            bool insolvent = liquidation.auction(account).phase == ILiquidationEngine.Phase.Insolvent;
            VM.assertEq(reserve > 0, insolvent);
            sum += reserve;
        }
        VM.assertEq(fund.reserveE6(), sum);
    }

    /// 1 to 3: every coin is in the vault or the fund, cash adds up to what the vault holds, positions add up to zero.
    function invariant_NothingIsCreatedOrLost() external view {
        VM.assertEq(coin.totalSupply(), _coinsInHouse());
        VM.assertEq(_cashErrorE16(), 0);
        int256 sumE8;
        for (uint256 i = 1; i <= house.accountCount(); ++i) sumE8 += house.sizeOf(i, call);
        VM.assertEq(sumE8, 0);
    }
}
