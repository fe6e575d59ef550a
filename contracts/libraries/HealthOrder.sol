// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BPS} from "../types/Constants.sol";
import {Margin} from "../types/MarginTypes.sol";

/// @title HealthOrder: when one state of an account is strictly healthier than another
/// @notice Health is equity E over maintenance M, compared without a division, so exactly and for any values:
/// - solvent before (E >= 0): better iff E' >= 0 and E' M > E M'; with M = 0 health is infinite, so nothing beats M = 0,
///   and M' = 0 beats every M > 0;
/// - insolvent before (E < 0), where more margin would raise the ratio: better iff E' >= E and M' <= M, one of them strictly,
///   so debt never deepens and risk never grows on the way out.
/// No sequence of improvements comes back to where it began: out of insolvency there is no way back, and on either side of it the ratio
/// (or debt and margin) only gets better.
library HealthOrder {
    /// What stands for infinite health, and the range in which health is told: 2^128 bps (or USD * 1e6).
    int256 internal constant HEALTH_LIMIT_BPS = 2 ** 128;

    function improves(Margin memory beforeIt, Margin memory afterIt) internal pure returns (bool) {
        int256 e0 = beforeIt.equityE6;
        int256 e1 = afterIt.equityE6;
        uint256 m0 = beforeIt.maintenanceE6;
        uint256 m1 = afterIt.maintenanceE6;
        if (e0 < 0) return e1 >= e0 && m1 <= m0 && (e1 > e0 || m1 < m0);
        if (e1 < 0 || m0 == 0) return false;
        if (m1 == 0) return true;
        // Both equities are non-negative here, so the casts keep their values.
        return _productAbove(uint256(e1), m0, uint256(e0), m1);
    }

    /// @notice Equity over maintenance in bps, rounded towards zero and held within +-2^128; 2^128 itself without margin or debt.
    function healthBps(Margin memory margin) internal pure returns (int256) {
        int256 equity = _clamp(margin.equityE6);
        if (margin.maintenanceE6 == 0) return equity < 0 ? -HEALTH_LIMIT_BPS : HEALTH_LIMIT_BPS;
        if (margin.maintenanceE6 > uint256(HEALTH_LIMIT_BPS)) return 0;
        // |equity| <= 2^128 and BPS < 2^14, so the product fits; maintenance <= 2^128, so the cast keeps its value.
        return _clamp((equity * int256(BPS)) / int256(margin.maintenanceE6));
    }

    function _clamp(int256 value) private pure returns (int256) {
        if (value > HEALTH_LIMIT_BPS) return HEALTH_LIMIT_BPS;
        return value < -HEALTH_LIMIT_BPS ? -HEALTH_LIMIT_BPS : value;
    }

    /// @notice a * b > c * d over the full 512 bits.
    function _productAbove(uint256 a, uint256 b, uint256 c, uint256 d) private pure returns (bool) {
        (uint256 highAB, uint256 lowAB) = Math.mul512(a, b);
        (uint256 highCD, uint256 lowCD) = Math.mul512(c, d);
        return highAB > highCD || (highAB == highCD && lowAB > lowCD);
    }
}
