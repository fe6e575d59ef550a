// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MAX_POSITIONS} from "../../../contracts/types/Constants.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {HouseFixture} from "../support/HouseFixture.sol";
import {HouseHandler} from "../support/HouseHandler.sol";

/// @notice What holds after any sequence of users', liquidators', settlers' and guardians' actions.
contract ClearingInvariantsTest is HouseFixture {
    uint256 private constant ACCOUNTS = 5;
    /// Odd, so that settlement leaves dust.
    uint256 private constant VALUE_E8 = 3_333_333_333;
    uint256 private constant START_CASH_E6 = 1e11;
    uint256 private constant LIFE_STEPS = 600;
    uint256 private constant OFTEN = 10;

    HouseHandler private handler;

    function setUp() public override {
        super.setUp();
        InstrumentId[] memory instruments = new InstrumentId[](3);
        (instruments[0], instruments[1], instruments[2]) = (call, put, future);
        handler = new HouseHandler(house, coin, weth, instruments, ACCOUNTS, VALUE_E8);
        house.grantRole(house.EXCHANGE_ROLE(), address(handler));
        house.grantRole(house.LIQUIDATION_ROLE(), address(handler));
        house.grantRole(house.SETTLEMENT_ROLE(), address(handler));
        house.grantRole(house.GUARDIAN_ROLE(), address(handler));
        for (uint160 i = 1; i <= ACCOUNTS; ++i) {
            uint256 account = _open(address(0xACC0 + i), START_CASH_E6);
            _deposit(address(0xACC0 + i), account, weth, account * 1 ether);
        }
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// Invariants 1 and 2.
    function invariant_CashIsConservedToTheUnit() external view {
        VM.assertEq(_cashErrorE16(), 0);
        VM.assertEq(coin.balanceOf(address(vault)), vault.held(address(coin)));
    }

    /// Invariant 1.
    function invariant_CollateralIsConservedToTheUnit() external view {
        uint256 sum;
        for (uint256 account = 1; account <= ACCOUNTS; ++account)
            sum += vault.balanceOf(account, address(weth));
        VM.assertEq(sum, vault.held(address(weth)));
        VM.assertEq(sum, weth.balanceOf(address(vault)));
    }

    /// Invariant 3: zero for every instrument that is not being settled; what is left of that one is what is pending.
    function invariant_PositionsSumToZero() external view {
        InstrumentId[] memory all = handler.instruments();
        for (uint256 i = 0; i < all.length; ++i) {
            int256 sum;
            for (uint256 account = 1; account <= ACCOUNTS; ++account) sum += house.sizeOf(account, all[i]);
            bool settling = i == all.length - 1 && handler.settling();
            if (settling) VM.assertEq(sum * int256(VALUE_E8), house.pendingSettlementE16());
            else VM.assertEq(sum, 0);
        }
    }

    /// Invariant 4.
    function invariant_OpenInterestIsHalfTheAbsolutePositions() external view {
        InstrumentId[] memory all = handler.instruments();
        for (uint256 i = 0; i < all.length; ++i) {
            uint256 longs;
            uint256 shorts;
            for (uint256 account = 1; account <= ACCOUNTS; ++account) {
                int256 size = house.sizeOf(account, all[i]);
                if (size > 0) longs += uint256(size);
                else shorts += uint256(-size);
            }
            VM.assertEq(house.openInterestE8(all[i]), longs);
            if (i != all.length - 1 || !handler.settling()) VM.assertEq(longs, shorts);
        }
    }

    /// Invariants 9, 22 and 28.
    function invariant_NoActionEndsBelowInitialMarginAndNoPauseBlocksRepair() external view {
        VM.assertEq(handler.violations(), 0);
    }

    function invariant_EveryBookIsWellFormed() external view {
        for (uint256 account = 1; account <= ACCOUNTS; ++account) {
            Position[] memory book = house.positions(account);
            VM.assertLe(book.length, MAX_POSITIONS);
            for (uint256 i = 0; i < book.length; ++i) {
                VM.assertTrue(book[i].sizeE8() != 0);
                VM.assertEq(int256(house.sizeOf(account, book[i].instrument())), int256(book[i].sizeE8()));
                for (uint256 j = 0; j < i; ++j) VM.assertFalse(book[j].instrument() == book[i].instrument());
            }
        }
    }

    /// From wherever a run ends, the house can be emptied: what was pending is settled and no unit is missing.
    function afterInvariant() external {
        InstrumentId[] memory all = handler.instruments();
        for (uint256 i = 0; i < all.length; ++i) {
            for (uint256 account = 1; account <= ACCOUNTS; ++account) {
                if (house.sizeOf(account, all[i]) != 0) house.settlePosition(account, all[i], VALUE_E8);
            }
            VM.assertEq(house.openInterestE8(all[i]), 0);
        }
        VM.assertEq(house.pendingSettlementE16(), 0);
        VM.assertEq(_cashErrorE16(), 0);
        for (uint256 account = 1; account <= ACCOUNTS; ++account)
            VM.assertEq(house.positions(account).length, 0);
    }

    /// Random calls, as the invariants' runs make them, reach every kind of success many times.
    function test_ALongRandomLifeReachesEveryAction() external {
        for (uint256 i = 0; i < LIFE_STEPS; ++i) {
            _randomStep(
                uint256(keccak256(abi.encode("action", i))),
                uint256(keccak256(abi.encode("first", i)))
            );
        }
        VM.assertGt(handler.trades(), OFTEN);
        VM.assertGt(handler.withdrawals(), OFTEN);
        VM.assertGt(handler.slices(), OFTEN);
        VM.assertGt(handler.settlements(), 0);
        VM.assertEq(handler.violations(), 0);
    }

    function _randomStep(uint256 action, uint256 seed) private {
        (uint256 a, uint256 b, uint256 c) = (seed >> 16, seed >> 64, seed >> 128);
        bool inCoin = seed % 2 == 0;
        uint256 kind = action % 10;
        if (kind == 0) handler.deposit(a, b, inCoin);
        if (kind == 1) try handler.withdraw(a, b, inCoin) {} catch {}
        if (kind == 2) handler.trade(a, seed >> 24, seed >> 32, b, c);
        if (kind == 3) try handler.takeSlice(a, seed >> 24, b, c) {} catch {}
        if (kind == 4) try handler.settle(a) {} catch {}
        if (kind == 5) handler.creditCash(a, b);
        if (kind == 6) try handler.debitCash(a, b) {} catch {}
        if (kind == 7) handler.moveMark(a, b);
        if (kind == 8) handler.setCalled(a, inCoin);
        if (kind == 9) handler.pauseOrStale(a);
    }

    /// The handler reaches every action: the invariants above are not empty.
    function test_TheHandlerTradesSlicesWithdrawsAndSettles() external {
        handler.deposit(1, 5e6, true);
        handler.trade(1, 2, 0, 10e8, 10_000);
        handler.trade(1, 2, 2, 1e8, 10_000);
        handler.takeSlice(2, 3, 1, 5);
        handler.withdraw(1, 1e6, true);
        handler.settle(1);
        handler.moveMark(0, 5e8);
        VM.assertEq(handler.trades(), 2);
        VM.assertEq(handler.slices(), 1);
        VM.assertEq(handler.withdrawals(), 1);
        VM.assertEq(handler.settlements(), 1);
        VM.assertEq(handler.violations(), 0);
        VM.assertTrue(house.pendingSettlementE16() != 0);
    }
}
