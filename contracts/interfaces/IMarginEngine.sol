// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../types/Book.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Margin, MarginBreakdown, MarginModel} from "../types/MarginTypes.sol";
import {Position} from "../types/Position.sol";

/// @title MarginEngine: the margin of any book, from the oracle's parameters and governance's rules
/// @notice Total: no book that the clearing house can hold makes it revert once a report and a scenario set are stored.
interface IMarginEngine {
    /// @notice The oracle has no report yet.
    error NoReport();
    /// @notice The normal table's contract does not hold the code that the libraries were written for.
    error WrongNormalTable(address table, bytes32 codeHash, bytes32 expectedHash);
    /// @notice The last report is too old for an action that adds risk.
    error ReportTooOld(uint256 ageSeconds, uint256 maxAgeSeconds);

    /// @notice Equity, initial and maintenance margin of a book under the configured models.
    function assess(Book memory book) external view returns (Margin memory);
    /// @notice The same with each component.
    function breakdown(Book memory book) external view returns (MarginBreakdown memory);
    /// @notice The breakdown as if every market used one model.
    function breakdownAs(Book memory book, MarginModel model) external view returns (MarginBreakdown memory);
    /// @notice P&L surface of the book in one market, USD * 1e6: row per spot node (rising), column per vol node (down, flat, up).
    function surface(Book memory book, uint16 market) external view returns (int256[3][] memory pnlE6);
    /// @notice Mark price of an instrument, USD * 1e8 per unit of underlying, rounded down.
    function markE8(InstrumentId instrument) external view returns (uint256);
    /// @notice Mark-to-market of positions, USD * 1e6, rounded towards minus infinity.
    function markToMarketE6(Position[] memory positions) external view returns (int256);
    /// @notice Reverts when the last report is too old for an action that adds risk.
    function requireFresh() external view;
}
