// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InstrumentId} from "../types/InstrumentId.sol";

/// @title InstrumentRegistry: what may be traded
interface IInstrumentRegistry {
    /// @notice An instrument may be traded from now on.
    event InstrumentListed(
        InstrumentId indexed instrument,
        uint16 market,
        uint40 expiry,
        uint64 strikeE8,
        uint8 kind
    );

    /// @notice An address is missing.
    error ZeroAddress();
    /// @notice The instrument is not listed.
    error UnknownInstrument(InstrumentId instrument);
    /// @notice The instrument is listed.
    error AlreadyListed(InstrumentId instrument);
    /// @notice There is no such kind of instrument.
    error UnsupportedKind(uint8 kind, uint8 max);
    /// @notice The oracle's current report has no smile for this market and expiry.
    error ExpiryNotReported(uint16 market, uint256 expiry);
    /// @notice The expiry is over.
    error ExpiryInPast(uint256 expiry, uint256 now_);
    /// @notice A future's strike is zero; an option's lies within a share and a multiple of spot.
    error StrikeOutOfBounds(uint256 strikeE8, uint256 minE8, uint256 maxE8);

    /// @notice Lister only: lists instruments whose market and expiry the oracle's current report quotes.
    function list(InstrumentId[] calldata instruments) external;
    /// @notice Whether the instrument is listed.
    function isListed(InstrumentId instrument) external view returns (bool);
    /// @notice Reverts unless the instrument is listed and not expired.
    function requireTradable(InstrumentId instrument) external view;
}
