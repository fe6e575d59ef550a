// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title InsuranceFund: an ERC-4626 vault over the settlement coin that pays for insolvent accounts
/// @notice Assets are counted inside, so a token sent here by itself moves no price. Penalties drip into the share price over a day.
/// Leaving takes a request and a wait; the shares stay at risk meanwhile and are paid the lower of the price at the request and at
/// the exit. ERC-4626's own withdraw and redeem are therefore closed: maxWithdraw and maxRedeem are zero.
interface IInsuranceFund {
    struct ExitRequest {
        uint256 shares;
        /// Value of the shares at the request, in the asset's units: the most the exit pays.
        uint256 assetsAtRequest;
        uint256 readyAt;
    }

    /// @notice The fund paid towards an insolvent account.
    event Covered(uint256 indexed account, uint256 amountE6);
    /// @notice A penalty came in.
    event PenaltyReceived(uint256 amountE6);
    /// @notice So much is locked for open insolvent accounts.
    event ReserveSet(uint256 reserveE6);
    /// @notice Shares wait to leave.
    event ExitRequested(address indexed owner, uint256 shares, uint256 assetsAtRequest, uint256 readyAt);
    /// @notice Shares stay after all.
    event ExitCancelled(address indexed owner, uint256 shares);

    /// @notice Nothing is not a number of shares.
    error ZeroShares();
    /// @notice An owner has one request at a time.
    error ExitPending(address owner, uint256 shares);
    /// @notice The owner has no request.
    error NoExitRequested(address owner);
    /// @notice The waiting time is not over.
    error ExitNotReady(uint256 readyAt, uint256 now_);
    /// @notice The time to leave is over: ask again.
    error ExitLapsed(uint256 closedAt, uint256 now_);
    /// @notice The exit would leave less than what open insolvent accounts may need.
    error ReserveLocked(uint256 leftE6, uint256 reserveE6);
    /// @notice The balance does not hold the penalty.
    error PenaltyNotReceived(uint256 balanceE6, uint256 requiredE6);

    /// @notice Locks shares for leaving; they keep bearing losses. One request per owner.
    function requestExit(uint256 shares) external;
    /// @notice Takes the shares of the open request back, lapsed or not.
    function cancelExit() external;
    /// @notice Pays the caller's request once it is ready, rounded down.
    function exit(address receiver) external returns (uint256 assets);
    /// @notice An owner's request; zeros when there is none.
    function exitRequest(address owner) external view returns (ExitRequest memory);

    /// @notice Liquidation only: pays towards an insolvent account, at most what the fund has; returns what it paid into the vault.
    function cover(uint256 account, uint256 amountE6) external returns (uint256 paidE6);
    /// @notice Liquidation only: records a penalty that has been transferred in.
    function notifyPenalty(uint256 amountE6) external;
    /// @notice Liquidation only: locks exits up to the reserve of open insolvent accounts.
    function setReserve(uint256 reserveE6) external;
    /// @notice What open insolvent accounts may need.
    function reserveE6() external view returns (uint256);
    /// @notice All that the fund can pay: the shares' assets and the penalties still dripping.
    function capacityE6() external view returns (uint256);
}
