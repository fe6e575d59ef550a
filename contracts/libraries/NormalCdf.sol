// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Memory address of the loaded table.
type NormalTable is uint256;

// Pieces of width 1/32 cover [-8, 8]. One word per piece, low bits first: constant (40 fractional bits, 41 wide), linear
// (100, 131 wide), cubic (40, signed, 24 wide), quadratic (70, signed, 60 wide), in powers of the position in the piece.
// Arguments have 35 fractional bits: 30 of position below the piece's index.

// The 512 words, behind one zero byte in the contract's code.
uint256 constant CDF_TABLE_BYTES = 0x4000;
// keccak256 of the table's contract code, as scripts/generate-normal-table.ts prints it.
bytes32 constant CDF_CODE_HASH = 0xc6e2c70c5c4f6bf9101645e9181f1a24b3db515910be151f34d728be6bb845c9;
// Fractional bits of the argument and of the result.
uint256 constant CDF_ARGUMENT_BITS = 35;
uint256 constant CDF_VALUE_BITS = 40;
uint256 constant CDF_ONE = 0x10000000000;
// Add this to an argument before `phi`: 8, the table's left end.
uint256 constant CDF_OFFSET = 0x4000000000;
// An argument is inside the table when nothing stands above its low 39 bits.
uint256 constant CDF_RANGE_BITS = 39;
uint256 constant CDF_LAST = 0x7fffffffff;
// Byte offset of a piece's word after >> 25, the position inside the piece, and the 41 bits of a result.
uint256 constant CDF_PIECE_MASK = 0x3fe0;
uint256 constant CDF_POSITION_MASK = 0x3fffffff;
uint256 constant CDF_VALUE_MASK = 0x1ffffffffff;

/// @title NormalCdf: the standard normal distribution function from a table of near-minimax cubic pieces
/// @notice Absolute error below 2e-10 everywhere (interpolation 1.71e-10, clamped ends 7e-16).
library NormalCdf {
    /// @notice Copies the table from the code of its contract into memory. The caller has checked its code hash.
    function load(address table_) internal view returns (NormalTable table) {
        // Reserves the words it writes: the free memory pointer moves past the 512 words (and keeps its alignment).
        assembly ("memory-safe") {
            table := mload(0x40)
            mstore(0x40, add(table, CDF_TABLE_BYTES))
            extcodecopy(table_, table, 1, CDF_TABLE_BYTES)
        }
    }

    /// @notice Phi(x - 8) with 40 fractional bits, for x with 35: any int256 is allowed, beyond the ends it is 0 or 1.
    function phi(NormalTable table, int256 x) internal pure returns (uint256 p) {
        // Reads only the table: x < 2^39, so its piece (x >> 30) is below 512.
        // Horner without a shift until the end: each coefficient is finer by the position's 30 bits than the next higher one. The linear
        // lane is 131 wide, so what stands above it stays above bit 41 after * t >> 90 and the last mask drops it; all fits 245 bits.
        assembly ("memory-safe") {
            switch shr(CDF_RANGE_BITS, x)
            case 0 {
                let w := mload(add(table, and(shr(25, x), CDF_PIECE_MASK)))
                let t := and(x, CDF_POSITION_MASK)
                p := add(sar(196, w), mul(signextend(2, shr(172, w)), t))
                p := and(add(w, shr(90, mul(t, add(shr(41, w), mul(t, p))))), CDF_VALUE_MASK)
            }
            default {
                p := mul(CDF_ONE, sgt(x, 0))
            }
        }
    }
}
