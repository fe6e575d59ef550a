// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title LiquidationUpkeep: tells an automation network which accounts to flag, release or update, and does it
/// @notice Holds no rights: everything it does anyone may do at the liquidation engine.
interface ILiquidationUpkeep {
    enum Action {
        None,
        Flag,
        Release,
        Update
    }

    struct Task {
        uint256 account;
        Action action;
    }

    /// @notice An upkeep names so many tasks at most, so that it fits in a block.
    error TooManyTasks(uint256 count, uint256 max);

    /// @notice checkData is abi.encode(first, last), a range of account ids (from one). Names a bounded number of tasks.
    function checkUpkeep(
        bytes calldata checkData
    ) external returns (bool upkeepNeeded, bytes memory performData);
    /// @notice performData is abi.encode(Task[]). Each task is checked again and passed over when it no longer applies.
    function performUpkeep(bytes calldata performData) external;
}
