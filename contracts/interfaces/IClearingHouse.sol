// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Book} from "../types/Book.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Position} from "../types/Position.sol";

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

    /// @notice An account is open.
    event AccountOpened(uint256 indexed account, address indexed owner);
    /// @notice An operator may act for the account, or no longer.
    event OperatorSet(uint256 indexed account, address indexed operator, bool allowed);
    /// @notice Others may deposit into the account, or no longer.
    event InflowsSet(uint256 indexed account, bool allowed);
    /// @notice Tokens came into an account.
    event Deposited(uint256 indexed account, address indexed token, uint256 amount);
    /// @notice Tokens left an account.
    event Withdrawn(uint256 indexed account, address indexed token, uint256 amount, address to);
    /// @notice Size changed hands against cash.
    event Traded(
        uint256 indexed buyer,
        uint256 indexed seller,
        InstrumentId indexed instrument,
        uint256 sizeE8,
        uint256 priceE8,
        int256 paidE6
    );
    /// @notice The position has this size now.
    event PositionChanged(uint256 indexed account, InstrumentId indexed instrument, int128 sizeE8);
    /// @notice A share of an account went to another at mark.
    event SliceTaken(uint256 indexed from, uint256 indexed to, uint256 shareWad, int256 paidE6);
    /// @notice A position was closed at its fixing.
    event PositionSettled(
        uint256 indexed account,
        InstrumentId indexed instrument,
        int128 sizeE8,
        int256 cashE6
    );
    /// @notice Cash that had reached the vault was credited.
    event CashCredited(uint256 indexed account, uint256 amountE6);
    /// @notice The account may only reduce, or is free again.
    event ReduceOnlySet(uint256 indexed account, bool reduceOnly);
    /// @notice Actions that add risk are stopped until then.
    event RiskIncreasePaused(uint256 until);
    /// @notice Cash was debited for a recipient.
    event CashDebited(uint256 indexed account, uint256 amountE6, address to);
    /// @notice What has been debited for a recipient and not yet paid, for want of coins in the vault.
    event OwedChanged(address indexed to, uint256 owedE6);
    /// @notice Margin comes from this engine.
    event MarginEngineSet(address indexed engine);
    /// @notice Instruments come from this registry.
    event RegistrySet(address indexed registry);
    /// @notice Prices come from this oracle.
    event OracleSet(address indexed oracle);

    /// @notice The caller neither owns nor operates the account.
    error NotAuthorised(uint256 account, address caller);
    /// @notice There is no such account.
    error UnknownAccount(uint256 account);
    /// @notice An address is missing.
    error ZeroAddress();
    /// @notice Nothing is not an amount.
    error ZeroAmount();
    /// @notice A trade has two sides.
    error SameAccount(uint256 account);
    /// @notice The owner lets nobody else deposit.
    error InflowsNotAllowed(uint256 account, address from);
    /// @notice The account rests on a quarantined price; see isConfirmed and mayLiquidate.
    error UnconfirmedPrice(uint256 account);
    /// @notice The account would end below initial margin, and no healthier.
    error BelowInitialMargin(uint256 account, int256 equityE6, uint256 initialE6);
    /// @notice The account is called and may only reduce.
    error AccountIsReduceOnly(uint256 account);
    /// @notice The order may only reduce.
    error PositionWouldGrow(uint256 account, InstrumentId instrument, int256 fromE8, int256 toE8);
    /// @notice An account has so many positions at most.
    error TooManyPositions(uint256 account, uint256 count, uint256 max);
    /// @notice A position is no larger than the arithmetic bears.
    error SizeTooLarge(int256 sizeE8, uint256 maxE8);
    /// @notice The instrument is past its expiry.
    error InstrumentExpired(InstrumentId instrument, uint256 expiry);
    /// @notice Actions that add risk are paused.
    error Paused(uint256 until, uint256 now_);
    /// @notice A pause ends by itself after so long.
    error PauseTooLong(uint256 until, uint256 latest);
    /// @notice A share is above zero and at most one.
    error ShareOutOfBounds(uint256 shareWad, uint256 minWad, uint256 maxWad);
    /// @notice The account has no position in the instrument.
    error NoPosition(uint256 account, InstrumentId instrument);
    /// @notice The account has less.
    error InsufficientBalance(uint256 account, address token, uint256 amount, uint256 available);

    /// @notice Opens an account for an owner; ids rise from 1.
    function openAccount(address owner) external returns (uint256 account);
    /// @notice Owner only: lets another address act for the account.
    function setOperator(uint256 account, address operator, bool allowed) external;
    /// @notice Owner only: lets others deposit into the account.
    function setInflows(uint256 account, bool allowed) external;
    /// @notice Pulls tokens from the caller; credits what arrived. No pause, margin call or stale report blocks it.
    function deposit(uint256 account, address token, uint256 amount) external;
    /// @notice Pays out cash the account has (it never goes below zero by withdrawal) or collateral; the account ends at or above
    /// initial margin. Needs a fresh report, no pause and no margin call.
    function withdraw(uint256 account, address token, uint256 amount, address to) external;

    // Modules named by governance:

    /// @notice Exchange only: moves size from seller to buyer against cash; both must end at or above initial margin, or healthier than before.
    /// A trade after which neither side's absolute size has grown (nor changed sign) adds no risk: it passes a pause and a stale report.
    /// The buyer pays size * price rounded up to USD * 1e-6: the seller never receives less than the price.
    function trade(Trade calldata trade_) external;
    /// @notice Liquidation only: moves a share of every position and collateral from one account to the other at mark; the taker pays mark less discountE6.
    /// Mark is the positions' value and the collateral's full value at spot, both rounded up: in favour of `from`. The taker must end at or
    /// above initial margin and not be reduce-only itself. A share of 1e18 moves everything. Returns what the taker paid (negative: was paid).
    function takeSlice(
        uint256 from,
        uint256 to,
        uint256 shareWad,
        uint256 discountE6
    ) external returns (int256 paidE6);
    /// @notice Liquidation only: locks an account to reducing, or releases it.
    function setReduceOnly(uint256 account, bool reduceOnly) external;
    /// @notice Liquidation only: credits cash that has already reached the vault.
    function creditCash(uint256 account, uint256 amountE6) external;
    /// @notice Liquidation only: moves cash out of an account to a recipient (penalty to the insurance fund). The vault pays what it holds, with
    /// what it owed that recipient before; the rest stays owed, so that a vault drained of coins blocks no liquidation. Returns what was paid.
    function debitCash(uint256 account, uint256 amountE6, address to) external returns (uint256 paidE6);
    /// @notice Liquidation only: pays a recipient what is owed to it, as far as the vault holds coins. Returns what was paid.
    function payOwed(address to) external returns (uint256 paidE6);
    /// @notice Settlement only: closes a position of an expired instrument at its value per unit. Size * value is rounded down for the account,
    /// whatever its side; what rounding leaves stays with the house as dust.
    function settlePosition(uint256 account, InstrumentId instrument, uint256 valueE8) external;
    /// @notice Guardian only: stops actions that add risk until a time; never deposits, repayments or reductions.
    function pauseRiskIncrease(uint256 until) external;
    /// @notice Governance only: replaces a module; accounts, positions and cash stay here.
    function setMarginEngine(address engine) external;
    /// @notice Governance only: the same for the registry of instruments.
    function setRegistry(address registry) external;
    /// @notice Governance only: the same for the oracle.
    function setOracle(address oracle) external;

    /// @notice Who owns the account.
    function ownerOf(uint256 account) external view returns (address);
    /// @notice Whether the caller owns or operates the account.
    function mayAct(uint256 account, address caller) external view returns (bool);
    /// @notice Whether no market in which the account holds anything is quarantined, and while any is, it has not traded with an account of
    /// which that was not so within a day. Without it nothing may add risk to the account or leave it; reducing, adding money and settling go on.
    function isConfirmed(uint256 account) external view returns (bool);
    /// @notice Whether quarantined prices leave the account's liquidation alone: what it holds in such markets (absolute size, and collateral after
    /// its haircut, at spot) is less than HELD_SHARE_BPS of its maintenance margin; of all that it holds when it has no margin. With whom it traded
    /// does not count, so that nobody holds off its own liquidation by a trade or a trifle.
    function mayLiquidate(uint256 account, uint256 maintenanceE6) external view returns (bool);
    /// @notice How long at most an account that traded at unconfirmed prices is held while any market is quarantined.
    function HOLD_SECONDS() external view returns (uint256);
    /// @notice From this share of maintenance margin on, bps, what an account holds in quarantined markets holds up its liquidation. A spot that is
    /// wrong by half moves the health of an account below it by at most 0.025.
    function HELD_SHARE_BPS() external view returns (uint256);
    /// @notice Whether the account may only reduce.
    function isReduceOnly(uint256 account) external view returns (bool);
    /// @notice How many accounts there are; ids rise from one.
    function accountCount() external view returns (uint256);
    /// @notice The account's cash, USD * 1e6; below zero it is a debt.
    function cashE6(uint256 account) external view returns (int256);
    /// @notice The account's positions, in no order.
    function positions(uint256 account) external view returns (Position[] memory);
    /// @notice Size of a position, underlying * 1e8; zero when there is none.
    function sizeOf(uint256 account, InstrumentId instrument) external view returns (int128);
    /// @notice Cash, positions and collateral after haircuts, as margin sees them.
    function book(uint256 account) external view returns (Book memory);
    /// @notice The sum of long sizes over all accounts, underlying * 1e8: half the sum of absolute sizes while none of them has been settled.
    function openInterestE8(InstrumentId instrument) external view returns (uint256);
    /// @notice Until when actions that add risk are paused.
    function pausedUntil() external view returns (uint256);
    /// @notice The modules in force.
    function engine() external view returns (address);
    /// @notice The registry of instruments in force.
    function registry() external view returns (address);
    /// @notice The oracle in force.
    function oracle() external view returns (address);
    /// @notice The vault, which never changes.
    function vault() external view returns (address);
    /// @notice Whether others may deposit into the account.
    function inflowsAllowed(uint256 account) external view returns (bool);
    /// @notice What rounding at settlement has left with the house, USD * 1e16 (the exact product of size and price).
    /// Conservation holds to the unit at any time:
    /// 1e10 * vault.held(settlement coin) = 1e10 * (sum of cashE6 + totalOwedE6) + settlementDustE16 + pendingSettlementE16.
    function settlementDustE16() external view returns (uint256);
    /// @notice Value, USD * 1e16, of the positions still open against others that have been settled; zero once every side is settled.
    function pendingSettlementE16() external view returns (int256);
    /// @notice Debited for a recipient and not yet paid, USD * 1e6.
    function owedE6(address recipient) external view returns (uint256);
    /// @notice Debited for all recipients together and not yet paid, USD * 1e6.
    function totalOwedE6() external view returns (uint256);
}
