// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Position } from "./Position.sol";

/// @notice Collateral whose value follows a market's spot, after its haircut.
struct Collateral {
    uint16 market;
    /// Quantity after the haircut, in underlying * 1e8, rounded down (against the account).
    uint256 quantityE8;
}

/// @notice Everything margin needs to know about an account; anyone may ask for the margin of any book.
/// Futures carry no entry price: a trade moves size * price in cash, so a future is an asset worth size * forward.
struct Book {
    /// Settlement-coin cash in USD * 1e6, signed.
    int256 cashE6;
    Position[] positions;
    Collateral[] collateral;
}
