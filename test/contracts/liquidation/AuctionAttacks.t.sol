// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {AuctionMath} from "../../../contracts/libraries/AuctionMath.sol";
import {Margin} from "../../../contracts/types/MarginTypes.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

contract AuctionAttacksTest is LiquidationFixture {
    uint256 private constant PENALTY_BPS = 50;

    function test_SelfLiquidationLosesThePenalty() public {
        uint256 second = _open(alice, 500_000 * USD);
        _callAt(MARK_CALLED_E8);
        VM.warp(START + 45 minutes);
        int256 before = _equity(short) + _equity(second);
        ILiquidationEngine.Bid memory bid = _bidOf(0.2e18);
        bid.bidder = second;
        VM.prank(alice);
        liquidation.bid(bid);
        uint256 penalty = (410 * USD * PENALTY_BPS) / 1e4;
        VM.assertEq(before - _equity(short) - _equity(second), int256(penalty));
    }

    function testFuzz_SlicingBringsTheBidderNothing(uint256 markE8, uint256 elapsed, uint256 slices) public {
        uint256 share = 0.3e18;
        slices = bound(slices, 2, 6);
        _callAt(bound(markE8, MARK_CALLED_E8, 212e8));
        VM.warp(START + bound(elapsed, 0, 50 minutes));
        VM.assume(liquidation.quote(short).maxShareWad >= share);
        uint256 whole = AuctionMath.portion(
            AuctionMath.portion(_marginOf(short).maintenanceE6, share),
            liquidation.quote(short).discountWad
        );
        int256 before = _equity(bidder);
        uint256 left = WAD;
        for (uint256 i = 0; i < slices; ++i) {
            // Equal parts of the original account.
            uint256 part = (share / slices) * WAD;
            _bid(part / left);
            left -= share / slices;
        }
        // Each slice's cost floors to a unit, in the owner's favour; mark-to-market of a slice rounds by one.
        VM.assertLe(_equity(bidder) - before, int256(whole + slices));
    }

    function testFuzz_EveryFillRaisesHealthAndStaysBelowTheCostCap(
        uint256 markE8,
        uint256 elapsed,
        uint256 share
    ) public {
        _fillFund(FUND_DEPOSIT);
        _callAt(bound(markE8, MARK_H_ONE_E8 + 1e6, 219e8));
        VM.warp(START + bound(elapsed, 0, 3 hours));
        share = bound(share, 0.001e18, liquidation.quote(short).maxShareWad);
        Margin memory before = _marginOf(short);
        uint256 coins = _coinsInHouse();
        _bid(share);
        Margin memory afterwards = _marginOf(short);
        VM.assertTrue(
            AuctionMath.improves(
                before.equityE6,
                before.maintenanceE6,
                afterwards.equityE6,
                afterwards.maintenanceE6
            )
        );
        // cost <= kappa H dM, with a unit for each rounding.
        uint256 cost = uint256(before.equityE6 - afterwards.equityE6);
        uint256 released = before.maintenanceE6 - afterwards.maintenanceE6;
        VM.assertLe(cost, (released * uint256(before.equityE6) * 9) / (before.maintenanceE6 * 10) + 2);
        VM.assertEq(_coinsInHouse(), coins);
    }

    function testFuzz_OthersKeepTheirHealth(uint256 markE8, uint256 share) public {
        _fillFund(FUND_DEPOSIT);
        _callAt(bound(markE8, MARK_H_ONE_E8 + 1e6, 300e8));
        int256 before = _equity(long);
        _bid(bound(share, 0.001e18, liquidation.quote(short).maxShareWad));
        VM.assertEq(_equity(long), before);
    }
}
