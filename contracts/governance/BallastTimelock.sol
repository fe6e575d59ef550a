// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title BallastTimelock: what a vote has decided waits here, and is then done by anyone
/// @notice Owns the risk configuration and administers every role. Only the governor proposes; the admin is there to name the governor
/// and leaves at once.
contract BallastTimelock is TimelockController {
    constructor(
        uint256 delaySeconds,
        address temporaryAdmin
    ) TimelockController(delaySeconds, new address[](0), _anyone(), temporaryAdmin) {}

    function _anyone() private pure returns (address[] memory executors) {
        // The timelock reads the zero address among its executors as everyone.
        executors = new address[](1);
    }
}
