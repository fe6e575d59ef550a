// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title LiquidationEngine: margin call, then a Dutch auction that transfers risk in slices
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
        /// Grows with every change a bidder must know of.
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

    event MarginCalled(uint256 indexed account, int256 equityE6, uint256 maintenanceE6, uint256 healthBps);
    event MarginCallEnded(uint256 indexed account, uint256 healthBps);
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
    event AccountInsolvent(uint256 indexed account, int256 equityE6);

    error Healthy(uint256 account, uint256 healthBps);
    error AlreadyCalled(uint256 account);
    error NotCalled(uint256 account);
    error BelowTarget(uint256 account, uint256 healthBps, uint256 targetBps);
    error BidExpired(uint256 deadline, uint256 now_);
    error AuctionMoved(Phase phase, uint32 version);
    error ShareTooLarge(uint256 shareWad, uint256 maxWad);
    error PaysTooMuch(int256 paidE6, int256 maxPaidE6);
    error HealthNotImproved(uint256 beforeBps, uint256 afterBps);
    error NothingToSell(uint256 account);
    error NotBidder(uint256 bidder, address caller);
    error SelfBid(uint256 account);

    /// @notice Flags an account below maintenance; anyone may call.
    function flag(uint256 account) external;
    /// @notice Ends the call of an account at or above target health.
    function release(uint256 account) external;
    /// @notice Takes a share of a called account into the bidder's account.
    function bid(Bid calldata bid_) external returns (int256 paidE6);

    function auction(uint256 account) external view returns (Auction memory);
    function calledAccounts() external view returns (uint256[] memory);
    /// @notice The auction's price now: cost as a share of dM, and the largest share that may be taken.
    function quote(uint256 account) external view returns (uint256 costBps, uint256 maxShareWad, uint256 healthBps);
}
