// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {SmileWord} from "../types/RiskReport.sol";

/// @title SviChecks: integer checks of raw-SVI slices (Gatheral and Jacquier 2014; Lee 2004)
/// @notice Every product fits: the fields are at most 40 bits wide, |kE9| is checked by the caller to be below 2^36, so w stays below 2^100.
library SviChecks {
    int256 internal constant ONE_E9 = 1e9;
    /// a is in 1e-10 of total variance, w in 1e-18.
    int256 internal constant A_TO_E18 = 1e8;

    /// @notice Wing slope b (1 + |rho|), * 1e18.
    function wingSlopeE18(SmileWord smile) internal pure returns (uint256) {
        // |rho| <= 2^31, b < 2^32.
        unchecked {
            return smile.bE9() * uint256(ONE_E9 + _abs(smile.rhoE9()));
        }
    }

    function absRhoE9(SmileWord smile) internal pure returns (uint256) {
        return uint256(_abs(smile.rhoE9()));
    }

    /// @notice Whether the lowest total variance, a + b s sqrt(1 - rho^2), is at least zero. Needs |rho| <= 1.
    function hasNonNegativeVariance(SmileWord smile) internal pure returns (bool) {
        int256 a = smile.aE10();
        if (a >= 0) return true;
        // Squares on both sides: (|a| 1e8)^2 1e18 < 2^192 and (b s)^2 (1e18 - rho^2) < 2^188; |rho| <= 1 keeps the last factor positive.
        unchecked {
            uint256 depthE18 = uint256(-a * A_TO_E18);
            uint256 liftE18 = smile.bE9() * smile.sE9();
            uint256 rhoE9 = absRhoE9(smile);
            return depthE18 * depthE18 * 1e18 <= liftE18 * liftE18 * (1e18 - rhoE9 * rhoE9);
        }
    }

    /// @notice The slice's lowest total variance, a + b s sqrt(1 - rho^2), * 1e18, rounded down: below zero whenever the exact one is.
    /// Needs |rho| <= 1.
    function lowestVarianceE18(SmileWord smile) internal pure returns (int256) {
        // (b s)^2 (1e18 - rho^2) < 2^188; |rho| <= 1 keeps the last factor positive. The root is below 2^94, a * 1e8 below 2^67.
        unchecked {
            uint256 liftE18 = smile.bE9() * smile.sE9();
            uint256 rhoE9 = absRhoE9(smile);
            uint256 rootE27 = FixedPointMathLib.sqrt(liftE18 * liftE18 * (1e18 - rhoE9 * rhoE9));
            return smile.aE10() * A_TO_E18 + int256(rootE27 / uint256(ONE_E9));
        }
    }

    /// @notice Total variance at log-moneyness -k, 0 and k, * 1e18; off by at most 3 b from the exact value of the posted parameters. Needs s > 0.
    function totalVariancesE18(
        SmileWord smile,
        int256 kE9
    ) internal pure returns (int256 downE18, int256 atTheMoneyE18, int256 upE18) {
        int256 aE18;
        int256 bE9 = int256(smile.bE9());
        int256 rhoE9 = smile.rhoE9();
        int256 mE9 = smile.mE9();
        uint256 sE9 = smile.sE9();
        // |k| + |m| < 2^37, |rho| < 2^31, b and s < 2^32, a < 2^39: every term is below 2^100.
        unchecked {
            aE18 = smile.aE10() * A_TO_E18;
            downE18 = aE18 + bE9 * _shapeE9(rhoE9, -kE9 - mE9, sE9);
            atTheMoneyE18 = aE18 + bE9 * _shapeE9(rhoE9, -mE9, sE9);
            upE18 = aE18 + bE9 * _shapeE9(rhoE9, kE9 - mE9, sE9);
        }
    }

    /// rho x + sqrt(x^2 + s^2). The start of the root, larger + 3/8 smaller, is within 6.8 % of it; three Newton steps leave 3e-12 of it, so that
    /// the root is off by at most two units.
    function _shapeE9(int256 rhoE9, int256 xE9, uint256 sE9) private pure returns (int256 shapeE9) {
        // |x| < 2^37, |rho| < 2^31, 0 < s < 2^32: no product exceeds 2^76; the root is positive, so no division is by zero.
        assembly ("memory-safe") {
            let sign := sar(255, xE9)
            let x := sub(xor(xE9, sign), sign)
            let square := add(mul(x, x), mul(sE9, sE9))
            let larger := xor(x, mul(xor(x, sE9), gt(sE9, x)))
            let root := add(larger, shr(3, mul(3, sub(add(x, sE9), larger))))
            root := shr(1, add(root, div(square, root)))
            root := shr(1, add(root, div(square, root)))
            root := shr(1, add(root, div(square, root)))
            shapeE9 := add(root, sdiv(mul(rhoE9, xE9), 1000000000))
        }
    }

    function _abs(int256 value) private pure returns (int256) {
        // Called with values of at most 41 bits.
        unchecked {
            return value < 0 ? -value : value;
        }
    }
}
