// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClearingHouse} from "../../../../contracts/clearing/ClearingHouse.sol";
import {IClearingHouse} from "../../../../contracts/interfaces/IClearingHouse.sol";
import {ILiquidationEngine} from "../../../../contracts/interfaces/ILiquidationEngine.sol";
import {AuctionMath} from "../../../../contracts/libraries/AuctionMath.sol";
import {InsuranceFund} from "../../../../contracts/liquidation/InsuranceFund.sol";
import {InstrumentId} from "../../../../contracts/types/InstrumentId.sol";
import {Margin} from "../../../../contracts/types/MarginTypes.sol";
import {MarginEngineStandIn} from "../../support/MarginEngineStandIn.sol";
import {TestBase} from "../../support/TestBase.sol";
import {TestToken} from "../../support/TestToken.sol";

/// @notice Random life of short accounts, their auctions and the fund; notes every broken promise. The bidder's account is its own.
contract LiquidationHandler is TestBase {
    uint256 private constant MIN_MARK_E8 = 50e8;
    uint256 private constant MAX_MARK_E8 = 400e8;
    uint256 private constant PRICE_SHARES = 1e18;
    uint256 private constant MIN_SHARE_WAD = 0.001e18;
    uint256 private constant MIN_SIZE_E8 = 1e8;
    uint256 private constant MAX_SIZE_E8 = 100e8;
    /// size * price / this = a fifth of the notional, USD * 1e6.
    uint256 private constant MARGIN_DIVISOR_E8 = 5e10;
    uint256 private constant TARGET_BPS = 12_500;

    ClearingHouse private _house;
    MarginEngineStandIn private _engine;
    InsuranceFund private _fund;
    ILiquidationEngine private _liquidation;
    TestToken private _coin;
    InstrumentId private _call;
    uint256 private _bidder;
    uint256[] private _shorts;

    string public broken;
    uint256 public sales;
    uint256 public calls;
    uint256 public releases;
    uint256 public fills;
    uint256 public insolventFills;
    uint256 public fundPayments;

    constructor(
        ClearingHouse house,
        InsuranceFund fund,
        ILiquidationEngine liquidation,
        TestToken coin,
        InstrumentId call,
        uint256[] memory shorts
    ) {
        _house = house;
        _engine = MarginEngineStandIn(house.engine());
        _fund = fund;
        _liquidation = liquidation;
        _coin = coin;
        _call = call;
        _shorts = shorts;
        _bidder = house.openAccount(address(this));
        _addCash(_bidder, 1_000_000e6);
    }

    function move(uint256 markE8) external {
        _engine.setMark(_call, bound(markE8, MIN_MARK_E8, MAX_MARK_E8));
    }

    function wait(uint256 seconds_) external {
        uint256 price = _fund.convertToAssets(PRICE_SHARES);
        VM.warp(block.timestamp + bound(seconds_, 1, 20 minutes));
        if (_fund.convertToAssets(PRICE_SHARES) < price) broken = "waiting cost the fund's shares";
    }

    function flag(uint256 which) external {
        uint256 account = _account(which);
        bool below = _marginOf(account).equityE6 < int256(_marginOf(account).maintenanceE6);
        bool called = _liquidation.auction(account).phase != ILiquidationEngine.Phase.None;
        bool empty = _house.positions(account).length == 0;
        try _liquidation.flag(account) {
            ++calls;
            if (!below) broken = "a healthy account was called";
        } catch {
            if (below && !called && !empty) broken = "an account below maintenance could not be called";
        }
    }

    function release(uint256 which) external {
        uint256 account = _account(which);
        Margin memory margin = _marginOf(account);
        bool low = AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6) < TARGET_BPS;
        try _liquidation.release(account) {
            ++releases;
            if (low && _house.positions(account).length > 0) broken = "a call ended below target";
        } catch {}
    }

    function update(uint256 which) external {
        try _liquidation.update(_account(which)) {} catch {}
    }

    function addCollateral(uint256 which, uint256 amount) external {
        _addCash(_account(which), bound(amount, 1, 2_000e6));
    }

    /// @dev A fresh short for an account that is not called: sold to the bidder at the mark, with what its margin may ask for.
    function sell(uint256 which, uint256 sizeE8) external {
        uint256 account = _account(which);
        sizeE8 = bound(sizeE8, MIN_SIZE_E8, MAX_SIZE_E8);
        uint256 markE8 = _engine.markE8(_call);
        int256 equity = _marginOf(account).equityE6;
        uint256 missing = equity < 0 ? uint256(-equity) : 0;
        if (!_house.isReduceOnly(account)) _addCash(account, missing + (sizeE8 * markE8) / MARGIN_DIVISOR_E8);
        // At most 100e8 and 400e8: both casts keep their values.
        try
            _house.trade(
                IClearingHouse.Trade(_bidder, account, _call, uint128(sizeE8), uint128(markE8), false, false)
            )
        {
            ++sales;
        } catch {}
    }

    function bid(uint256 which, uint256 share) external {
        uint256 account = _account(which);
        ILiquidationEngine.Quote memory quote = _liquidation.quote(account);
        if (quote.maxShareWad < MIN_SHARE_WAD) return;
        Margin memory before = _marginOf(account);
        uint256 price = _fund.convertToAssets(PRICE_SHARES);
        uint256 capacity = _fund.capacityE6();
        _liquidation.bid(
            ILiquidationEngine.Bid({
                account: account,
                bidder: _bidder,
                shareWad: bound(share, MIN_SHARE_WAD, quote.maxShareWad),
                phase: quote.phase,
                version: quote.version,
                maxPaidE6: type(int256).max,
                deadline: uint40(block.timestamp)
            })
        );
        Margin memory then = _marginOf(account);
        bool raised = AuctionMath.improves(
            before.equityE6,
            before.maintenanceE6,
            then.equityE6,
            then.maintenanceE6
        );
        if (!raised && quote.phase == ILiquidationEngine.Phase.Called) broken = "a fill did not raise health";
        Margin memory taker = _marginOf(_bidder);
        if (taker.equityE6 < int256(taker.initialE6)) broken = "the bidder is below initial margin";
        bool paid = _fund.capacityE6() < capacity;
        ++fills;
        if (quote.phase == ILiquidationEngine.Phase.Insolvent) ++insolventFills;
        if (paid) ++fundPayments;
        if (!paid && _fund.convertToAssets(PRICE_SHARES) < price)
            broken = "the share price fell without a loss";
    }

    function _account(uint256 which) private view returns (uint256) {
        return _shorts[which % _shorts.length];
    }

    function _marginOf(uint256 account) private view returns (Margin memory) {
        return _engine.assess(_house.book(account));
    }

    function _addCash(uint256 account, uint256 amount) private {
        _coin.mint(address(this), amount);
        _coin.approve(_house.vault(), amount);
        _house.deposit(account, address(_coin), amount);
    }
}
