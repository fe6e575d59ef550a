// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";

/// @title InsuranceFund
contract InsuranceFund is ERC4626, AccessControl, IInsuranceFund {
    using SafeERC20 for IERC20;

    bytes32 public constant LIQUIDATION_ROLE = keccak256("LIQUIDATION_ROLE");
    uint256 public constant EXIT_WAIT = 7 days;
    /// A ready request lapses after this, so that nobody keeps a standing right to leave just before a loss.
    uint256 public constant EXIT_WINDOW = 3 days;
    uint256 public constant DRIP_PERIOD = 1 days;
    /// Virtual shares per virtual asset, as a power of ten: an inflation attack costs a million times what it takes.
    uint8 private constant SHARE_DECIMALS_OFFSET = 6;

    /// Where cover() pays: the collateral vault.
    address public immutable vault;

    /// Everything the fund has recorded, the penalties still dripping included.
    uint256 private _recordedE6;
    uint256 private _dripE6;
    uint256 private _dripEndsAt;
    uint256 private _reserveE6;
    mapping(address owner => ExitRequest) private _exits;

    constructor(
        IERC20 settlementCoin,
        address vault_,
        address governance
    ) ERC20("Ballast Insurance Fund", "bINS") ERC4626(settlementCoin) {
        vault = vault_;
        _grantRole(DEFAULT_ADMIN_ROLE, governance);
    }

    /// @inheritdoc IInsuranceFund
    function requestExit(uint256 shares) external {
        if (shares == 0) revert ZeroShares();
        ExitRequest storage request = _exits[msg.sender];
        if (request.shares != 0) revert ExitPending(msg.sender, request.shares);
        uint256 assets = convertToAssets(shares);
        uint256 readyAt = block.timestamp + EXIT_WAIT;
        _exits[msg.sender] = ExitRequest(shares, assets, readyAt);
        emit ExitRequested(msg.sender, shares, assets, readyAt);
        _transfer(msg.sender, address(this), shares);
    }

    /// @inheritdoc IInsuranceFund
    function cancelExit() external {
        uint256 shares = _takeRequest().shares;
        emit ExitCancelled(msg.sender, shares);
        _transfer(address(this), msg.sender, shares);
    }

    /// @inheritdoc IInsuranceFund
    function exit(address receiver) external returns (uint256 assets) {
        ExitRequest memory request = _takeRequest();
        if (block.timestamp < request.readyAt) revert ExitNotReady(request.readyAt, block.timestamp);
        uint256 closesAt = request.readyAt + EXIT_WINDOW;
        if (block.timestamp > closesAt) revert ExitLapsed(closesAt, block.timestamp);
        assets = Math.min(request.assetsAtRequest, convertToAssets(request.shares));
        // Only active assets back an exit: assets <= totalAssets() because shares <= totalSupply().
        uint256 left = totalAssets() - assets;
        if (left < _reserveE6) revert ReserveLocked(left, _reserveE6);
        _recordedE6 -= assets;
        _burn(address(this), request.shares);
        emit Withdraw(msg.sender, receiver, msg.sender, assets, request.shares);
        IERC20(asset()).safeTransfer(receiver, assets);
    }

    /// @inheritdoc IInsuranceFund
    function cover(
        uint256 account,
        uint256 amountE6
    ) external onlyRole(LIQUIDATION_ROLE) returns (uint256 paidE6) {
        paidE6 = Math.min(amountE6, _recordedE6);
        // The shares' assets pay first; what still drips is the last to go.
        uint256 dripping = _drippingE6();
        _recordedE6 -= paidE6;
        if (_recordedE6 < dripping) _setDrip(_recordedE6);
        emit Covered(account, paidE6);
        IERC20(asset()).safeTransfer(vault, paidE6);
    }

    /// @inheritdoc IInsuranceFund
    function notifyPenalty(uint256 amountE6) external onlyRole(LIQUIDATION_ROLE) {
        uint256 required = _recordedE6 + amountE6;
        uint256 balance = IERC20(asset()).balanceOf(address(this));
        if (balance < required) revert PenaltyNotReceived(balance, required);
        _setDrip(_drippingE6() + amountE6);
        _recordedE6 = required;
        emit PenaltyReceived(amountE6);
    }

    /// @inheritdoc IInsuranceFund
    function setReserve(uint256 newReserveE6) external onlyRole(LIQUIDATION_ROLE) {
        _reserveE6 = newReserveE6;
        emit ReserveSet(newReserveE6);
    }

    /// @inheritdoc IInsuranceFund
    function exitRequest(address owner) external view returns (ExitRequest memory) {
        return _exits[owner];
    }

    /// @inheritdoc IInsuranceFund
    function reserveE6() external view returns (uint256) {
        return _reserveE6;
    }

    /// @inheritdoc IInsuranceFund
    function capacityE6() external view returns (uint256) {
        return _recordedE6;
    }

    /// @notice What the shares own: everything recorded less the penalties still dripping.
    function totalAssets() public view override returns (uint256) {
        // No underflow: cover() keeps the drip within what is recorded, and it only shrinks with time.
        return _recordedE6 - _drippingE6();
    }

    /// @notice Zero: leaving goes through requestExit and exit.
    function maxWithdraw(address) public pure override returns (uint256) {
        return 0;
    }

    /// @notice Zero: leaving goes through requestExit and exit.
    function maxRedeem(address) public pure override returns (uint256) {
        return 0;
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        _recordedE6 += assets;
        super._deposit(caller, receiver, assets, shares);
    }

    /// @dev Hands over the caller's open request and clears it.
    function _takeRequest() private returns (ExitRequest memory request) {
        request = _exits[msg.sender];
        if (request.shares == 0) revert NoExitRequested(msg.sender);
        delete _exits[msg.sender];
    }

    function _setDrip(uint256 amountE6) private {
        _dripE6 = amountE6;
        _dripEndsAt = block.timestamp + DRIP_PERIOD;
    }

    /// @dev Rounded up: what has not certainly dripped is not yet the shares'.
    function _drippingE6() private view returns (uint256) {
        if (block.timestamp >= _dripEndsAt) return 0;
        return Math.mulDiv(_dripE6, _dripEndsAt - block.timestamp, DRIP_PERIOD, Math.Rounding.Ceil);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return SHARE_DECIMALS_OFFSET;
    }
}
