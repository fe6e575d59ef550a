// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Memory address of the loaded table.
type NormalTable is uint256;

// Pieces of width 1/32 cover [-6.5, 6.5]. One word per piece, low bits first: constant (52 fractional bits, 53 wide), linear
// (52, 83 wide), quadratic (82, signed, 72 wide), cubic (52, signed, 48 wide), in powers of the position in the piece.
// Arguments have 35 fractional bits: 30 of position below the piece's index.

// The 416 words, behind one zero byte in the contract's code.
uint256 constant CDF_TABLE_BYTES = 0x3400;
// keccak256 of the table's contract code, as scripts/generate-normal-table.ts prints it.
bytes32 constant CDF_CODE_HASH = 0x3c2b08966f6dc64ac394368d400399b714e984fed7d76461463ee60ec25882d5;
// Fractional bits of the argument and of the result.
uint256 constant CDF_ARGUMENT_BITS = 35;
uint256 constant CDF_VALUE_BITS = 52;
uint256 constant CDF_ONE = 0x10000000000000;
// Add this to an argument before `phi`: 6.5, the table's left end.
uint256 constant CDF_OFFSET = 0x3400000000;
uint256 constant CDF_RANGE = 0x6800000000;
// Byte offset of a piece's word after >> 25, the position inside the piece, and the 53 bits of a result.
uint256 constant CDF_PIECE_MASK = 0xffe0;
uint256 constant CDF_POSITION_MASK = 0x3fffffff;
uint256 constant CDF_VALUE_MASK = 0x1fffffffffffff;

/// @title NormalCdf: the standard normal distribution function from a table of near-minimax cubic pieces
/// @notice Absolute error below 2e-10 everywhere (interpolation 1.71e-10, clamped ends 4.1e-11).
library NormalCdf {
    /// @notice Copies the table from the code of its contract into memory. The caller has checked its code hash.
    function load(address table_) internal view returns (NormalTable table) {
        // Reserves the words it writes: the free memory pointer moves past the 416 words (and keeps its alignment).
        assembly ("memory-safe") {
            table := mload(0x40)
            mstore(0x40, add(table, CDF_TABLE_BYTES))
            extcodecopy(table_, table, 1, CDF_TABLE_BYTES)
        }
    }

    /// @notice Phi(x - 6.5) with 52 fractional bits, for x with 35: any int256 is allowed, beyond the ends it is 0 or 1.
    function phi(NormalTable table, int256 x) internal pure returns (uint256 p) {
        // Reads only the table: x < 13 * 2^35, so its piece (x >> 30) is below 416.
        // Horner modulo powers of two: quadratic + cubic * t fits its 82 fractional bits without a shift; the linear lane is 83
        // wide, so what stands above it stays above bit 53 after * t >> 30 and the last mask drops it.
        assembly ("memory-safe") {
            switch lt(x, CDF_RANGE)
            case 0 {
                p := mul(CDF_ONE, sgt(x, 0))
            }
            default {
                let w := mload(add(table, and(shr(25, x), CDF_PIECE_MASK)))
                let t := and(x, CDF_POSITION_MASK)
                p := add(signextend(8, shr(136, w)), mul(sar(208, w), t))
                p := add(shr(53, w), sar(60, mul(t, p)))
                p := and(add(w, shr(30, mul(t, p))), CDF_VALUE_MASK)
            }
        }
    }
}
