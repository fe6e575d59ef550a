// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {TestToken} from "./TestToken.sol";

/// @notice Calls back in the middle of a transfer, and keeps the first word of what the callee answered.
contract ReentrantToken is TestToken {
    address private _target;
    bytes private _data;
    bytes32 public answer;
    bool public attempted;
    bool public succeeded;

    constructor(uint8 decimals_) TestToken("REE", decimals_) {}

    function arm(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target == address(0) || from == address(0)) return;
        attempted = true;
        (succeeded, answer, ) = LowLevelCall.callReturn64Bytes(_target, _data);
    }
}
