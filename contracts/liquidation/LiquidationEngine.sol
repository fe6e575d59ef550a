// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {ILiquidationEngine} from "../interfaces/ILiquidationEngine.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {AuctionMath} from "../libraries/AuctionMath.sol";
import {Book} from "../types/Book.sol";
import {Margin, MarginBreakdown} from "../types/MarginTypes.sol";
import {LiquidationParams} from "../types/RiskParams.sol";
import {RiskReport} from "../types/RiskReport.sol";
import {AuctionPricing} from "./AuctionPricing.sol";
import {ReportCarriage} from "./ReportCarriage.sol";

/// @title LiquidationEngine
/// @notice Margin comes from the engine that the house uses, so both judge an account alike. The modules named at construction never
/// change: a new fund comes with a new liquidation engine.
contract LiquidationEngine is ReentrancyGuardTransient, ILiquidationEngine {
    using EnumerableSet for EnumerableSet.UintSet;
    using SafeCast for uint256;

    IClearingHouse public immutable house;
    IRiskConfig public immutable config;
    IInsuranceFund public immutable fund;

    EnumerableSet.UintSet private _called;
    mapping(uint256 account => Auction) private _auctions;
    mapping(uint256 account => uint256) private _reserveE6;
    uint256 private _totalReserveE6;

    constructor(IClearingHouse house_, IRiskConfig config_, IInsuranceFund fund_) {
        house = house_;
        config = config_;
        fund = fund_;
    }

    /// @inheritdoc ILiquidationEngine
    function flag(uint256 account) external nonReentrant {
        Auction storage auction_ = _auctions[account];
        if (auction_.phase != Phase.None) revert AlreadyCalled(account);
        Book memory book = house.book(account);
        if (_isEmpty(book)) revert NothingToSell(account);
        Margin memory margin = _marginEngine().assess(book);
        _requirePriced(account, margin);
        _requireCallable(account, margin);

        auction_.phase = Phase.Called;
        auction_.flaggedAt = _now();
        // Any health below one is lower; _sync records it.
        auction_.lowestHealthBps = type(uint32).max;
        auction_.insolventSince = 0;
        ++auction_.version;
        _called.add(account);
        emit MarginCalled(
            account,
            margin.equityE6,
            margin.maintenanceE6,
            AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6)
        );
        _sync(account, margin, config.liquidationParams());
        house.setReduceOnly(account, true);
    }

    /// @inheritdoc ILiquidationEngine
    function release(uint256 account) external nonReentrant {
        _requireCalled(account);
        Book memory book = house.book(account);
        Margin memory margin = _marginEngine().assess(book);
        _requirePriced(account, margin);
        uint256 target = config.liquidationParams().targetHealthBps;
        uint256 health = AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6);
        if (health < target && !_isEmpty(book)) revert BelowTarget(account, health, target);
        _end(account, margin);
    }

    /// @inheritdoc ILiquidationEngine
    function update(uint256 account) external nonReentrant {
        _requireCalled(account);
        Margin memory margin = _marginEngine().assess(house.book(account));
        _requirePriced(account, margin);
        _sync(account, margin, config.liquidationParams());
    }

    /// @inheritdoc ILiquidationEngine
    function bid(Bid calldata bid_) external nonReentrant returns (int256 paidE6) {
        return _bid(bid_);
    }

    /// @inheritdoc ILiquidationEngine
    function bidWithReport(
        RiskReport calldata report,
        bytes[] calldata signatures,
        Bid calldata bid_
    ) external nonReentrant returns (int256 paidE6) {
        ReportCarriage.submitIfNewer(IRiskOracle(house.oracle()), report, signatures);
        return _bid(bid_);
    }

    /// @inheritdoc ILiquidationEngine
    function collectPenalties() external nonReentrant returns (uint256 paidE6) {
        paidE6 = house.payOwed(address(fund));
        _notify(paidE6);
    }

    /// @inheritdoc ILiquidationEngine
    function auction(uint256 account) external view returns (Auction memory) {
        return _auctions[account];
    }

    /// @inheritdoc ILiquidationEngine
    function calledAccounts() external view returns (uint256[] memory) {
        return _called.values();
    }

    /// @inheritdoc ILiquidationEngine
    function reserveOfE6(uint256 account) external view returns (uint256) {
        return _reserveE6[account];
    }

    /// @inheritdoc ILiquidationEngine
    function quote(uint256 account) external view returns (Quote memory quote_) {
        LiquidationParams memory params = config.liquidationParams();
        MarginBreakdown memory current = _marginEngine().breakdown(house.book(account));
        Auction memory stored = _auctions[account];
        Auction memory auction_ = AuctionPricing.advance(stored, current.margin, params, _now());
        AuctionPricing.Price memory price = AuctionPricing.priceOf(
            params,
            auction_,
            current,
            block.timestamp
        );
        return
            Quote({
                phase: auction_.phase,
                version: stored.version,
                healthBps: AuctionMath.healthBps(current.margin.equityE6, current.margin.maintenanceE6),
                maintenanceE6: current.margin.maintenanceE6,
                ownerCostWad: price.ownerCostWad,
                penaltyWad: price.penaltyWad,
                discountWad: price.discountWad,
                maxShareWad: price.maxShareWad
            });
    }

    /// @dev The bidder is the caller, or the caller acts for it.
    function _bid(Bid calldata bid_) private returns (int256 paidE6) {
        _requireBid(bid_);
        LiquidationParams memory params = config.liquidationParams();
        MarginBreakdown memory before = _marginEngine().breakdown(house.book(bid_.account));
        _requirePriced(bid_.account, before.margin);
        _sync(bid_.account, before.margin, params);
        Auction memory auction_ = _auctions[bid_.account];
        if (bid_.phase != auction_.phase) revert AuctionMoved(auction_.phase, auction_.version);

        AuctionPricing.Price memory price = AuctionPricing.priceOf(params, auction_, before, block.timestamp);
        AuctionPricing.Slice memory slice = AuctionPricing.sliceOf(params, price, before, bid_.shareWad);
        paidE6 = _sell(bid_, slice);
        _conclude(bid_, params, slice, before.margin);
    }

    /// @dev Whether a call may begin: below maintenance. Grace by severity and the soft zone's second report belong here.
    function _requireCallable(uint256 account, Margin memory margin) private pure {
        // A maintenance margin is far below 2^255 (Constants and the report's fields bound it), so the cast keeps its value.
        if (margin.equityE6 >= int256(margin.maintenanceE6))
            revert Healthy(account, margin.equityE6, margin.maintenanceE6);
    }

    function _requireCalled(uint256 account) private view {
        if (_auctions[account].phase == Phase.None) revert NotCalled(account);
    }

    /// @dev No step of an auction rests on a price that nobody confirmed: what is sold at a false one is gone.
    function _requirePriced(uint256 account, Margin memory margin) private view {
        if (!house.mayLiquidate(account, margin.maintenanceE6)) {
            revert IClearingHouse.UnconfirmedPrice(account);
        }
    }

    /// @dev Everything about a bid that can be known without a price. The throttle's admission belongs here.
    function _requireBid(Bid calldata bid_) private view {
        if (block.timestamp > bid_.deadline) revert BidExpired(bid_.deadline, block.timestamp);
        _requireCalled(bid_.account);
        if (bid_.account == bid_.bidder) revert SelfBid(bid_.account);
        if (!house.mayAct(bid_.bidder, msg.sender)) revert NotBidder(bid_.bidder, msg.sender);
        if (bid_.shareWad == 0) revert ZeroShare();
        Auction storage auction_ = _auctions[bid_.account];
        if (bid_.version != auction_.version) revert AuctionMoved(auction_.phase, auction_.version);
    }

    /// @dev Records the lowest health, moves between called and insolvent, and keeps the reserve; nothing else changes a phase.
    function _sync(uint256 account, Margin memory margin, LiquidationParams memory params) private {
        Auction memory stored = _auctions[account];
        Auction memory next = AuctionPricing.advance(stored, margin, params, _now());
        if (next.phase != stored.phase) {
            ++next.version;
            if (next.phase == Phase.Insolvent) emit AccountInsolvent(account, margin.equityE6);
            else emit AccountRecovered(account, margin.equityE6);
        }
        _auctions[account] = next;
        _setReserve(account, next.phase == Phase.Insolvent ? AuctionPricing.reserveE6(margin) : 0);
    }

    /// @dev Money in the order that never leaves a gap: the fund pays into the account, the slice moves, the penalty leaves.
    function _sell(Bid calldata bid_, AuctionPricing.Slice memory slice) private returns (int256 paidE6) {
        uint256 fundPaidE6;
        if (slice.fundDueE6 > 0) {
            fundPaidE6 = fund.cover(bid_.account, slice.fundDueE6);
            if (fundPaidE6 > 0) house.creditCash(bid_.account, fundPaidE6);
        }
        AuctionPricing.limitSubsidy(slice, fundPaidE6);
        paidE6 = house.takeSlice(bid_.account, bid_.bidder, slice.shareWad, slice.discountE6);
        if (paidE6 > bid_.maxPaidE6) revert PaysTooMuch(paidE6, bid_.maxPaidE6);
        if (slice.penaltyE6 > 0) {
            _notify(house.debitCash(bid_.account, slice.penaltyE6, address(fund)));
        }
    }

    /// @dev A vault short of coins pays a penalty in part or later; the fund counts what it got.
    function _notify(uint256 paidE6) private {
        if (paidE6 > 0) fund.notifyPenalty(paidE6);
    }

    /// @dev Every fill raises health, or the account is in the insolvent phase; then the call ends or goes on.
    function _conclude(
        Bid calldata bid_,
        LiquidationParams memory params,
        AuctionPricing.Slice memory slice,
        Margin memory before
    ) private {
        Book memory book = house.book(bid_.account);
        Margin memory margin = _marginEngine().assess(book);
        uint256 healthBefore = AuctionMath.healthBps(before.equityE6, before.maintenanceE6);
        uint256 healthAfter = AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6);
        if (
            _auctions[bid_.account].phase == Phase.Called &&
            !AuctionMath.improves(
                before.equityE6,
                before.maintenanceE6,
                margin.equityE6,
                margin.maintenanceE6
            )
        ) revert HealthNotImproved(healthBefore, healthAfter);
        emit SliceSold(
            bid_.account,
            bid_.bidder,
            slice.shareWad,
            slice.ownerCostE6,
            slice.penaltyE6,
            slice.subsidyE6,
            healthBefore,
            healthAfter
        );
        if (_isEmpty(book) || healthAfter >= params.targetHealthBps) {
            _end(bid_.account, margin);
        } else {
            ++_auctions[bid_.account].version;
            _sync(bid_.account, margin, params);
        }
    }

    function _end(uint256 account, Margin memory margin) private {
        Auction storage auction_ = _auctions[account];
        auction_.phase = Phase.None;
        ++auction_.version;
        _called.remove(account);
        _setReserve(account, 0);
        emit MarginCallEnded(account, AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6));
        // Negative, so its negation is positive; equity is far above the least int256.
        if (margin.equityE6 < 0) emit BadDebtLeft(account, uint256(-margin.equityE6));
        house.setReduceOnly(account, false);
    }

    function _setReserve(uint256 account, uint256 reserveE6) private {
        uint256 previous = _reserveE6[account];
        if (reserveE6 == previous) return;
        _reserveE6[account] = reserveE6;
        _totalReserveE6 = _totalReserveE6 - previous + reserveE6;
        fund.setReserve(_totalReserveE6);
    }

    /// @dev Without positions, and with nothing that could be sold against a debt.
    function _isEmpty(Book memory book) private pure returns (bool) {
        return book.positions.length == 0 && (book.cashE6 >= 0 || book.collateral.length == 0);
    }

    function _marginEngine() private view returns (IMarginEngine) {
        return IMarginEngine(house.engine());
    }

    function _now() private view returns (uint40) {
        return block.timestamp.toUint40();
    }
}
