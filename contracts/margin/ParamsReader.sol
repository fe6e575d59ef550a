// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {MarginParams} from "../types/RiskParams.sol";

/// @title ParamsReader: governance's margin parameters, used where the answer lies in memory
/// @notice The configuration has checked and encoded the set itself, so its answer is not checked again: words stay in place and offsets
/// become addresses. That is a tenth of the price of decoding it.
library ParamsReader {
    /// @notice Reads the set in force.
    function read(IRiskConfig config) internal view returns (MarginParams memory params) {
        bytes memory request = abi.encodeCall(IRiskConfig.marginParams, ());
        // Standard encoding of one struct: a word 0x20, then 15 static words and the offsets of two arrays, relative to the struct. Memory
        // holds a struct as the same words with addresses for offsets; an array of structs as addresses behind its length. Static
        // structs (12 words, markets) are pointed at where they lie; a stress scenario is 6 static words and the offset of its array
        // of returns, whose encoding is the memory's own. All memory used is reserved first; a failed call bubbles up.
        assembly ("memory-safe") {
            if iszero(staticcall(gas(), config, add(request, 0x20), mload(request), 0, 0)) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
            let answer := mload(0x40)
            returndatacopy(answer, 0, returndatasize())
            let free := add(answer, and(add(returndatasize(), 0x1f), not(0x1f)))
            params := add(answer, 0x20)

            let slot := add(params, 0x1e0)
            let source := add(params, mload(slot))
            let count := mload(source)
            mstore(slot, free)
            mstore(free, count)
            free := add(free, 0x20)
            source := add(source, 0x20)
            for {
                let end := add(free, shl(5, count))
            } lt(free, end) {
                free := add(free, 0x20)
            } {
                mstore(free, source)
                source := add(source, 0x180)
            }

            slot := add(params, 0x200)
            source := add(params, mload(slot))
            count := mload(source)
            mstore(slot, free)
            mstore(free, count)
            free := add(free, 0x20)
            source := add(source, 0x20)
            let offset := source
            for {
                let end := add(free, shl(5, count))
            } lt(free, end) {
                free := add(free, 0x20)
            } {
                let scenario := add(source, mload(offset))
                mstore(free, scenario)
                let returnsSlot := add(scenario, 0xc0)
                mstore(returnsSlot, add(scenario, mload(returnsSlot)))
                offset := add(offset, 0x20)
            }
            mstore(0x40, free)
        }
    }
}
