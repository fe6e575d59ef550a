// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title InsuranceFund: an ERC-4626 vault over the settlement coin that pays for insolvent accounts
interface IInsuranceFund {
    event Covered(uint256 indexed account, uint256 amountE6);
    event PenaltyReceived(uint256 amountE6);
    event ReserveSet(uint256 reserveE6);

    /// @notice Liquidation only: pays towards an insolvent account, at most what the fund has; returns what it paid into the vault.
    function cover(uint256 account, uint256 amountE6) external returns (uint256 paidE6);
    /// @notice Liquidation only: records a penalty that has been transferred in.
    function notifyPenalty(uint256 amountE6) external;
    /// @notice Liquidation only: locks exits up to the reserve of open insolvent accounts.
    function setReserve(uint256 reserveE6) external;
    function reserveE6() external view returns (uint256);
}
