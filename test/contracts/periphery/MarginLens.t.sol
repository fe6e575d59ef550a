// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {IMarginLens} from "../../../contracts/interfaces/IMarginLens.sol";
import {HealthOrder} from "../../../contracts/libraries/HealthOrder.sol";
import {MarginLens} from "../../../contracts/periphery/MarginLens.sol";
import {HouseFixture} from "../support/HouseFixture.sol";
import {MarginEngineStandIn} from "../support/MarginEngineStandIn.sol";

contract MarginLensTest is HouseFixture {
    MarginLens private lens;
    uint256 private a;
    uint256 private b;
    uint256 private c;

    function setUp() public override {
        super.setUp();
        lens = new MarginLens(address(house));
        a = _open(alice, 1_000 * USD);
        b = _open(bob, 1_000 * USD);
        c = _open(carol, 0);
        _trade(a, b, call, 2 * UNIT, uint128(MARK_E8));
    }

    function test_AccountsAreReadInOneCall() external {
        house.setReduceOnly(b, true);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (b, a);
        IMarginLens.AccountView[] memory views = lens.accounts(ids);
        VM.assertEq(views[0].account, b);
        VM.assertEq(views[0].owner, bob);
        VM.assertTrue(views[0].reduceOnly);
        VM.assertFalse(views[1].reduceOnly);
        VM.assertEq(views[0].book.cashE6, int256(1_200 * USD));
        VM.assertEq(views[0].breakdown.markToMarketE6, -int256(200 * USD));
        // Equity 1,000 over maintenance 20.
        VM.assertEq(views[0].healthBps, 500_000);
        VM.assertEq(views[1].book.positions.length, 1);
    }

    function test_RevertWhen_AnUnknownAccountIsRead() external {
        uint256[] memory ids = new uint256[](1);
        ids[0] = 12;
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.UnknownAccount.selector, 12));
        lens.accounts(ids);
    }

    function test_HealthIsReadByRange() external view {
        IMarginLens.HealthView[] memory views = lens.health(2, 10);
        VM.assertEq(views.length, 2);
        VM.assertEq(views[0].account, b);
        VM.assertEq(views[0].margin.maintenanceE6, 20 * USD);
        VM.assertEq(views[1].account, c);
        VM.assertEq(views[1].healthBps, HealthOrder.HEALTH_LIMIT_BPS);
        VM.assertEq(lens.health(1, 1).length, 1);
        VM.assertEq(lens.health(4, 1).length, 0);
        VM.assertEq(lens.health(0, 1).length, 0);
    }

    function test_TheSurfaceIsTheEngines() external view {
        VM.assertEq(lens.surface(a, ETH)[0][1], int256(200 * USD));
    }

    function test_ItFollowsTheHousesEngine() external {
        MarginEngineStandIn other = new MarginEngineStandIn();
        other.setMark(call, 10 * MARK_E8);
        house.setMarginEngine(address(other));
        VM.assertEq(lens.surface(a, ETH)[0][1], int256(2_000 * USD));
    }

    function test_ConservationCountsWhatIsOwed() external {
        uint256 held = vault.held(address(coin));
        house.debitCash(a, held + 5, carol);
        VM.assertEq(coin.balanceOf(carol), held);
        VM.assertEq(house.owedE6(carol), 5);
        VM.assertEq(lens.conservation().cashErrorE16, 0);
    }

    function test_ConservationAddsUpAndShowsGifts() external {
        _deposit(carol, c, weth, 3 ether);
        house.settlePosition(a, call, 33_333_333_333);
        coin.mint(address(vault), 7);
        IMarginLens.Conservation memory sums = lens.conservation();
        VM.assertEq(sums.cashE6, int256(2_000 * USD) + 666_666_666);
        VM.assertEq(sums.cashErrorE16, 0);
        VM.assertEq(sums.collateralError.length, 3);
        for (uint256 i = 0; i < 3; ++i) VM.assertEq(sums.collateralError[i], 0);
        VM.assertEq(sums.surplus[0], 7);
        VM.assertEq(sums.surplus[1], 0);
    }
}
