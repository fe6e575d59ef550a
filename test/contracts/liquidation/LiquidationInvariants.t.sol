// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";
import {LiquidationHandler} from "./support/LiquidationHandler.sol";

contract LiquidationInvariantsTest is LiquidationFixture {
    uint256 private constant SHORTS = 3;
    uint256 private constant LIFE_STEPS = 600;
    uint256 private constant OFTEN = 5;

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
        house.grantRole(house.EXCHANGE_ROLE(), address(handler));
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

    /// 16: from wherever a run ends, every call can be ended by its owner's collateral, and nothing stays reserved.
    function afterInvariant() external {
        engine.setMark(call, MARK_E8);
        uint256[] memory called = liquidation.calledAccounts();
        for (uint256 i = 0; i < called.length; ++i) {
            _deposit(alice, called[i], coin, FUND_DEPOSIT * FUND_DEPOSIT);
            liquidation.release(called[i]);
        }
        VM.assertEq(liquidation.calledAccounts().length, 0);
        VM.assertEq(fund.reserveE6(), 0);
    }

    /// Random calls, as the invariants' runs make them, reach calls, fills of both phases, the fund's money and releases.
    function test_ALongRandomLifeReachesEveryPhase() external {
        for (uint256 i = 0; i < LIFE_STEPS; ++i) {
            _randomStep(
                uint256(keccak256(abi.encode("action", i))),
                uint256(keccak256(abi.encode("first", i)))
            );
        }
        VM.assertGt(handler.calls(), OFTEN);
        VM.assertGt(handler.fills(), OFTEN);
        VM.assertGt(handler.insolventFills(), 0);
        VM.assertGt(handler.fundPayments(), 0);
        VM.assertGt(handler.releases(), 0);
        VM.assertEq(keccak256(bytes(handler.broken())), keccak256(""));
    }

    function _randomStep(uint256 action, uint256 seed) private {
        uint256 kind = action % 8;
        if (kind == 0) handler.move(seed >> 8);
        if (kind == 1) handler.wait(seed);
        if (kind == 2) handler.flag(seed >> 8);
        if (kind == 3) handler.release(seed >> 8);
        if (kind == 4) handler.update(seed >> 8);
        if (kind == 5) handler.addCollateral(seed >> 8, seed >> 64);
        if (kind == 6) handler.sell(seed >> 8, seed >> 64);
        if (kind == 7) try handler.bid(seed >> 8, seed >> 64) {} catch {}
    }
}
