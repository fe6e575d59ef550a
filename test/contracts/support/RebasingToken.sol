// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "./TestToken.sol";

/// @notice A token whose balances can shrink by themselves.
contract RebasingToken is TestToken {
    constructor(uint8 decimals_) TestToken("REB", decimals_) {}

    function shrink(address holder, uint256 units) external {
        _burn(holder, units);
    }
}
