// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Collateral } from "../types/Book.sol";

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

    event AssetSet(uint256 indexed index, address indexed token, uint16 market, uint16 haircutBps, uint256 capUnits, bool enabled);
    event Pulled(address indexed token, address indexed from, uint256 units);
    event Pushed(address indexed token, address indexed to, uint256 units);

    error UnknownAsset(address token);
    error AssetDisabled(address token);
    error CapExceeded(address token, uint256 held, uint256 cap);
    error WrongDecimals(address token, uint8 decimals, uint8 max);
    error TooManyAssets(uint256 max);
    error HaircutTooLarge(uint256 haircutBps, uint256 maxBps);
    error InsufficientCollateral(uint256 account, address token, uint256 units, uint256 available);
    error InsufficientLiquidity(address token, uint256 units, uint256 held);
    error BalanceBelowRecord(address token, uint256 balance, uint256 recorded);

    function settlementCoin() external view returns (address);
    function assets() external view returns (Asset[] memory);
    /// @notice Units of a token recorded as held for all accounts together (cash included).
    function held(address token) external view returns (uint256);
    function balanceOf(uint256 account, address token) external view returns (uint256);
    /// @notice The account's collateral after haircuts, for margin.
    function collateralOf(uint256 account) external view returns (Collateral[] memory);
}
