// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Book } from "../types/Book.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { Position } from "../types/Position.sol";

/// @title ClearingHouse: accounts, positions, cash, and the margin gate
/// @notice An account is cross-margined inside and isolated from every other. Whoever owns or operates it acts for it; anyone else
/// needs the owner's opt-in even to add to it.
interface IClearingHouse {
    /// @notice One trade between two accounts at one price.
    struct Trade {
        uint256 buyer;
        uint256 seller;
        InstrumentId instrument;
        uint128 sizeE8;
        uint128 priceE8;
        bool buyerReduceOnly;
        bool sellerReduceOnly;
    }

    event AccountOpened(uint256 indexed account, address indexed owner);
    event OperatorSet(uint256 indexed account, address indexed operator, bool allowed);
    event InflowsSet(uint256 indexed account, bool allowed);
    event Deposited(uint256 indexed account, address indexed token, uint256 amount);
    event Withdrawn(uint256 indexed account, address indexed token, uint256 amount, address to);
    event Traded(uint256 indexed buyer, uint256 indexed seller, InstrumentId indexed instrument, uint256 sizeE8, uint256 priceE8, int256 paidE6);
    event PositionChanged(uint256 indexed account, InstrumentId indexed instrument, int128 sizeE8);
    event SliceTaken(uint256 indexed from, uint256 indexed to, uint256 shareWad, int256 paidE6);
    event PositionSettled(uint256 indexed account, InstrumentId indexed instrument, int128 sizeE8, int256 cashE6);
    event CashCredited(uint256 indexed account, uint256 amountE6);
    event ReduceOnlySet(uint256 indexed account, bool reduceOnly);
    event RiskIncreasePaused(uint256 until);

    error NotAuthorised(uint256 account, address caller);
    error UnknownAccount(uint256 account);
    error ZeroAddress();
    error ZeroAmount();
    error SameAccount(uint256 account);
    error InflowsNotAllowed(uint256 account, address from);
    error BelowInitialMargin(uint256 account, int256 equityE6, uint256 initialE6);
    error AccountIsReduceOnly(uint256 account);
    error PositionWouldGrow(uint256 account, InstrumentId instrument, int256 fromE8, int256 toE8);
    error TooManyPositions(uint256 account, uint256 max);
    error SizeTooLarge(int256 sizeE8, uint256 maxE8);
    error InstrumentExpired(InstrumentId instrument, uint256 expiry);
    error Paused(uint256 until);
    error InsufficientBalance(uint256 account, address token, uint256 amount, uint256 available);

    function openAccount(address owner) external returns (uint256 account);
    function setOperator(uint256 account, address operator, bool allowed) external;
    /// @notice Lets others deposit into the account.
    function setInflows(uint256 account, bool allowed) external;
    /// @notice Pulls tokens from the caller; credits what arrived.
    function deposit(uint256 account, address token, uint256 amount) external;
    function withdraw(uint256 account, address token, uint256 amount, address to) external;

    // Modules named by governance:

    /// @notice Exchange only: moves size from seller to buyer against cash; both must end at or above initial margin, or healthier than before.
    function trade(Trade calldata trade_) external;
    /// @notice Liquidation only: moves a share of every position and collateral from one account to the other at mark; the taker pays mark less discountE6.
    /// The taker must end at or above initial margin. Returns what the taker paid (negative: was paid).
    function takeSlice(uint256 from, uint256 to, uint256 shareWad, uint256 discountE6) external returns (int256 paidE6);
    /// @notice Liquidation only: locks an account to reducing, or releases it.
    function setReduceOnly(uint256 account, bool reduceOnly) external;
    /// @notice Liquidation only: credits cash that has already reached the vault.
    function creditCash(uint256 account, uint256 amountE6) external;
    /// @notice Liquidation only: moves cash out of an account to the vault's recipient (penalty to the insurance fund).
    function debitCash(uint256 account, uint256 amountE6, address to) external;
    /// @notice Settlement only: closes a position of an expired instrument at its fixing.
    function settlePosition(uint256 account, InstrumentId instrument, uint256 valueE8) external;
    /// @notice Guardian only: stops actions that add risk until a time; never deposits, repayments or reductions.
    function pauseRiskIncrease(uint256 until) external;

    function ownerOf(uint256 account) external view returns (address);
    function mayAct(uint256 account, address caller) external view returns (bool);
    function isReduceOnly(uint256 account) external view returns (bool);
    function accountCount() external view returns (uint256);
    function cashE6(uint256 account) external view returns (int256);
    function positions(uint256 account) external view returns (Position[] memory);
    function sizeOf(uint256 account, InstrumentId instrument) external view returns (int128);
    function book(uint256 account) external view returns (Book memory);
    /// @notice Half the sum of absolute sizes over all accounts, underlying * 1e8.
    function openInterestE8(InstrumentId instrument) external view returns (uint256);
    function pausedUntil() external view returns (uint256);
}
