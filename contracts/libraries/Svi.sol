// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {SmileWord} from "../types/RiskReport.sol";

/// @title Svi: raw SVI total variance
/// @notice w(k) = max(0, a + b (rho (k - m) + sqrt((k - m)^2 + s^2))), Gatheral (2004). Error below 1e-17 * (1 + b).
library Svi {
    int256 private constant E9_TO_WAD = 1e9;
    int256 private constant E10_TO_WAD = 1e8;
    int256 private constant E9 = 1e9;

    /// @notice Total variance at log-moneyness k, both with 18 decimals; |k| at most 1e21.
    function totalVarianceWad(SmileWord smile, int256 kWad) internal pure returns (uint256) {
        // Every field fits 40 bits: |k - m| < 2^71, its square < 2^142, and w < 2^110.
        unchecked {
            int256 x = kWad - smile.mE9() * E9_TO_WAD;
            int256 s = int256(smile.sE9()) * E9_TO_WAD;
            int256 root = int256(FixedPointMathLib.sqrt(uint256(x * x + s * s)));
            int256 wWad =
                smile.aE10() * E10_TO_WAD + (int256(smile.bE9()) * ((smile.rhoE9() * x) / E9 + root)) / E9;
            return wWad > 0 ? uint256(wWad) : 0;
        }
    }
}
