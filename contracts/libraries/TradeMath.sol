// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Book} from "../types/Book.sol";
import {PRICE_SIZE_TO_USD_E6} from "../types/Constants.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Position, toPosition} from "../types/Position.sol";

/// @title TradeMath: the arithmetic of trades, slices and settlements
library TradeMath {
    /// A share of one: 1e18.
    uint256 internal constant WAD = 1e18;
    /// One USD * 1e-6 in USD * 1e-16; 1e10 fits int256.
    int256 internal constant UNIT_E16 = int256(PRICE_SIZE_TO_USD_E6);

    /// @notice size * price in USD * 1e6, rounded up: against the buyer, who pays it.
    function costUpE6(uint256 sizeE8, uint256 priceE8) internal pure returns (uint256) {
        return Math.mulDiv(sizeE8, priceE8, PRICE_SIZE_TO_USD_E6, Math.Rounding.Ceil);
    }

    /// @notice True when the position shrinks or closes: no growth and no change of sign.
    function reduces(int256 fromE8, int256 toE8) internal pure returns (bool) {
        return fromE8 >= 0 ? toE8 >= 0 && toE8 <= fromE8 : toE8 <= 0 && toE8 >= fromE8;
    }

    /// @notice share * size, rounded towards zero. |size| < 2^127 and share <= 1e18 < 2^60: the product fits.
    function sliceOf(int256 sizeE8, uint256 shareWad) internal pure returns (int256) {
        // shareWad <= 1e18 and WAD = 1e18 fit int256.
        return (sizeE8 * int256(shareWad)) / int256(WAD);
    }

    /// @notice What a settled position pays: size * value in USD * 1e6 rounded down whatever the side, and the rest in USD * 1e16.
    /// A value that does not fit is refused by checked arithmetic.
    function payoffDownE6(
        int256 sizeE8,
        uint256 valueE8
    ) internal pure returns (int256 paidE6, uint256 dustE16) {
        int256 exactE16 = sizeE8 * SafeCast.toInt256(valueE8);
        int256 unit = UNIT_E16;
        paidE6 = exactE16 / unit;
        if (exactE16 < 0 && paidE6 * unit != exactE16) paidE6 -= 1;
        // Rounded down: the rest is non-negative and below the divisor.
        dustE16 = uint256(exactE16 - paidE6 * unit);
    }

    /// @notice The book as it was before a trade that changed one position and the cash: a copy, the given book stays as it is.
    function undo(
        Book memory now_,
        InstrumentId instrument,
        int256 sizeBeforeE8,
        int256 cashBeforeE6
    ) internal pure returns (Book memory was) {
        Position[] memory positions = now_.positions;
        uint256 length = positions.length;
        Position[] memory old = new Position[](length + 1);
        uint256 count;
        for (uint256 i = 0; i < length; ++i) {
            if (!(positions[i].instrument() == instrument)) old[count++] = positions[i];
        }
        // A stored size: it came out of an int128.
        if (sizeBeforeE8 != 0) old[count++] = toPosition(instrument, int128(sizeBeforeE8));
        was.positions = new Position[](count);
        for (uint256 i = 0; i < count; ++i) was.positions[i] = old[i];
        was.cashE6 = cashBeforeE6;
        was.collateral = now_.collateral;
    }
}
