// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {MAX_POSITIONS} from "../../../contracts/types/Constants.sol";
import {InstrumentId, InstrumentKind} from "../../../contracts/types/InstrumentId.sol";
import {HouseFixture} from "../support/HouseFixture.sol";

/// @notice What liquidation and settlement may do to accounts.
contract ClearingHouseSliceTest is HouseFixture {
    uint256 private constant WAD = 1e18;
    uint128 private constant MARK = uint128(MARK_E8);

    uint256 private a;
    uint256 private b;
    uint256 private c;

    function setUp() public override {
        super.setUp();
        a = _open(alice, 1_000 * USD);
        b = _open(bob, 1_000 * USD);
        c = _open(carol, 1_000_000 * USD);
    }

    function test_ASliceMovesPositionsAndCollateralAgainstMarkLessDiscount() external {
        _deposit(bob, b, weth, 2 ether);
        _trade(a, b, call, 4 * UNIT, MARK);
        // A quarter: one short call worth -100 and half an ether worth 1,500 at full spot; 7 less for the taker.
        int256 paid = house.takeSlice(b, c, WAD / 4, 7 * USD);
        VM.assertEq(paid, int256(1_393 * USD));
        VM.assertEq(house.sizeOf(c, call), -int256(uint256(UNIT)));
        VM.assertEq(house.sizeOf(b, call), -int256(uint256(3 * UNIT)));
        VM.assertEq(vault.balanceOf(c, address(weth)), 0.5 ether);
        VM.assertEq(vault.balanceOf(b, address(weth)), 1.5 ether);
        VM.assertEq(house.cashE6(b), int256(1_400 * USD) + paid);
        VM.assertEq(house.cashE6(c), int256(1_000_000 * USD) - paid);
        VM.assertEq(house.openInterestE8(call), 4 * UNIT);
    }

    function test_AWholeSliceMovesEverythingExactly() external {
        _deposit(bob, b, wbtc, 12_345_677);
        _trade(a, b, call, 3, MARK);
        _trade(a, b, put, 5, MARK);
        _trade(b, a, future, 7, uint128(FUTURE_MARK_E8));
        house.takeSlice(b, c, WAD, 0);
        VM.assertEq(house.positions(b).length, 0);
        VM.assertEq(house.sizeOf(c, call), -3);
        VM.assertEq(house.sizeOf(c, put), -5);
        VM.assertEq(house.sizeOf(c, future), 7);
        VM.assertEq(vault.balanceOf(b, address(wbtc)), 0);
        VM.assertEq(vault.balanceOf(c, address(wbtc)), 12_345_677);
    }

    function test_ASlicesValueRoundsUpInFavourOfTheOneWhoIsSliced() external {
        engine.setMark(call, 1);
        engine.setMark(put, 1);
        _trade(b, a, call, 3, 0);
        // Long 3 * 1e-16 of value leaves b: b is paid one whole unit.
        VM.assertEq(house.takeSlice(b, c, WAD, 0), 1);
        _trade(a, b, put, 3, 0);
        // Short 3 * 1e-16 leaves b: b pays nothing.
        VM.assertEq(house.takeSlice(b, c, WAD, 0), 0);
    }

    function test_ASliceThatMeetsTheTakersOppositePositionNetsIt() external {
        _trade(a, b, call, 2 * UNIT, MARK);
        _trade(c, a, call, 2 * UNIT, MARK);
        house.takeSlice(b, c, WAD / 2, 0);
        VM.assertEq(house.sizeOf(c, call), int256(uint256(UNIT)));
        VM.assertEq(house.openInterestE8(call), UNIT);
    }

    function test_RevertWhen_TheTakerEndsBelowInitialMargin() external {
        uint256 poor = _open(carol, 10 * USD);
        _trade(a, b, call, UNIT, MARK);
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.BelowInitialMargin.selector,
                poor,
                int256(10 * USD),
                15 * USD
            )
        );
        house.takeSlice(b, poor, WAD, 0);
    }

    function test_RevertWhen_TheTakerIsCalledItself() external {
        _trade(a, b, call, UNIT, MARK);
        house.setReduceOnly(c, true);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.AccountIsReduceOnly.selector, c));
        house.takeSlice(b, c, WAD, 0);
    }

    function test_RevertWhen_TheShareIsZeroOrAboveOne() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ShareOutOfBounds.selector, 0, 1, WAD));
        house.takeSlice(b, c, 0, 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ShareOutOfBounds.selector, WAD + 1, 1, WAD));
        house.takeSlice(b, c, WAD + 1, 0);
    }

    function test_RevertWhen_ASliceGoesToItselfOrToNobody() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.SameAccount.selector, b));
        house.takeSlice(b, b, WAD, 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 55));
        house.takeSlice(b, 55, WAD, 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 55));
        house.takeSlice(55, b, WAD, 0);
    }

    function test_RevertWhen_TheTakerWouldHoldTooManyPositions() external {
        for (uint64 i = 1; i <= MAX_POSITIONS; ++i) {
            InstrumentId option = _listOption(3_000e8 + i, InstrumentKind.Put);
            engine.setMark(option, 1e8);
            _trade(c, a, option, UNIT, 1e8);
        }
        uint256 d = _open(alice, 1_000 * USD);
        _trade(d, b, call, UNIT, MARK);
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.TooManyPositions.selector,
                c,
                MAX_POSITIONS + 1,
                MAX_POSITIONS
            )
        );
        house.takeSlice(b, c, WAD, 0);
    }

    function testFuzz_ASliceConservesCashSizesAndCollateral(
        uint256 share,
        uint128 size,
        uint256 units,
        uint64 discount
    ) external {
        engine.setShares(0, 0);
        share = bound(share, 1, WAD);
        units = bound(units, 0, 1e24);
        size = uint128(bound(size, 1, 1e12));
        _deposit(carol, c, coin, 1e30);
        if (units != 0) _deposit(bob, b, weth, units);
        _trade(a, b, call, size, MARK);
        int256 cash = house.cashE6(b) + house.cashE6(c);
        int256 equity = engine.assess(house.book(b)).equityE6;
        int256 paid = house.takeSlice(b, c, share, discount);
        VM.assertEq(house.cashE6(b) + house.cashE6(c), cash);
        VM.assertEq(int256(house.sizeOf(b, call)) + house.sizeOf(c, call), -int256(uint256(size)));
        VM.assertEq(vault.balanceOf(b, address(weth)) + vault.balanceOf(c, address(weth)), units);
        VM.assertEq(_cashErrorE16(), 0);
        VM.assertEq(house.openInterestE8(call), size);
        // The sliced account loses at most the discount: roundings and the freed haircut are in its favour.
        VM.assertGe(engine.assess(house.book(b)).equityE6, equity - int256(uint256(discount)));
        VM.assertGe(paid, -int256(uint256(size) * 100 + discount));
    }

    function test_CreditedCashMustHaveReachedTheVault() external {
        coin.mint(address(vault), 5 * USD);
        house.creditCash(a, 5 * USD);
        VM.assertEq(house.cashE6(a), int256(1_005 * USD));
        VM.assertEq(_cashErrorE16(), 0);
        uint256 recorded = vault.held(address(coin));
        VM.expectRevert(
            abi.encodeWithSelector(
                ICollateralVault.BalanceBelowRecord.selector,
                address(coin),
                recorded,
                recorded + 1
            )
        );
        house.creditCash(a, 1);
    }

    function test_DebitedCashLeavesThroughTheVault() external {
        house.debitCash(a, 1_500 * USD, carol);
        VM.assertEq(house.cashE6(a), -int256(500 * USD));
        VM.assertEq(coin.balanceOf(carol), 1_500 * USD);
        VM.assertEq(_cashErrorE16(), 0);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAddress.selector));
        house.debitCash(a, 1, address(0));
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 66));
        house.debitCash(66, 1, carol);
    }

    function test_SettlementRoundsDownForBothSidesAndKeepsTheDust() external {
        engine.setShares(0, 0);
        _trade(a, b, call, 3, 0);
        int256 cashA = house.cashE6(a);
        int256 cashB = house.cashE6(b);
        VM.warp(EXPIRY);
        // 3 * 5,000,000,000 = 1.5 units: the long gets 1, the short pays 2, one whole unit of dust stays.
        house.settlePosition(a, call, 5_000_000_000);
        VM.assertEq(house.cashE6(a), cashA + 1);
        VM.assertEq(house.settlementDustE16(), 5_000_000_000);
        VM.assertEq(house.pendingSettlementE16(), -15_000_000_000);
        VM.assertEq(_cashErrorE16(), 0);
        house.settlePosition(b, call, 5_000_000_000);
        VM.assertEq(house.cashE6(b), cashB - 2);
        VM.assertEq(house.settlementDustE16(), 10_000_000_000);
        VM.assertEq(house.pendingSettlementE16(), 0);
        VM.assertEq(_cashErrorE16(), 0);
        VM.assertEq(house.openInterestE8(call), 0);
    }

    function test_RevertWhen_SettlingAPositionThatIsNotThere() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.NoPosition.selector, a, call));
        house.settlePosition(a, call, 1);
    }

    function testFuzz_SettlementConservesCashToTheUnit(uint64[3] calldata sizes, uint64 value) external {
        engine.setShares(0, 0);
        engine.setMark(call, 0);
        int256 before = house.cashE6(a) + house.cashE6(b) + house.cashE6(c);
        if (sizes[0] != 0) _trade(a, b, call, sizes[0], 0);
        if (sizes[1] != 0) _trade(c, a, call, sizes[1], 0);
        if (sizes[2] != 0) _trade(b, c, call, sizes[2], 0);
        for (uint256 account = a; account <= c; ++account) {
            if (house.sizeOf(account, call) != 0) house.settlePosition(account, call, value);
            VM.assertEq(_cashErrorE16(), 0);
        }
        VM.assertEq(house.pendingSettlementE16(), 0);
        int256 dustE6 = int256(house.settlementDustE16() / 1e10);
        VM.assertEq(house.cashE6(a) + house.cashE6(b) + house.cashE6(c), before - dustE6);
        VM.assertTrue(dustE6 >= 0 && dustE6 < 3);
    }
}
