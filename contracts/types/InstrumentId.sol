// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One listed instrument, packed so that ids sort by market, then expiry, then strike, then kind.
/// Bits 112..127 market, 72..111 expiry in unix seconds, 8..71 strike in USD * 1e8, 0..7 kind.
type InstrumentId is uint128;

/// @notice What an instrument pays. The perpetual's number is reserved: no contract lists one yet.
enum InstrumentKind {
    Call,
    Put,
    Future,
    Perpetual
}

using { market, expiry, strikeE8, kind, eq as == } for InstrumentId global;

/// @notice Packs the parts of an instrument.
function toInstrumentId(
    uint16 market_,
    uint40 expiry_,
    uint64 strikeE8_,
    InstrumentKind kind_
) pure returns (InstrumentId) {
    return
        InstrumentId.wrap(
            (uint128(market_) << 112) | (uint128(expiry_) << 72) | (uint128(strikeE8_) << 8) | uint128(uint8(kind_))
        );
}

/// @notice The market (underlying) of an instrument.
function market(InstrumentId id) pure returns (uint16) {
    return uint16(InstrumentId.unwrap(id) >> 112);
}

/// @notice The unix time at which an instrument settles.
function expiry(InstrumentId id) pure returns (uint40) {
    // Truncation to the field's width is what unpacks it.
    return uint40(InstrumentId.unwrap(id) >> 72);
}

/// @notice The strike in USD * 1e8; zero for a future.
function strikeE8(InstrumentId id) pure returns (uint64) {
    // Truncation to the field's width is what unpacks it.
    return uint64(InstrumentId.unwrap(id) >> 8);
}

/// @notice The kind; ids are built by toInstrumentId or checked by the registry, so the cast holds for every listed one.
function kind(InstrumentId id) pure returns (InstrumentKind) {
    return InstrumentKind(uint8(InstrumentId.unwrap(id)));
}

function eq(InstrumentId a, InstrumentId b) pure returns (bool) {
    return InstrumentId.unwrap(a) == InstrumentId.unwrap(b);
}
