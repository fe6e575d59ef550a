// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SmileWord} from "../types/RiskReport.sol";

/// @title SviChecks: integer checks of raw-SVI slices (Gatheral and Jacquier 2014; Lee 2004)
/// @notice Every product fits: the fields are at most 40 bits wide, |kE9| is checked by the caller to be below 2^36, so w stays below 2^100.
library SviChecks {
    int256 internal constant ONE_E9 = 1e9;
    /// a is in 1e-10 of total variance, w in 1e-18.
    int256 internal constant A_TO_E18 = 1e8;

    /// @notice Wing slope b (1 + |rho|), * 1e9, rounded up.
    function wingSlopeE9(SmileWord smile) internal pure returns (uint256) {
        // |rho| < 2^31, b < 2^32.
        unchecked {
            return
                (smile.bE9() * uint256(ONE_E9 + _abs(smile.rhoE9())) + uint256(ONE_E9 - 1)) / uint256(ONE_E9);
        }
    }

    /// @notice Whether the lowest total variance, a + b s sqrt(1 - rho^2), is at least zero. Needs |rho| <= 1.
    function hasNonNegativeVariance(SmileWord smile) internal pure returns (bool) {
        int256 a = smile.aE10();
        if (a >= 0) return true;
        // Squares on both sides: (|a| 1e8)^2 1e18 < 2^192 and (b s)^2 (1e18 - rho^2) < 2^188; |rho| <= 1 keeps the last factor positive.
        unchecked {
            uint256 depthE18 = uint256(-a * A_TO_E18);
            uint256 liftE18 = smile.bE9() * smile.sE9();
            uint256 rhoE9 = uint256(_abs(smile.rhoE9()));
            return depthE18 * depthE18 * 1e18 <= liftE18 * liftE18 * (1e18 - rhoE9 * rhoE9);
        }
    }

    /// @notice Total variance at log-moneyness k, * 1e18; off by at most 2 b from the exact value of the posted parameters. Needs s > 0.
    function totalVarianceE18(SmileWord smile, int256 kE9) internal pure returns (int256) {
        // |k - m| < 2^37, |rho| < 2^31: every product is below 2^100.
        unchecked {
            int256 x = kE9 - smile.mE9();
            int256 inner = smile.rhoE9() * x;
            // Division by a constant that is not zero or -1.
            inner = inner / ONE_E9 + int256(_hypot(uint256(_abs(x)), smile.sE9()));
            return smile.aE10() * A_TO_E18 + int256(smile.bE9()) * inner;
        }
    }

    /// @notice sqrt(x^2 + y^2) for x, y < 2^40, not both zero; at most two units above the exact value, never more than one below.
    function _hypot(uint256 x, uint256 y) private pure returns (uint256 root) {
        // The start, larger + 3/8 smaller, is within 6.8 % of the root; three Newton steps leave 3e-12 of it. The root is positive, so no
        // division is by zero; x^2 + y^2 < 2^81.
        assembly ("memory-safe") {
            let square := add(mul(x, x), mul(y, y))
            let larger := xor(x, mul(xor(x, y), gt(y, x)))
            root := add(larger, shr(3, mul(3, sub(add(x, y), larger))))
            root := shr(1, add(root, div(square, root)))
            root := shr(1, add(root, div(square, root)))
            root := shr(1, add(root, div(square, root)))
        }
    }

    function _abs(int256 value) private pure returns (int256) {
        // Called with values of at most 41 bits.
        unchecked {
            return value < 0 ? -value : value;
        }
    }
}
