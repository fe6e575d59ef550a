// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { InstrumentId } from "./InstrumentId.sol";

/// @notice One position in one word: the instrument in the high 128 bits, the signed size (underlying * 1e8) in the low 128.
/// Positions sort by instrument, so a sorted book meets its markets, expiries and strikes in order.
type Position is uint256;

using { instrument, sizeE8 } for Position global;

function toPosition(InstrumentId instrument_, int128 sizeE8_) pure returns (Position) {
    return Position.wrap((uint256(InstrumentId.unwrap(instrument_)) << 128) | uint128(sizeE8_));
}

function instrument(Position position) pure returns (InstrumentId) {
    // The high 128 bits, by construction.
    return InstrumentId.wrap(uint128(Position.unwrap(position) >> 128));
}

/// @notice The signed size in underlying * 1e8: positive long, negative short.
function sizeE8(Position position) pure returns (int128) {
    // The low 128 bits, by construction, in two's complement.
    return int128(uint128(Position.unwrap(position)));
}
