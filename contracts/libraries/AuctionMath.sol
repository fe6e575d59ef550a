// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BPS} from "../types/Constants.sol";
import {LiquidationParams} from "../types/RiskParams.sol";

/// @title AuctionMath: the price and size of a Dutch auction that transfers risk in slices
/// @notice Pure and total: every input gives a number. Equity E and maintenance M are in USD * 1e6, health H = E / M in bps, costs and
/// shares in 1e18. Rounding is stated per function and favours the called account over the bidder.
/// For a slice with dM = f M that costs the owner c dM: H' = (E - c dM) / (M - dM) > H exactly when c < H.
library AuctionMath {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant WAD_PER_BPS = WAD / BPS;
    /// Health of an account that needs no margin; also where larger health saturates.
    uint256 internal constant MAX_HEALTH_BPS = type(uint32).max;

    /// @notice E / M in bps, rounded down; 0 when E <= 0 against any margin or debt, saturated at MAX_HEALTH_BPS.
    function healthBps(int256 equityE6, uint256 maintenanceE6) internal pure returns (uint256) {
        if (equityE6 < 0) return 0;
        if (maintenanceE6 == 0) return MAX_HEALTH_BPS;
        // Not negative: checked above.
        uint256 equity = uint256(equityE6);
        (bool fits, uint256 scaled) = Math.tryMul(equity, BPS);
        uint256 health = fits ? scaled / maintenanceE6 : equity / (maintenanceE6 / BPS + 1);
        return Math.min(health, MAX_HEALTH_BPS);
    }

    /// @notice Whether equity after over maintenance after is strictly larger than before; compared without division, so no
    /// slice is too small to tell. An account that needs no margin and owes nothing is healthier than any that needs some.
    function improves(
        int256 equityBeforeE6,
        uint256 maintenanceBeforeE6,
        int256 equityAfterE6,
        uint256 maintenanceAfterE6
    ) internal pure returns (bool) {
        if (maintenanceAfterE6 == 0) return equityAfterE6 >= 0 && maintenanceBeforeE6 > 0;
        if (equityAfterE6 <= 0 || equityBeforeE6 <= 0) return equityAfterE6 > 0 && equityBeforeE6 <= 0;
        // Both positive: checked above.
        (uint256 afterHigh, uint256 afterLow) = Math.mul512(uint256(equityAfterE6), maintenanceBeforeE6);
        (uint256 beforeHigh, uint256 beforeLow) = Math.mul512(uint256(equityBeforeE6), maintenanceAfterE6);
        return afterHigh > beforeHigh || (afterHigh == beforeHigh && afterLow > beforeLow);
    }

    /// @notice Owner's cost as a share of dM, 1e18, rounded down: from startCost to rampCost over rampSeconds, then on to
    /// costCap * lowest health at capSeconds, and never above that cap. Depends on time through elapsed alone, so it steps once a block.
    function costWad(
        LiquidationParams memory params,
        uint256 elapsedSeconds,
        uint256 lowestHealthBps
    ) internal pure returns (uint256) {
        uint256 health = Math.min(lowestHealthBps, MAX_HEALTH_BPS);
        uint256 cap = (uint256(params.costCapBps) * health * WAD_PER_BPS) / BPS;
        uint256 top = uint256(params.rampCostBps) * WAD_PER_BPS;
        uint256 cost;
        if (elapsedSeconds < params.rampSeconds) {
            cost = between(
                uint256(params.startCostBps) * WAD_PER_BPS,
                top,
                elapsedSeconds,
                params.rampSeconds
            );
        } else if (cap > top) {
            uint256 span = Math.saturatingSub(params.capSeconds, params.rampSeconds);
            // No underflow: elapsed >= rampSeconds in this branch.
            cost = between(top, cap, elapsedSeconds - params.rampSeconds, span);
        } else {
            cost = top;
        }
        return Math.min(cap, cost);
    }

    /// @notice f* = (H* - H) / (H* - c), the share that lands on target health, 1e18, rounded down, at most 1; zero at or above target.
    function largestShareWad(
        uint256 targetHealthBps,
        uint256 health,
        uint256 cost
    ) internal pure returns (uint256) {
        if (health >= targetHealthBps || targetHealthBps > MAX_HEALTH_BPS) return 0;
        uint256 target = targetHealthBps * WAD_PER_BPS;
        if (cost >= health * WAD_PER_BPS) return WAD;
        // No underflow: cost < health < target.
        return Math.mulDiv(target - health * WAD_PER_BPS, WAD, target - cost);
    }

    /// @notice rho: what a bidder is paid in the insolvent phase as a share of dM, 1e18, 0 -> 1 over subsidySeconds, rounded down.
    function subsidyWad(
        LiquidationParams memory params,
        uint256 elapsedSeconds
    ) internal pure returns (uint256) {
        return between(0, WAD, elapsedSeconds, params.subsidySeconds);
    }

    /// @notice Straight line from a to b over span seconds, rounded down; b at and after its end. Values up to 2^128.
    function between(uint256 a, uint256 b, uint256 elapsed, uint256 span) internal pure returns (uint256) {
        if (elapsed >= span) return b;
        return
            b >= a
                ? a + Math.mulDiv(b - a, elapsed, span)
                : a - Math.mulDiv(a - b, elapsed, span, Math.Rounding.Ceil);
    }

    /// @notice value * share, rounded down; a share above one counts as one.
    function portion(uint256 value, uint256 shareWad) internal pure returns (uint256) {
        return shareWad >= WAD ? value : Math.mulDiv(value, shareWad, WAD);
    }
}
