// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {OracleParams} from "../types/RiskParams.sol";

/// @title CodeBlob: ABI-encoded values kept as contract code and read without decoding
/// @notice The blob is one zero byte and the encoded value (solady's SSTORE2). Its writer encoded a value of the very type that is read here,
/// so every word is clean and every offset is inside the blob.
library CodeBlob {
    /// @notice Ends the call; the blob is its return data.
    function answerWith(address pointer) internal view {
        // Memory from zero on may be overwritten because the call ends here. An SSTORE2 pointer has at least its leading byte, so size >= 0.
        assembly {
            let size := sub(extcodesize(pointer), 1)
            extcodecopy(pointer, 0, 1, size)
            return(0, size)
        }
    }

    /// @notice The oracle's parameters; about a twentieth of the gas of abi.decode.
    function oracleParams(address pointer) internal view returns (OracleParams memory params) {
        bytes memory blob = SSTORE2.read(pointer);
        // A static struct has the same words in the encoding as in memory. OracleParams starts after the length and one offset word; its ninth
        // word is the offset of the markets: their number, then 22 words each. In memory an array of structs is an array of pointers, so only
        // these are added, at the free memory pointer.
        assembly ("memory-safe") {
            params := add(blob, 0x40)
            let encoded := add(params, mload(add(params, 0x100)))
            let count := mload(encoded)
            let pointers := mload(0x40)
            mstore(add(params, 0x100), pointers)
            mstore(pointers, count)
            let element := add(encoded, 0x20)
            for {
                let end := add(pointers, shl(5, count))
            } lt(pointers, end) {
                element := add(element, 0x2c0)
            } {
                pointers := add(pointers, 0x20)
                mstore(pointers, element)
            }
            mstore(0x40, add(pointers, 0x20))
        }
    }

    /// @notice A keeper configuration, encoded as (bytes32 digest, uint256 faults | excluded << 8, address[] keepers): excluded has a bit for each
    /// keeper, by position, that no longer counts.
    function keeperConfiguration(
        address pointer
    ) internal view returns (bytes32 digest, uint8 faults, uint256 excluded, address[] memory keepers) {
        bytes memory blob = SSTORE2.read(pointer);
        // Three head words, then the list, which has the same words in the encoding as in memory.
        assembly ("memory-safe") {
            digest := mload(add(blob, 0x20))
            excluded := mload(add(blob, 0x40))
            faults := and(excluded, 0xff)
            excluded := shr(8, excluded)
            keepers := add(blob, 0x80)
        }
    }
}
