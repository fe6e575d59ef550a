// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One row of the keepers' account-risk table: an account's margin right after the report (epoch, round) was accepted, at that
/// report's prices, as the margin engine computes it. Money in USD * 1e6.
struct AccountRisk {
    uint64 epoch;
    uint32 round;
    uint256 account;
    int256 equityE6;
    uint256 initialE6;
    uint256 maintenanceE6;
}
