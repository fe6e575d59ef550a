// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RiskReport} from "../types/RiskReport.sol";

/// @title LiquidationEngine: margin call, then a Dutch auction that transfers risk in slices
/// @notice E equity, M maintenance margin, H = E / M. An account below H = 1 may be called by anyone: it turns reduce-only and a share
/// of everything it holds is for sale at mark less a discount that grows with time. Every fill raises H, or the account is in the
/// insolvent phase and the insurance fund pays. While the account holds something in a quarantined market every step waits: flag, release, update
/// and bid revert with IClearingHouse.UnconfirmedPrice.
interface ILiquidationEngine {
    enum Phase {
        None,
        Called,
        Insolvent
    }

    struct Auction {
        Phase phase;
        uint40 flaggedAt;
        /// Lowest health since flagging, bps; what the cost cap is measured against.
        uint32 lowestHealthBps;
        /// Grows with every change a bidder must know of, and never falls, also from one call to the next.
        uint32 version;
        uint40 insolventSince;
    }

    struct Bid {
        uint256 account;
        uint256 bidder;
        uint256 shareWad;
        Phase phase;
        uint32 version;
        /// Most the bidder pays, USD * 1e6, signed: negative asks to be paid.
        int256 maxPaidE6;
        uint40 deadline;
    }

    /// @notice The auction as a bid in this block would find it. Costs and shares in 1e18 of dM = maintenance * share.
    struct Quote {
        Phase phase;
        uint32 version;
        uint256 healthBps;
        uint256 maintenanceE6;
        /// What the owner gives up; the penalty is part of it.
        uint256 ownerCostWad;
        /// What goes to the insurance fund.
        uint256 penaltyWad;
        /// What the bidder pays less than mark, the fund's subsidy included (when the fund can pay it).
        uint256 discountWad;
        /// The largest share that may be taken.
        uint256 maxShareWad;
    }

    /// @notice An account below maintenance is called.
    event MarginCalled(uint256 indexed account, int256 equityE6, uint256 maintenanceE6, uint256 healthBps);
    /// @notice The call is over.
    event MarginCallEnded(uint256 indexed account, uint256 healthBps);
    /// @notice A share of an account went to a bidder.
    event SliceSold(
        uint256 indexed account,
        uint256 indexed bidder,
        uint256 shareWad,
        uint256 costE6,
        uint256 penaltyE6,
        uint256 subsidyE6,
        uint256 healthBeforeBps,
        uint256 healthAfterBps
    );
    /// @notice A called account is insolvent.
    event AccountInsolvent(uint256 indexed account, int256 equityE6);
    /// @notice An insolvent account is back in the called phase.
    event AccountRecovered(uint256 indexed account, int256 equityE6);
    /// @notice The call ended with everything sold and a debt that the fund could not fill.
    event BadDebtLeft(uint256 indexed account, uint256 debtE6);

    /// @notice Equity is not below maintenance margin: nothing to call.
    error Healthy(uint256 account, int256 equityE6, uint256 maintenanceE6);
    /// @notice The account is called.
    error AlreadyCalled(uint256 account);
    /// @notice The account is not called.
    error NotCalled(uint256 account);
    /// @notice The call goes on until target health.
    error BelowTarget(uint256 account, uint256 healthBps, uint256 targetBps);
    /// @notice The bid's deadline is past.
    error BidExpired(uint256 deadline, uint256 now_);
    /// @notice The auction is not the one that the bid was made for.
    error AuctionMoved(Phase phase, uint32 version);
    /// @notice Nothing is not a share.
    error ZeroShare();
    /// @notice Less may be taken at once.
    error ShareTooLarge(uint256 shareWad, uint256 maxWad);
    /// @notice The bidder would pay more than it allows.
    error PaysTooMuch(int256 paidE6, int256 maxPaidE6);
    /// @notice A fill outside the insolvent phase raises health.
    error HealthNotImproved(uint256 beforeBps, uint256 afterBps);
    /// @notice The account holds nothing that could be sold.
    error NothingToSell(uint256 account);
    /// @notice The caller neither owns nor operates the bidder.
    error NotBidder(uint256 bidder, address caller);
    /// @notice Nobody bids for itself.
    error SelfBid(uint256 account);

    /// @notice Flags an account below maintenance; anyone may call.
    function flag(uint256 account) external;
    /// @notice Ends the call of an account at or above target health, or with nothing left to sell; anyone may call.
    function release(uint256 account) external;
    /// @notice Brings a called account's lowest health, phase and reserve up to date; anyone may call.
    function update(uint256 account) external;
    /// @notice Takes a share of a called account into the bidder's account. A bid that would leave less than dust takes the whole.
    /// The version is that of auction(), the phase that of quote(). Returns what the bidder paid (negative: was paid).
    function bid(Bid calldata bid_) external returns (int256 paidE6);
    /// @notice A bid on the prices of a signed report: submits the report unless the oracle has it or a newer one, then bids. Reverts whole when
    /// either is refused.
    function bidWithReport(
        RiskReport calldata report,
        bytes[] calldata signatures,
        Bid calldata bid_
    ) external returns (int256 paidE6);
    /// @notice Brings to the fund the penalties that the vault could not pay when they fell due; anyone may call. Returns what came.
    function collectPenalties() external returns (uint256 paidE6);

    /// @notice The auction as of its last change.
    function auction(uint256 account) external view returns (Auction memory);
    /// @notice Every account that is called, in no order.
    function calledAccounts() external view returns (uint256[] memory);
    /// @notice What the account keeps locked in the insurance fund: debt plus maintenance margin while insolvent, else zero.
    function reserveOfE6(uint256 account) external view returns (uint256);
    /// @notice The auction as a bid in this block would find it.
    function quote(uint256 account) external view returns (Quote memory);
}
