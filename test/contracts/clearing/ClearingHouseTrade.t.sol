// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {IInstrumentRegistry} from "../../../contracts/interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../../../contracts/interfaces/IMarginEngine.sol";
import {MAX_POSITIONS} from "../../../contracts/types/Constants.sol";
import {InstrumentId, InstrumentKind, toInstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {HouseFixture} from "../support/HouseFixture.sol";

/// @notice The gate in front of every trade.
contract ClearingHouseTradeTest is HouseFixture {
    uint256 private constant MAX_SIZE_E8 = 2 ** 80;
    uint128 private constant MARK = uint128(MARK_E8);

    uint256 private a;
    uint256 private b;

    function setUp() public override {
        super.setUp();
        a = _open(alice, 1_000 * USD);
        b = _open(bob, 1_000 * USD);
    }

    function test_ATradeMovesSizeOneWayAndCashTheOther() external {
        _trade(a, b, call, 2 * UNIT, MARK);
        VM.assertEq(house.sizeOf(a, call), int256(uint256(2 * UNIT)));
        VM.assertEq(house.sizeOf(b, call), -int256(uint256(2 * UNIT)));
        VM.assertEq(house.cashE6(a), int256(800 * USD));
        VM.assertEq(house.cashE6(b), int256(1_200 * USD));
        VM.assertEq(house.openInterestE8(call), 2 * UNIT);
    }

    function test_ThePaymentRoundsUpAgainstTheBuyer() external {
        _trade(a, b, call, 1, 1);
        VM.assertEq(house.cashE6(a), int256(1_000 * USD) - 1);
        VM.assertEq(house.cashE6(b), int256(1_000 * USD) + 1);
    }

    function test_OpenInterestFollowsEveryTransferAndClose() external {
        uint256 c = _open(carol, 1_000 * USD);
        _trade(a, b, call, 3 * UNIT, MARK);
        _trade(c, a, call, 2 * UNIT, MARK);
        VM.assertEq(house.openInterestE8(call), 3 * UNIT);
        _trade(b, c, call, 2 * UNIT, MARK);
        VM.assertEq(house.openInterestE8(call), UNIT);
        _trade(b, a, call, UNIT, MARK);
        VM.assertEq(house.openInterestE8(call), 0);
        VM.assertEq(house.positions(a).length + house.positions(b).length + house.positions(c).length, 0);
    }

    function test_AClosedPositionsPlaceIsTakenByTheLast() external {
        _trade(a, b, call, UNIT, MARK);
        _trade(a, b, put, UNIT, MARK);
        _trade(a, b, future, UNIT / 10, uint128(FUTURE_MARK_E8));
        _trade(b, a, call, UNIT, MARK);
        Position[] memory left = house.positions(a);
        VM.assertEq(left.length, 2);
        VM.assertTrue(left[0].instrument() == future);
        VM.assertTrue(left[1].instrument() == put);
        _trade(b, a, put, UNIT, MARK);
        VM.assertEq(house.sizeOf(a, future), int256(uint256(UNIT / 10)));
        VM.assertEq(house.sizeOf(a, put), 0);
    }

    function test_RevertWhen_OpeningEndsOneUnitBelowInitialMargin() external {
        uint256 c = _open(carol, 15 * USD - 1);
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.BelowInitialMargin.selector,
                c,
                int256(15 * USD - 1),
                15 * USD
            )
        );
        _trade(a, c, call, UNIT, MARK);
        _deposit(carol, c, coin, 1);
        _trade(a, c, call, UNIT, MARK);
    }

    function test_BelowInitialMarginATradeThatImprovesHealthPasses() external {
        uint256 c = _open(carol, 30 * USD);
        _trade(a, c, call, 2 * UNIT, MARK);
        // Marks rise by a tenth: equity 10, maintenance 22, health below one.
        engine.setMark(call, 110e8);
        _trade(c, a, call, UNIT, 110e8);
        VM.assertEq(house.sizeOf(c, call), -int256(uint256(UNIT)));
    }

    function test_RevertWhen_AReductionBelowInitialMarginWorsensHealth() external {
        uint256 c = _open(carol, 30 * USD);
        _trade(a, c, call, 2 * UNIT, MARK);
        engine.setMark(call, 110e8);
        // Buying back half at 116 costs 6 of the 10: health 10/22 becomes 4/11.
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.BelowInitialMargin.selector, c, int256(4 * USD), 16.5e6)
        );
        _trade(c, a, call, UNIT, 116e8);
    }

    function test_RevertWhen_AnInsolventAccountGambles() external {
        uint256 c = _open(carol, 30 * USD);
        _trade(a, c, call, 2 * UNIT, MARK);
        engine.setMark(call, 120e8);
        // Equity -10. Selling a put above its mark raises equity and adds risk.
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.BelowInitialMargin.selector,
                c,
                int256(-9 * int256(USD)),
                51e6
            )
        );
        _trade(a, c, put, UNIT, 101e8);
    }

    function test_RevertWhen_TheSidesAreOneAccount() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.SameAccount.selector, a));
        _trade(a, a, call, UNIT, MARK);
    }

    function test_RevertWhen_ASideIsUnknown() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 77));
        _trade(a, 77, call, UNIT, MARK);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 0));
        _trade(0, b, call, UNIT, MARK);
    }

    function test_RevertWhen_TheSizeIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.ZeroAmount.selector));
        _trade(a, b, call, 0, MARK);
    }

    function test_RevertWhen_TheInstrumentIsUnknown() external {
        InstrumentId other = toInstrumentId(ETH, uint40(EXPIRY), 5_000e8, InstrumentKind.Call);
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.UnknownInstrument.selector, other));
        _trade(a, b, other, UNIT, MARK);
    }

    function test_RevertWhen_TheInstrumentHasExpired() external {
        VM.warp(EXPIRY - 1);
        _trade(a, b, call, UNIT, MARK);
        VM.warp(EXPIRY);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.InstrumentExpired.selector, call, EXPIRY));
        _trade(a, b, call, UNIT, MARK);
    }

    function test_RevertWhen_APositionGrowsPastTheLargestSize() external {
        engine.setMark(call, 0);
        _trade(a, b, call, uint128(MAX_SIZE_E8), 0);
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.SizeTooLarge.selector, int256(MAX_SIZE_E8 + 1), MAX_SIZE_E8)
        );
        _trade(a, b, call, 1, 0);
        uint256 c = _open(carol, 0);
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.SizeTooLarge.selector,
                -int256(MAX_SIZE_E8 + 1),
                MAX_SIZE_E8
            )
        );
        _trade(c, b, call, 1, 0);
    }

    function test_RevertWhen_AnAccountHoldsMoreThanTheMostPositions() external {
        for (uint64 i = 1; i <= MAX_POSITIONS; ++i) {
            InstrumentId option = _listOption(3_000e8 + i, InstrumentKind.Call);
            engine.setMark(option, 1e8);
            _trade(a, b, option, UNIT, 1e8);
        }
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.TooManyPositions.selector,
                a,
                MAX_POSITIONS + 1,
                MAX_POSITIONS
            )
        );
        _trade(a, b, call, UNIT, MARK);
    }

    function test_RevertWhen_AReduceOnlyOrderWouldGrowOrFlip() external {
        _trade(a, b, call, UNIT, MARK);
        IClearingHouse.Trade memory order = _order(b, a, call, 2 * UNIT, MARK);
        order.sellerReduceOnly = true;
        int256 one = int256(uint256(UNIT));
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.PositionWouldGrow.selector, a, call, one, -one)
        );
        house.trade(order);
        order.sellerReduceOnly = false;
        order.buyerReduceOnly = true;
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.PositionWouldGrow.selector, b, call, -one, one)
        );
        house.trade(order);
        order.sizeE8 = UNIT;
        order.sellerReduceOnly = true;
        house.trade(order);
        VM.assertEq(house.sizeOf(a, call), 0);
    }

    function test_RevertWhen_ACalledAccountGrows() external {
        _trade(a, b, call, UNIT, MARK);
        house.setReduceOnly(a, true);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.AccountIsReduceOnly.selector, a));
        _trade(a, b, call, 1, MARK);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.AccountIsReduceOnly.selector, a));
        _trade(b, a, call, UNIT + 1, MARK);
        _trade(b, a, call, UNIT, MARK);
    }

    function test_APauseAndAStaleReportStopGrowthAndNeverReduction() external {
        _trade(a, b, call, 2 * UNIT, MARK);
        house.pauseRiskIncrease(START + 1 hours);
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.Paused.selector, START + 1 hours, block.timestamp)
        );
        _trade(a, b, call, 1, MARK);
        _trade(b, a, call, UNIT, MARK);
        house.pauseRiskIncrease(START);
        engine.setAge(1 hours + 1);
        VM.expectRevert(abi.encodeWithSelector(IMarginEngine.ReportTooOld.selector, 1 hours + 1, 1 hours));
        _trade(a, b, call, 1, MARK);
        _trade(b, a, call, UNIT, MARK);
        VM.assertEq(house.openInterestE8(call), 0);
    }

    function test_RevertWhen_OneSideGrowsWhileTheOtherReducesUnderAPause() external {
        uint256 c = _open(carol, 1_000 * USD);
        _trade(a, b, call, UNIT, MARK);
        house.pauseRiskIncrease(START + 1 hours);
        VM.expectRevert(
            abi.encodeWithSelector(IClearingHouse.Paused.selector, START + 1 hours, block.timestamp)
        );
        _trade(c, a, call, UNIT, MARK);
    }

    function testFuzz_CashAndSizesOfATradeSumToZero(uint128 size, uint128 price) external {
        engine.setShares(0, 0);
        size = uint128(bound(size, 1, MAX_SIZE_E8));
        price = uint128(bound(price, 0, type(uint64).max));
        engine.setMark(call, price);
        int256 before = house.cashE6(a) + house.cashE6(b);
        _trade(a, b, call, size, price);
        VM.assertEq(house.cashE6(a) + house.cashE6(b), before);
        VM.assertEq(int256(house.sizeOf(a, call)) + house.sizeOf(b, call), 0);
        VM.assertEq(house.openInterestE8(call), size);
        // Never less than the exact price, and by less than one unit.
        uint256 exactE16 = uint256(size) * price;
        uint256 paidE16 = uint256(house.cashE6(b) - int256(1_000 * USD)) * 1e10;
        VM.assertGe(paidE16, exactE16);
        VM.assertTrue(paidE16 - exactE16 < 1e10);
    }
}
