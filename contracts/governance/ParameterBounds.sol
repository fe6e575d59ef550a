// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskConfig} from "../interfaces/IRiskConfig.sol";

/// @notice Reverts when a proposed value is outside its hard bounds.
function requireWithin(bytes32 name, uint256 value, uint256 min, uint256 max) pure {
    if (value < min || value > max) revert IRiskConfig.ParameterOutOfBounds(name, value, min, max);
}

/// @notice The same for a signed value.
function requireWithinSigned(bytes32 name, int256 value, int256 min, int256 max) pure {
    if (value < min || value > max) revert IRiskConfig.SignedParameterOutOfBounds(name, value, min, max);
}
