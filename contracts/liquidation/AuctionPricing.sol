// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ILiquidationEngine} from "../interfaces/ILiquidationEngine.sol";
import {AuctionMath} from "../libraries/AuctionMath.sol";
import {Margin, MarginBreakdown} from "../types/MarginTypes.sol";
import {LiquidationParams} from "../types/RiskParams.sol";

/// @title AuctionPricing: who pays what for a slice, in each phase
/// @notice dM = M * share. The owner gives up c dM. Called phase: the bidder gets c dM less the penalty. Insolvent phase: the bidder gets
/// max(c, rho) dM, the fund pays what the owner cannot, that is (max(c, rho) - c) dM, and the slice's part of the debt. As c <= kappa H
/// and c = 0 at E <= 0, an owner's cost never lowers health. When the fund cannot pay all, the bidder is served before the debt: taking
/// the risk away is what stops the debt from growing. What the fund does not pay, the bidder does not get.
library AuctionPricing {
    struct Price {
        uint256 ownerCostWad;
        uint256 penaltyWad;
        uint256 discountWad;
        uint256 maxShareWad;
    }

    struct Slice {
        uint256 shareWad;
        uint256 ownerCostE6;
        uint256 penaltyE6;
        /// The fund's part of what the bidder gets.
        uint256 subsidyE6;
        /// Subsidy and the slice's part of the debt.
        uint256 fundDueE6;
        /// What the bidder pays less than mark.
        uint256 discountE6;
    }

    /// @notice The auction as it is now: lowest health and phase brought up to date. An account that is not called stays so.
    function advance(
        ILiquidationEngine.Auction memory stored,
        Margin memory margin,
        LiquidationParams memory params,
        uint40 now_
    ) internal pure returns (ILiquidationEngine.Auction memory next) {
        next = ILiquidationEngine.Auction(
            stored.phase,
            stored.flaggedAt,
            stored.lowestHealthBps,
            stored.version,
            stored.insolventSince
        );
        if (stored.phase == ILiquidationEngine.Phase.None) return next;
        uint256 health = AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6);
        // Health saturates at type(uint32).max.
        if (health < next.lowestHealthBps) next.lowestHealthBps = uint32(health);
        bool late = now_ - stored.flaggedAt >= params.capSeconds;
        bool insolvent = margin.equityE6 <= 0 || (late && health < params.insolventHealthBps);
        if (insolvent && stored.phase == ILiquidationEngine.Phase.Called) {
            next.phase = ILiquidationEngine.Phase.Insolvent;
            next.insolventSince = now_;
        } else if (!insolvent && stored.phase == ILiquidationEngine.Phase.Insolvent) {
            next.phase = ILiquidationEngine.Phase.Called;
            next.insolventSince = 0;
        }
    }

    /// @notice The price of an advanced auction at a time, per unit of dM, and the largest share; all zero when not called.
    function priceOf(
        LiquidationParams memory params,
        ILiquidationEngine.Auction memory auction,
        MarginBreakdown memory current,
        uint256 now_
    ) internal pure returns (Price memory price) {
        if (auction.phase == ILiquidationEngine.Phase.None) return price;
        uint256 health = AuctionMath.healthBps(current.margin.equityE6, current.margin.maintenanceE6);
        price.ownerCostWad = AuctionMath.costWad(params, now_ - auction.flaggedAt, auction.lowestHealthBps);
        if (auction.phase == ILiquidationEngine.Phase.Insolvent) {
            uint256 subsidy = AuctionMath.subsidyWad(params, now_ - auction.insolventSince);
            price.discountWad = Math.max(price.ownerCostWad, subsidy);
        } else {
            price.penaltyWad = Math.min(
                uint256(params.penaltyBps) * AuctionMath.WAD_PER_BPS,
                price.ownerCostWad
            );
            price.discountWad = price.ownerCostWad - price.penaltyWad;
        }
        price.maxShareWad = AuctionMath.largestShareWad(params.targetHealthBps, health, price.ownerCostWad);
        if (price.maxShareWad > 0 && _leavesDust(params, current, price.maxShareWad)) {
            price.maxShareWad = AuctionMath.WAD;
        }
    }

    /// @notice The amounts of a share at a price. A share that would leave less than dust becomes the whole. Rounding: what the owner
    /// and the fund give is rounded down, the penalty up within the owner's cost.
    function sliceOf(
        LiquidationParams memory params,
        Price memory price,
        MarginBreakdown memory current,
        uint256 shareWad
    ) internal pure returns (Slice memory slice) {
        if (shareWad > price.maxShareWad)
            revert ILiquidationEngine.ShareTooLarge(shareWad, price.maxShareWad);
        slice.shareWad = _leavesDust(params, current, shareWad) ? AuctionMath.WAD : shareWad;
        uint256 soldE6 = AuctionMath.portion(current.margin.maintenanceE6, slice.shareWad);
        slice.ownerCostE6 = AuctionMath.portion(soldE6, price.ownerCostWad);
        slice.penaltyE6 = Math.mulDiv(soldE6, price.penaltyWad, AuctionMath.WAD, Math.Rounding.Ceil);
        slice.penaltyE6 = Math.min(slice.penaltyE6, slice.ownerCostE6);
        uint256 wholeDiscountE6 = AuctionMath.portion(soldE6, price.discountWad + price.penaltyWad);
        slice.subsidyE6 = Math.saturatingSub(wholeDiscountE6, slice.ownerCostE6);
        slice.discountE6 = slice.ownerCostE6 - slice.penaltyE6 + slice.subsidyE6;
        slice.fundDueE6 = slice.subsidyE6 + AuctionMath.portion(debtE6(current.margin), slice.shareWad);
    }

    /// @notice Cuts the subsidy, and with it the discount, to what the fund paid.
    function limitSubsidy(Slice memory slice, uint256 fundPaidE6) internal pure {
        uint256 missing = Math.saturatingSub(slice.subsidyE6, fundPaidE6);
        // No underflow: discount = owner's part + subsidy, and missing <= subsidy.
        slice.subsidyE6 -= missing;
        slice.discountE6 -= missing;
    }

    /// @notice What an insolvent account may cost the fund: its debt and a full subsidy.
    function reserveE6(Margin memory margin) internal pure returns (uint256) {
        return debtE6(margin) + margin.maintenanceE6;
    }

    /// @notice max(0, -E).
    function debtE6(Margin memory margin) internal pure returns (uint256) {
        // Negative equity is far above the least int256, so its negation is representable.
        return margin.equityE6 < 0 ? uint256(-margin.equityE6) : 0;
    }

    function _leavesDust(
        LiquidationParams memory params,
        MarginBreakdown memory current,
        uint256 shareWad
    ) private pure returns (bool) {
        uint256 leftE6 = current.grossNotionalE6 - AuctionMath.portion(current.grossNotionalE6, shareWad);
        return leftE6 < params.dustNotionalE6;
    }
}
