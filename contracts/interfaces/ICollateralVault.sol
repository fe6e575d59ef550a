// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collateral} from "../types/Book.sol";

/// @title CollateralVault: holds every token, and each account's collateral other than cash
/// @notice Only the clearing house moves anything. Deposits are credited by balance difference, so a fee-on-transfer token cannot create
/// value; a token whose balance shrinks by itself (rebasing) makes the next movement fail rather than another account pay.
interface ICollateralVault {
    struct Asset {
        address token;
        uint8 decimals;
        /// Market whose spot values the asset; unused for the settlement coin.
        uint16 market;
        uint16 haircutBps;
        bool enabled;
        /// Most that may be held in all, in token units.
        uint256 capUnits;
    }

    /// @notice An asset is new or changed.
    event AssetSet(
        uint256 indexed index,
        address indexed token,
        uint16 market,
        uint16 haircutBps,
        uint256 capUnits,
        bool enabled
    );
    /// @notice Tokens came in.
    event Pulled(address indexed token, address indexed from, uint256 units);
    /// @notice Tokens went out.
    event Pushed(address indexed token, address indexed to, uint256 units);
    /// @notice Tokens that came by themselves are counted.
    event InflowRecorded(address indexed token, uint256 units);
    /// @notice Collateral changed accounts.
    event CollateralMoved(uint256 indexed from, uint256 indexed to, address indexed token, uint256 units);

    /// @notice An address is missing.
    error ZeroAddress();
    /// @notice The vault takes no such token.
    error UnknownAsset(address token);
    /// @notice The asset takes no new deposits.
    error AssetDisabled(address token);
    /// @notice More would be held of the token than governance allows.
    error CapExceeded(address token, uint256 held, uint256 cap);
    /// @notice The token has more decimals than quantities are scaled by.
    error WrongDecimals(address token, uint8 decimals, uint8 max);
    /// @notice So many assets at most are walked over in a margin check.
    error TooManyAssets(uint256 count, uint256 max);
    /// @notice A haircut leaves something.
    error HaircutTooLarge(uint256 haircutBps, uint256 maxBps);
    /// @notice The account has less of the token.
    error InsufficientCollateral(uint256 account, address token, uint256 units, uint256 available);
    /// @notice The vault holds less of the token.
    error InsufficientLiquidity(address token, uint256 units, uint256 held);
    /// @notice Larger quantities would not fit the margin arithmetic.
    error CapTooLarge(uint256 capUnits, uint256 maxUnits);
    /// @notice The token's balance does not cover what is recorded.
    error BalanceBelowRecord(address token, uint256 balance, uint256 recorded);

    /// @notice Governance only: adds an asset or changes one. A disabled asset takes no new deposits; what is held still counts and may leave.
    function setAsset(
        address token,
        uint16 market,
        uint16 haircutBps,
        uint256 capUnits,
        bool enabled
    ) external;

    // Clearing house only:

    /// @notice Pulls tokens from an owner for an account; returns what arrived. The settlement coin is only recorded as held: its cash is the house's.
    function pull(
        uint256 account,
        address token,
        address from,
        uint256 units
    ) external returns (uint256 received);
    /// @notice Pays tokens out of an account; of the settlement coin only the record of what is held falls.
    function push(uint256 account, address token, address to, uint256 units) external;
    /// @notice Records tokens that reached the vault by themselves (the insurance fund pays so); fails unless the balance covers them.
    function recordInflow(address token, uint256 units) external;
    /// @notice Moves a share of each collateral balance between accounts, rounded down (1e18 moves everything). Returns what moved, before
    /// haircut, rounded up.
    function moveShare(
        uint256 from,
        uint256 to,
        uint256 shareWad
    ) external returns (Collateral[] memory moved);

    /// @notice The token that cash is in.
    function settlementCoin() external view returns (address);
    /// @notice Every asset, the settlement coin first.
    function assets() external view returns (Asset[] memory);
    /// @notice Units of a token recorded as held for all accounts together (cash included).
    function held(address token) external view returns (uint256);
    /// @notice An account's collateral in units of the token; zero for the settlement coin.
    function balanceOf(uint256 account, address token) external view returns (uint256);
    /// @notice The account's collateral after haircuts, for margin.
    function collateralOf(uint256 account) external view returns (Collateral[] memory);
}
