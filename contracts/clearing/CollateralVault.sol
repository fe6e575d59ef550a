// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {VaultMath} from "../libraries/VaultMath.sol";
import {Collateral} from "../types/Book.sol";
import {BPS, MAX_COLLATERALS} from "../types/Constants.sol";

/// @title CollateralVault: every token of the house
contract CollateralVault is ICollateralVault, AccessControl, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant HOUSE_ROLE = keccak256("HOUSE_ROLE");

    /// The settlement coin's units are USD * 1e6.
    uint8 public constant COIN_DECIMALS = 6;
    uint8 public constant MAX_DECIMALS = 18;
    /// Keeps every quantity inside the arithmetic of VaultMath.
    uint256 public constant MAX_CAP_UNITS = type(uint128).max;
    /// The settlement coin and the collateral tokens.
    uint256 public constant MAX_ASSETS = MAX_COLLATERALS + 1;

    /// @inheritdoc ICollateralVault
    address public immutable settlementCoin;

    Asset[] private _assets;
    /// One more than the place in _assets; zero for an unknown token.
    mapping(address token => uint256) private _places;
    mapping(address token => uint256) private _held;
    mapping(uint256 account => mapping(address token => uint256)) private _balances;

    constructor(address admin, address coin, uint256 coinCapUnits) {
        if (admin == address(0) || coin == address(0)) revert ZeroAddress();
        uint8 decimals = IERC20Metadata(coin).decimals();
        if (decimals != COIN_DECIMALS) revert WrongDecimals(coin, decimals, COIN_DECIMALS);
        settlementCoin = coin;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _writeAsset(Asset(coin, decimals, 0, 0, true, coinCapUnits));
    }

    /// @inheritdoc ICollateralVault
    function setAsset(
        address token,
        uint16 market,
        uint16 haircutBps,
        uint256 capUnits,
        bool enabled
    ) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (token == address(0)) revert ZeroAddress();
        uint8 decimals = IERC20Metadata(token).decimals();
        uint8 maxDecimals = token == settlementCoin ? COIN_DECIMALS : MAX_DECIMALS;
        if (decimals > maxDecimals) revert WrongDecimals(token, decimals, maxDecimals);
        _writeAsset(Asset(token, decimals, market, haircutBps, enabled, capUnits));
    }

    /// @inheritdoc ICollateralVault
    function pull(
        uint256 account,
        address token,
        address from,
        uint256 units
    ) external onlyRole(HOUSE_ROLE) nonReentrant returns (uint256 received) {
        Asset storage asset = _asset(token);
        if (!asset.enabled) revert AssetDisabled(token);
        uint256 recorded = _held[token];
        uint256 balanceBefore = _balanceAtLeast(token, recorded);
        IERC20(token).safeTransferFrom(from, address(this), units);
        // A token that took from the vault while it was paid in underflows here and fails.
        received = IERC20(token).balanceOf(address(this)) - balanceBefore;
        uint256 heldAfter = recorded + received;
        if (heldAfter > asset.capUnits) revert CapExceeded(token, heldAfter, asset.capUnits);
        _held[token] = heldAfter;
        if (token != settlementCoin) _balances[account][token] += received;
        emit Pulled(token, from, received);
    }

    /// @inheritdoc ICollateralVault
    function push(
        uint256 account,
        address token,
        address to,
        uint256 units
    ) external onlyRole(HOUSE_ROLE) nonReentrant {
        _asset(token);
        if (token != settlementCoin) {
            uint256 available = _balances[account][token];
            if (units > available) revert InsufficientCollateral(account, token, units, available);
            _balances[account][token] = available - units;
        }
        uint256 recorded = _held[token];
        if (units > recorded) revert InsufficientLiquidity(token, units, recorded);
        _balanceAtLeast(token, recorded);
        _held[token] = recorded - units;
        IERC20(token).safeTransfer(to, units);
        // A token that takes more from the vault than it was told would leave the others short.
        _balanceAtLeast(token, recorded - units);
        emit Pushed(token, to, units);
    }

    /// @inheritdoc ICollateralVault
    function recordInflow(address token, uint256 units) external onlyRole(HOUSE_ROLE) nonReentrant {
        _asset(token);
        uint256 heldAfter = _held[token] + units;
        _balanceAtLeast(token, heldAfter);
        _held[token] = heldAfter;
        emit InflowRecorded(token, units);
    }

    /// @inheritdoc ICollateralVault
    function moveShare(
        uint256 from,
        uint256 to,
        uint256 shareWad
    ) external onlyRole(HOUSE_ROLE) nonReentrant returns (Collateral[] memory moved) {
        moved = new Collateral[](_assets.length - 1);
        for (uint256 i = 0; i < moved.length; ++i) {
            Asset storage asset = _assets[i + 1];
            uint256 balance = _balances[from][asset.token];
            uint256 units = VaultMath.shareDown(balance, shareWad);
            moved[i] = Collateral(asset.market, VaultMath.quantityUpE8(units, asset.decimals));
            if (units == 0) continue;
            _balances[from][asset.token] = balance - units;
            _balances[to][asset.token] += units;
            emit CollateralMoved(from, to, asset.token, units);
        }
    }

    /// @inheritdoc ICollateralVault
    function assets() external view returns (Asset[] memory) {
        return _assets;
    }

    /// @inheritdoc ICollateralVault
    function held(address token) external view returns (uint256) {
        return _held[token];
    }

    /// @inheritdoc ICollateralVault
    function balanceOf(uint256 account, address token) external view returns (uint256) {
        return _balances[account][token];
    }

    /// @inheritdoc ICollateralVault
    function collateralOf(uint256 account) external view returns (Collateral[] memory collateral) {
        uint256 length = _assets.length;
        Collateral[] memory found = new Collateral[](length - 1);
        uint256 count;
        for (uint256 i = 1; i < length; ++i) {
            Asset storage asset = _assets[i];
            uint256 units = _balances[account][asset.token];
            if (units == 0) continue;
            uint256 quantityE8 = VaultMath.quantityDownE8(units, asset.decimals, asset.haircutBps);
            found[count++] = Collateral(asset.market, quantityE8);
        }
        collateral = new Collateral[](count);
        for (uint256 i = 0; i < count; ++i) collateral[i] = found[i];
    }

    function _writeAsset(Asset memory asset) private {
        if (asset.haircutBps > BPS) revert HaircutTooLarge(asset.haircutBps, BPS);
        if (asset.capUnits > MAX_CAP_UNITS) revert CapTooLarge(asset.capUnits, MAX_CAP_UNITS);
        uint256 place = _places[asset.token];
        if (place == 0) {
            if (_assets.length == MAX_ASSETS) revert TooManyAssets(MAX_ASSETS + 1, MAX_ASSETS);
            _assets.push(asset);
            place = _assets.length;
            _places[asset.token] = place;
        } else {
            // What is held was counted in the decimals of the day it was added.
            uint8 before = _assets[place - 1].decimals;
            if (asset.decimals != before) revert WrongDecimals(asset.token, asset.decimals, before);
            _assets[place - 1] = asset;
        }
        emit AssetSet(place - 1, asset.token, asset.market, asset.haircutBps, asset.capUnits, asset.enabled);
    }

    function _asset(address token) private view returns (Asset storage) {
        uint256 place = _places[token];
        if (place == 0) revert UnknownAsset(token);
        return _assets[place - 1];
    }

    function _balanceAtLeast(address token, uint256 recorded) private view returns (uint256 balance) {
        balance = IERC20(token).balanceOf(address(this));
        if (balance < recorded) revert BalanceBelowRecord(token, balance, recorded);
    }
}
