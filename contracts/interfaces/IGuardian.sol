// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Guardian: stops actions that add risk for a bounded time, and can do nothing else
/// @notice A pause ends by itself. The next may begin only after a cool-down, so nobody stops the house for good without a vote. Deposits,
/// reductions, liquidations and settlements are never stopped.
interface IGuardian {
    /// @notice Actions that add risk are stopped until then.
    event Paused(address indexed by, uint256 until);
    /// @notice The pause ended early.
    event PauseLifted(address indexed by);

    /// @notice A guardian pauses for so long at most.
    error PauseTooLong(uint256 duration, uint256 maxDuration);
    /// @notice A pause of nothing is none.
    error ZeroDuration();
    /// @notice The last pause was too short a time ago.
    error CoolingDown(uint256 usableFrom, uint256 now_);
    /// @notice There is no pause to lift.
    error NotPaused(uint256 pausedUntil, uint256 now_);

    /// @notice Guardian only: pauses from now.
    function pause(uint256 duration) external;
    /// @notice Guardian or governance: ends the pause early; the cool-down still counts from the end that was announced.
    function lift() external;
    /// @notice From then on the guardian may pause again.
    function usableFrom() external view returns (uint256);
}
