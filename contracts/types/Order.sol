// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { InstrumentId } from "./InstrumentId.sol";

/// @notice A signed intention to trade: up to sizeE8 of an instrument at limitPriceE8 or better, in one account.
struct Order {
    uint256 account;
    InstrumentId instrument;
    /// Positive buys, negative sells; underlying * 1e8.
    int128 sizeE8;
    /// USD * 1e8 per unit of underlying; a buyer pays at most this, a seller receives at least this.
    uint128 limitPriceE8;
    /// The only account that may take the other side; zero: anyone.
    uint256 counterparty;
    bool reduceOnly;
    uint64 nonce;
    uint40 deadline;
}
