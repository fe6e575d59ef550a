// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "../../../contracts/mocks/MockToken.sol";

/// @notice The token of most tests, and the base of the ill-behaved ones.
contract TestToken is MockToken {
    constructor(string memory symbol_, uint8 decimals_) MockToken(symbol_, decimals_) {}
}
