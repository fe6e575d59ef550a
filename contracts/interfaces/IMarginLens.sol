// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../types/Book.sol";
import {Margin, MarginBreakdown} from "../types/MarginTypes.sol";

/// @title MarginLens: batched reads of accounts, for people and bots
/// @notice Holds nothing and moves nothing. It follows the clearing house's current margin engine.
interface IMarginLens {
    struct AccountView {
        uint256 account;
        address owner;
        bool reduceOnly;
        Book book;
        MarginBreakdown breakdown;
        /// Equity over maintenance in bps, within +-2^128; 2^128 itself when there is no margin to hold and no debt.
        int256 healthBps;
    }

    struct HealthView {
        uint256 account;
        bool reduceOnly;
        Margin margin;
        int256 healthBps;
    }

    /// @notice Token units of the whole house, against what the vault holds.
    struct Conservation {
        /// Sum of all accounts' cash, USD * 1e6.
        int256 cashE6;
        /// Record of the vault for the settlement coin less cash, what is owed, dust and pending settlement, USD * 1e16; always zero.
        int256 cashErrorE16;
        /// Per asset of the vault: record less the sum of the accounts' balances (zero for the settlement coin's own entry).
        int256[] collateralError;
        /// Per asset of the vault: the token's balance less the record; zero, or above it after a gift.
        int256[] surplus;
    }

    /// @notice Each account with its book, margin and health.
    function accounts(uint256[] calldata ids) external view returns (AccountView[] memory);
    /// @notice Health of up to `count` accounts from id `first`; fewer at the end of the list.
    function health(uint256 first, uint256 count) external view returns (HealthView[] memory);
    /// @notice P&L surface of an account in one market, as IMarginEngine.surface.
    function surface(uint256 account, uint16 market) external view returns (int256[3][] memory pnlE6);
    /// @notice Sums over every account, to be read off chain.
    function conservation() external view returns (Conservation memory);
}
