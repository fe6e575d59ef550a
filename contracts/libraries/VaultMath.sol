// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BPS} from "../types/Constants.sol";

/// @title VaultMath: token units of any decimals as quantities of underlying * 1e8
/// @notice Units are at most 2^128, decimals at most 18, so units * 1e8 * BPS stays below 2^169 and every product fits.
library VaultMath {
    uint256 private constant QUANTITY_SCALE = 1e8;
    uint256 private constant WAD = 1e18;

    /// @notice Quantity after the haircut, rounded down: against the account that pledges it.
    function quantityDownE8(
        uint256 units,
        uint8 decimals,
        uint16 haircutBps
    ) internal pure returns (uint256) {
        return (units * QUANTITY_SCALE * (BPS - haircutBps)) / (BPS * 10 ** decimals);
    }

    /// @notice Quantity without a haircut, rounded up: in favour of the account it leaves.
    function quantityUpE8(uint256 units, uint8 decimals) internal pure returns (uint256) {
        return Math.ceilDiv(units * QUANTITY_SCALE, 10 ** decimals);
    }

    /// @notice share * units, rounded down; a share of 1e18 gives all of them.
    function shareDown(uint256 units, uint256 shareWad) internal pure returns (uint256) {
        return (units * shareWad) / WAD;
    }
}
