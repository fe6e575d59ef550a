// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "./TestToken.sol";

/// @notice Burns a hundredth of every transfer, and what it is told to on top from the sender.
contract FeeToken is TestToken {
    uint256 private constant FEE_DIVISOR = 100;

    /// Units taken from the sender besides the amount.
    uint256 public extraFromSender;

    constructor(uint8 decimals_) TestToken("FEE", decimals_) {}

    function setExtraFromSender(uint256 units) external {
        extraFromSender = units;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from == address(0) || to == address(0)) return;
        super._update(to, address(0), value / FEE_DIVISOR);
        if (extraFromSender != 0) super._update(from, address(0), extraFromSender);
    }
}
