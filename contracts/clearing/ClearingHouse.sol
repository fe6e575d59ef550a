// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {HealthOrder} from "../libraries/HealthOrder.sol";
import {TradeMath} from "../libraries/TradeMath.sol";
import {Book, Collateral} from "../types/Book.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Margin} from "../types/MarginTypes.sol";
import {Position, toPosition} from "../types/Position.sol";
import {MarketWord} from "../types/RiskReport.sol";
import {PriceGate} from "./PriceGate.sol";

/// @title ClearingHouse: the margin gate in front of the record
contract ClearingHouse is PriceGate, AccessControl, ReentrancyGuardTransient {
    bytes32 public constant EXCHANGE_ROLE = keccak256("EXCHANGE_ROLE");
    bytes32 public constant LIQUIDATION_ROLE = keccak256("LIQUIDATION_ROLE");
    bytes32 public constant SETTLEMENT_ROLE = keccak256("SETTLEMENT_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// A guardian's pause ends by itself after this long at most.
    uint256 public constant MAX_PAUSE_SECONDS = 7 days;

    /// @inheritdoc IClearingHouse
    address public immutable vault;
    address private immutable _coin;

    /// @inheritdoc IClearingHouse
    address public engine;
    /// @inheritdoc IClearingHouse
    address public registry;

    /// @inheritdoc IClearingHouse
    uint256 public pausedUntil;
    /// @inheritdoc IClearingHouse
    uint256 public settlementDustE16;
    /// @inheritdoc IClearingHouse
    int256 public pendingSettlementE16;
    /// @inheritdoc IClearingHouse
    mapping(address recipient => uint256) public owedE6;
    /// @inheritdoc IClearingHouse
    uint256 public totalOwedE6;

    /// One account's part in a trade.
    struct Side {
        uint256 account;
        int256 byE8;
        int256 cashE6;
        bool reduceOnly;
        int256 fromE8;
        int256 toE8;
    }

    constructor(address admin, address vault_, address registry_, address engine_, address oracle_) {
        if (admin == address(0) || vault_ == address(0)) revert ZeroAddress();
        vault = vault_;
        _coin = ICollateralVault(vault_).settlementCoin();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _setRegistry(registry_);
        _setMarginEngine(engine_);
        _setOracle(oracle_);
    }

    /// @inheritdoc IClearingHouse
    function deposit(uint256 account, address token, uint256 amount) external exists(account) nonReentrant {
        if (amount == 0) revert ZeroAmount();
        if (!_accounts[account].inflows && !mayAct(account, msg.sender)) {
            revert InflowsNotAllowed(account, msg.sender);
        }
        uint256 received = ICollateralVault(vault).pull(account, token, msg.sender, amount);
        if (token == _coin) _cashE6[account] += SafeCast.toInt256(received);
        emit Deposited(account, token, received);
    }

    /// @inheritdoc IClearingHouse
    function withdraw(
        uint256 account,
        address token,
        uint256 amount,
        address to
    ) external exists(account) nonReentrant {
        if (amount == 0) revert ZeroAmount();
        if (to == address(0)) revert ZeroAddress();
        if (!mayAct(account, msg.sender)) revert NotAuthorised(account, msg.sender);
        if (_accounts[account].reduceOnly) revert AccountIsReduceOnly(account);
        _requireRiskAllowed();
        if (token == _coin) {
            int256 cash = _cashE6[account];
            // Positive in that branch, so the cast keeps its value.
            uint256 available = cash > 0 ? uint256(cash) : 0;
            if (amount > available) revert InsufficientBalance(account, token, amount, available);
            // amount <= cash <= the largest int256.
            _cashE6[account] = cash - int256(amount);
        }
        ICollateralVault(vault).push(account, token, to, amount);
        _requireInitial(account);
        emit Withdrawn(account, token, amount, to);
    }

    /// @inheritdoc IClearingHouse
    function trade(Trade calldata trade_) external onlyRole(EXCHANGE_ROLE) nonReentrant {
        if (trade_.sizeE8 == 0) revert ZeroAmount();
        if (trade_.buyer == trade_.seller) revert SameAccount(trade_.buyer);
        _requireAccount(trade_.buyer);
        _requireAccount(trade_.seller);
        uint256 expiry = trade_.instrument.expiry();
        if (block.timestamp >= expiry) revert InstrumentExpired(trade_.instrument, expiry);
        IInstrumentRegistry(registry).requireTradable(trade_.instrument);

        // Below 2^256 / 1e10 and below 2^128: both casts keep their values.
        int256 paidE6 = int256(TradeMath.costUpE6(trade_.sizeE8, trade_.priceE8));
        int256 size = int256(uint256(trade_.sizeE8));
        Side memory buyer = Side(trade_.buyer, size, -paidE6, trade_.buyerReduceOnly, 0, 0);
        Side memory seller = Side(trade_.seller, -size, paidE6, trade_.sellerReduceOnly, 0, 0);
        bool buyerReduces = _apply(buyer, trade_.instrument);
        bool sellerReduces = _apply(seller, trade_.instrument);
        emit Traded(buyer.account, seller.account, trade_.instrument, trade_.sizeE8, trade_.priceE8, paidE6);

        if (!buyerReduces || !sellerReduces) _requireRiskAllowed();
        _gate(buyer, trade_.instrument);
        _gate(seller, trade_.instrument);
        _holdTraders(buyer.account, seller.account, trade_.instrument.market());
    }

    /// @inheritdoc IClearingHouse
    function takeSlice(
        uint256 from,
        uint256 to,
        uint256 shareWad,
        uint256 discountE6
    ) external onlyRole(LIQUIDATION_ROLE) nonReentrant returns (int256 paidE6) {
        if (from == to) revert SameAccount(from);
        _requireAccount(from);
        _requireAccount(to);
        if (shareWad == 0 || shareWad > TradeMath.WAD) revert ShareOutOfBounds(shareWad, 1, TradeMath.WAD);
        if (_accounts[to].reduceOnly) revert AccountIsReduceOnly(to);

        Position[] memory mirror = _movePositions(from, to, shareWad);
        // The mirrored slice is worth minus what moved; its value rounds down, so its negation rounds up, in favour of `from`.
        paidE6 = -IMarginEngine(engine).markToMarketE6(mirror);
        paidE6 += SafeCast.toInt256(_moveCollateralUpE6(from, to, shareWad)) - SafeCast.toInt256(discountE6);
        _cashE6[from] += paidE6;
        _cashE6[to] -= paidE6;
        emit SliceTaken(from, to, shareWad, paidE6);
        _requireInitial(to);
    }

    /// @inheritdoc IClearingHouse
    function setReduceOnly(
        uint256 account,
        bool reduceOnly
    ) external onlyRole(LIQUIDATION_ROLE) exists(account) {
        _accounts[account].reduceOnly = reduceOnly;
        emit ReduceOnlySet(account, reduceOnly);
    }

    /// @inheritdoc IClearingHouse
    function creditCash(
        uint256 account,
        uint256 amountE6
    ) external onlyRole(LIQUIDATION_ROLE) exists(account) nonReentrant {
        ICollateralVault(vault).recordInflow(_coin, amountE6);
        _cashE6[account] += SafeCast.toInt256(amountE6);
        emit CashCredited(account, amountE6);
    }

    /// @inheritdoc IClearingHouse
    function debitCash(
        uint256 account,
        uint256 amountE6,
        address to
    ) external onlyRole(LIQUIDATION_ROLE) exists(account) nonReentrant returns (uint256 paidE6) {
        if (to == address(0)) revert ZeroAddress();
        _cashE6[account] -= SafeCast.toInt256(amountE6);
        emit CashDebited(account, amountE6, to);
        paidE6 = _payOwed(to, amountE6);
    }

    /// @inheritdoc IClearingHouse
    function payOwed(address to) external onlyRole(LIQUIDATION_ROLE) nonReentrant returns (uint256 paidE6) {
        paidE6 = _payOwed(to, 0);
    }

    /// @inheritdoc IClearingHouse
    function settlePosition(
        uint256 account,
        InstrumentId instrument,
        uint256 valueE8
    ) external onlyRole(SETTLEMENT_ROLE) nonReentrant {
        int128 size = sizeOf(account, instrument);
        if (size == 0) revert NoPosition(account, instrument);
        (int256 paidE6, uint256 dustE16) = TradeMath.payoffDownE6(size, valueE8);
        _changeSize(account, instrument, -int256(size));
        _cashE6[account] += paidE6;
        settlementDustE16 += dustE16;
        // Dust is below 1e10, so the cast keeps its value. The exact payoff leaves what is still to be settled.
        pendingSettlementE16 -= paidE6 * TradeMath.UNIT_E16 + int256(dustE16);
        emit PositionSettled(account, instrument, size, paidE6);
    }

    /// @inheritdoc IClearingHouse
    function pauseRiskIncrease(uint256 until) external onlyRole(GUARDIAN_ROLE) {
        uint256 latest = block.timestamp + MAX_PAUSE_SECONDS;
        if (until > latest) revert PauseTooLong(until, latest);
        pausedUntil = until;
        emit RiskIncreasePaused(until);
    }

    /// @inheritdoc IClearingHouse
    function setMarginEngine(address engine_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setMarginEngine(engine_);
    }

    /// @inheritdoc IClearingHouse
    function setRegistry(address registry_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setRegistry(registry_);
    }

    /// @inheritdoc IClearingHouse
    function setOracle(address oracle_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setOracle(oracle_);
    }

    /// @inheritdoc IClearingHouse
    function book(uint256 account) public view override returns (Book memory) {
        return Book(_cashE6[account], positions(account), ICollateralVault(vault).collateralOf(account));
    }

    function _setMarginEngine(address engine_) private {
        if (engine_ == address(0)) revert ZeroAddress();
        engine = engine_;
        emit MarginEngineSet(engine_);
    }

    function _setRegistry(address registry_) private {
        if (registry_ == address(0)) revert ZeroAddress();
        registry = registry_;
        emit RegistrySet(registry_);
    }

    /// @dev Pays what is owed and what is added to it as far as the vault holds coins; the rest stays owed.
    function _payOwed(address to, uint256 addedE6) private returns (uint256 paidE6) {
        uint256 owedBeforeE6 = owedE6[to];
        uint256 dueE6 = owedBeforeE6 + addedE6;
        uint256 heldE6 = ICollateralVault(vault).held(_coin);
        paidE6 = dueE6 < heldE6 ? dueE6 : heldE6;
        uint256 leftE6 = dueE6 - paidE6;
        if (leftE6 != owedBeforeE6) {
            owedE6[to] = leftE6;
            // The total holds what this recipient was owed.
            totalOwedE6 = totalOwedE6 - owedBeforeE6 + leftE6;
            emit OwedChanged(to, leftE6);
        }
        // No account's collateral leaves: the settlement coin is held for all accounts together.
        if (paidE6 > 0) ICollateralVault(vault).push(0, _coin, to, paidE6);
    }

    /// @dev Writes one side of a trade. True when it only reduces; refuses growth on a side that may not grow.
    function _apply(Side memory side, InstrumentId instrument) private returns (bool reduces) {
        (side.fromE8, side.toE8) = _changeSize(side.account, instrument, side.byE8);
        _cashE6[side.account] += side.cashE6;
        reduces = TradeMath.reduces(side.fromE8, side.toE8);
        if (reduces) return true;
        if (_accounts[side.account].reduceOnly) revert AccountIsReduceOnly(side.account);
        if (side.reduceOnly) revert PositionWouldGrow(side.account, instrument, side.fromE8, side.toE8);
    }

    /// @dev Equity at or above initial margin, or strictly healthier than before the trade; a side that does not reduce needs confirmed prices.
    function _gate(Side memory side, InstrumentId instrument) private view {
        Book memory now_ = book(side.account);
        if (!TradeMath.reduces(side.fromE8, side.toE8)) _requireConfirmed(side.account, now_);
        Margin memory margin = IMarginEngine(engine).assess(now_);
        if (_meetsInitial(margin)) return;
        Book memory was = TradeMath.undo(now_, instrument, side.fromE8, now_.cashE6 - side.cashE6);
        if (HealthOrder.improves(IMarginEngine(engine).assess(was), margin)) return;
        revert BelowInitialMargin(side.account, margin.equityE6, margin.initialE6);
    }

    /// @dev Moves a share of every position; returns the slice with its signs turned. From the last word down, since a closed
    /// position's place is taken by the last one.
    function _movePositions(
        uint256 from,
        uint256 to,
        uint256 shareWad
    ) private returns (Position[] memory mirror) {
        Position[] memory all = positions(from);
        Position[] memory moved = new Position[](all.length);
        uint256 count;
        for (uint256 i = all.length; i > 0; --i) {
            InstrumentId instrument = all[i - 1].instrument();
            int256 slice = TradeMath.sliceOf(all[i - 1].sizeE8(), shareWad);
            if (slice == 0) continue;
            _changeSize(from, instrument, -slice);
            _changeSize(to, instrument, slice);
            // |slice| is at most a stored size, which is at most 2^80.
            moved[count++] = toPosition(instrument, int128(-slice));
        }
        mirror = new Position[](count);
        for (uint256 i = 0; i < count; ++i) mirror[i] = moved[i];
    }

    /// @dev Moves a share of every collateral balance; returns its whole value at spot, USD * 1e6, rounded up.
    function _moveCollateralUpE6(
        uint256 from,
        uint256 to,
        uint256 shareWad
    ) private returns (uint256 valueE6) {
        Collateral[] memory moved = ICollateralVault(vault).moveShare(from, to, shareWad);
        for (uint256 i = 0; i < moved.length; ++i) {
            (MarketWord word, ) = IRiskOracle(oracle).marketState(moved[i].market);
            valueE6 += TradeMath.costUpE6(moved[i].quantityE8, word.spotE8());
        }
    }

    function _requireRiskAllowed() private view {
        if (block.timestamp < pausedUntil) revert Paused(pausedUntil, block.timestamp);
        IMarginEngine(engine).requireFresh();
    }

    /// @dev At confirmed prices, equity at or above initial margin.
    function _requireInitial(uint256 account) private view {
        Book memory now_ = book(account);
        _requireConfirmed(account, now_);
        Margin memory margin = IMarginEngine(engine).assess(now_);
        if (!_meetsInitial(margin)) revert BelowInitialMargin(account, margin.equityE6, margin.initialE6);
    }

    /// @dev Initial margin is far below 2^255 by its bounds; one that is not can be met by nobody.
    function _meetsInitial(Margin memory margin) private pure returns (bool) {
        // Non-negative when it is cast, so the cast keeps its value.
        return margin.equityE6 >= 0 && uint256(margin.equityE6) >= margin.initialE6;
    }
}
