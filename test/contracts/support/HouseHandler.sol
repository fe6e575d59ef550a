// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClearingHouse} from "../../../contracts/clearing/ClearingHouse.sol";
import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IMarginEngine} from "../../../contracts/interfaces/IMarginEngine.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Margin} from "../../../contracts/types/MarginTypes.sol";
import {MarginEngineStandIn} from "./MarginEngineStandIn.sol";
import {TestBase} from "./TestBase.sol";
import {TestToken} from "./TestToken.sol";

/// @notice Random users, keepers, liquidators and guardians of one house; it counts what should never have happened.
contract HouseHandler is TestBase {
    uint256 private constant MAX_CASH_E6 = 1e12;
    uint256 private constant MAX_WETH = 1_000e18;
    uint256 private constant MAX_SIZE_E8 = 1_000e8;
    uint256 private constant MAX_MARK_E8 = 10_000e8;
    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_DISCOUNT_E6 = 1e9;
    uint256 private constant STALE_SECONDS = 2 hours;

    ClearingHouse private _house;
    MarginEngineStandIn private _engine;
    TestToken private _coin;
    TestToken private _weth;
    uint256 private _accounts;
    uint256 public settlementValueE8;

    InstrumentId[] private _instruments;

    /// Once one position of the last instrument is settled, it trades no more.
    bool public settling;
    /// An action ended below initial margin without an improvement, or a pause stopped what it may not stop.
    uint256 public violations;
    uint256 public trades;
    uint256 public withdrawals;
    uint256 public slices;
    uint256 public settlements;

    constructor(
        ClearingHouse house,
        TestToken coin,
        TestToken weth,
        InstrumentId[] memory instruments_,
        uint256 accounts,
        uint256 settlementValueE8_
    ) {
        _house = house;
        _engine = MarginEngineStandIn(house.engine());
        _coin = coin;
        _weth = weth;
        _instruments = instruments_;
        _accounts = accounts;
        settlementValueE8 = settlementValueE8_;
    }

    function deposit(uint256 account, uint256 amount, bool inCoin) external {
        account = _account(account);
        TestToken token = inCoin ? _coin : _weth;
        amount = bound(amount, 1, inCoin ? MAX_CASH_E6 : MAX_WETH);
        address owner = _house.ownerOf(account);
        token.mint(owner, amount);
        VM.startPrank(owner);
        token.approve(_house.vault(), amount);
        try _house.deposit(account, address(token), amount) {} catch {
            ++violations;
        }
        VM.stopPrank();
    }

    function withdraw(uint256 account, uint256 amount, bool inCoin) external {
        account = _account(account);
        // Half of the time no more than there is, so that the margin alone decides.
        uint256 most = inCoin ? MAX_CASH_E6 : MAX_WETH;
        if (amount % 2 == 0) most = _balance(account, inCoin);
        amount = bound(amount, 1, most == 0 ? 1 : most);
        address owner = _house.ownerOf(account);
        bool barred = _house.isReduceOnly(account) || _isBarred();
        VM.prank(owner);
        _house.withdraw(account, inCoin ? address(_coin) : address(_weth), amount, owner);
        if (barred || !_meetsInitial(_margin(account))) ++violations;
        ++withdrawals;
    }

    function trade(uint256 buyer, uint256 seller, uint256 which, uint256 size, uint256 priceBps) external {
        IClearingHouse.Trade memory order = _order(buyer, seller, which, size, priceBps);
        Margin memory buyerBefore = _margin(order.buyer);
        Margin memory sellerBefore = _margin(order.seller);
        (bool buyerGrows, bool sellerGrows) = _growth(order);
        bool barred = _isBarred() && (buyerGrows || sellerGrows);
        bool called =
            (buyerGrows && _house.isReduceOnly(order.buyer)) ||
                (sellerGrows && _house.isReduceOnly(order.seller));
        try _house.trade(order) {
            if (barred || called) ++violations;
            if (!_mayEnd(buyerBefore, _margin(order.buyer))) ++violations;
            if (!_mayEnd(sellerBefore, _margin(order.seller))) ++violations;
            ++trades;
        } catch (bytes memory reason) {
            bytes4 why = bytes4(reason);
            bool blocked =
                why == IClearingHouse.Paused.selector || why == IMarginEngine.ReportTooOld.selector;
            if (blocked && !buyerGrows && !sellerGrows) ++violations;
        }
    }

    function takeSlice(uint256 from, uint256 to, uint256 share, uint256 discount) external {
        (from, to) = (_account(from), _account(to));
        discount = bound(discount, 0, MAX_DISCOUNT_E6);
        share = share % 3 == 0 ? WAD : bound(share, 1, WAD);
        _house.takeSlice(from, to, share, discount);
        if (!_meetsInitial(_margin(to))) ++violations;
        ++slices;
    }

    function settle(uint256 account) external {
        InstrumentId last = _instruments[_instruments.length - 1];
        _house.settlePosition(_account(account), last, settlementValueE8);
        settling = true;
        ++settlements;
    }

    function creditCash(uint256 account, uint256 amount) external {
        amount = bound(amount, 0, MAX_CASH_E6);
        _coin.mint(_house.vault(), amount);
        _house.creditCash(_account(account), amount);
    }

    function debitCash(uint256 account, uint256 amount) external {
        _house.debitCash(_account(account), bound(amount, 0, MAX_CASH_E6 / 100), address(this));
    }

    function moveMark(uint256 which, uint256 markE8) external {
        _engine.setMark(_instruments[which % _instruments.length], bound(markE8, 1, MAX_MARK_E8));
    }

    function setCalled(uint256 account, bool called) external {
        _house.setReduceOnly(_account(account), called && account % 2 == 0);
    }

    function pauseOrStale(uint256 what) external {
        _house.pauseRiskIncrease(what % 4 == 0 ? block.timestamp + 1 hours : 0);
        _engine.setAge(what % 4 == 1 ? STALE_SECONDS : 0);
    }

    function instruments() external view returns (InstrumentId[] memory) {
        return _instruments;
    }

    function _order(
        uint256 buyer,
        uint256 seller,
        uint256 which,
        uint256 size,
        uint256 priceBps
    ) private view returns (IClearingHouse.Trade memory order) {
        uint256 count = settling ? _instruments.length - 1 : _instruments.length;
        order.instrument = _instruments[which % count];
        (order.buyer, order.seller) = (_account(buyer), _account(seller));
        order.sizeE8 = uint128(bound(size, 1, MAX_SIZE_E8));
        uint256 mark = _engine.markE8(order.instrument);
        order.priceE8 = uint128((mark * bound(priceBps, 9_000, 11_000)) / 10_000);
        // Half of the trades close what the buyer is short of, as far as the seller is long.
        int256 short = -int256(_house.sizeOf(order.buyer, order.instrument));
        if (priceBps % 2 == 0 && short > 0) order.sizeE8 = uint128(uint256(short));
    }

    function _growth(
        IClearingHouse.Trade memory order
    ) private view returns (bool buyerGrows, bool sellerGrows) {
        int256 size = int256(uint256(order.sizeE8));
        buyerGrows = int256(_house.sizeOf(order.buyer, order.instrument)) + size > 0;
        sellerGrows = int256(_house.sizeOf(order.seller, order.instrument)) - size < 0;
    }

    /// @dev The gate's rule, written out a second time on numbers that stay small here.
    function _mayEnd(Margin memory was, Margin memory ends) private pure returns (bool) {
        if (_meetsInitial(ends)) return true;
        if (was.equityE6 < 0) return ends.equityE6 >= was.equityE6 && ends.maintenanceE6 <= was.maintenanceE6;
        if (was.maintenanceE6 == 0 || ends.equityE6 < 0) return false;
        return ends.equityE6 * int256(was.maintenanceE6) > was.equityE6 * int256(ends.maintenanceE6);
    }

    function _balance(uint256 account, bool inCoin) private view returns (uint256) {
        if (!inCoin) return ICollateralVault(_house.vault()).balanceOf(account, address(_weth));
        int256 cash = _house.cashE6(account);
        return cash > 0 ? uint256(cash) : 0;
    }

    function _isBarred() private view returns (bool) {
        return block.timestamp < _house.pausedUntil() || _engine.ageSeconds() == STALE_SECONDS;
    }

    function _margin(uint256 account) private view returns (Margin memory) {
        return _engine.assess(_house.book(account));
    }

    function _meetsInitial(Margin memory margin) private pure returns (bool) {
        return margin.equityE6 >= int256(margin.initialE6);
    }

    function _account(uint256 seed) private view returns (uint256) {
        return bound(seed, 1, _accounts);
    }
}
