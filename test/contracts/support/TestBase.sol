// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVm} from "./IVm.sol";

/// @notice What every Solidity test starts from.
abstract contract TestBase {
    /// The address at which the test runner answers: the last 20 bytes of keccak256("hevm cheat code").
    IVm internal constant VM = IVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Brings a fuzzed value into [min, max].
    function bound(uint256 value, uint256 min, uint256 max) internal pure returns (uint256) {
        if (value >= min && value <= max) return value;
        uint256 size = max - min + 1;
        return size == 0 ? value : min + (value % size);
    }
}
