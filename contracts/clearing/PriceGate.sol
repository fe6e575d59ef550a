// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {TradeMath} from "../libraries/TradeMath.sol";
import {Book} from "../types/Book.sol";
import {BPS} from "../types/Constants.sol";
import {MarketWord} from "../types/RiskReport.sol";
import {AccountBook} from "./AccountBook.sol";

/// @title PriceGate: the house's oracle, and which accounts rest on a price that is not confirmed
/// @notice Two questions, because they are asked by two sides. Whether anything may leave an account is asked strictly: its owner would gain by a
/// yes. Whether it may be liquidated is asked of what it holds alone, and of what weighs: its owner would gain by a no, and could bring one about
/// by a trade or a trifle of collateral.
abstract contract PriceGate is AccountBook {
    /// @inheritdoc IClearingHouse
    uint256 public constant HOLD_SECONDS = 1 days;
    /// @inheritdoc IClearingHouse
    uint256 public constant HELD_SHARE_BPS = 500;

    /// @inheritdoc IClearingHouse
    address public oracle;
    mapping(uint256 account => uint256) private _heldUntil;

    /// @inheritdoc IClearingHouse
    function isConfirmed(uint256 account) public view returns (bool) {
        // Nearly always: then the book need not be read.
        if (IRiskOracle(oracle).quarantinedCount() == 0) return true;
        return _isConfirmed(account, book(account));
    }

    /// @inheritdoc IClearingHouse
    function mayLiquidate(uint256 account, uint256 maintenanceE6) external view returns (bool) {
        IRiskOracle source = IRiskOracle(oracle);
        if (source.quarantinedCount() == 0) return true;
        (uint256 unconfirmedE6, uint256 wholeE6) = _exposureE6(source, book(account));
        if (unconfirmedE6 == 0) return true;
        // Without positions there is no margin: then the share is one of all that it holds.
        uint256 baseE6 = maintenanceE6 == 0 ? wholeE6 : maintenanceE6;
        return unconfirmedE6 * BPS < baseE6 * HELD_SHARE_BPS;
    }

    /// @inheritdoc IClearingHouse
    function book(uint256 account) public view virtual returns (Book memory);

    function _setOracle(address oracle_) internal {
        if (oracle_ == address(0)) revert ZeroAddress();
        oracle = oracle_;
        emit OracleSet(oracle_);
    }

    function _requireConfirmed(uint256 account, Book memory now_) internal view {
        if (!_isConfirmed(account, now_)) revert UnconfirmedPrice(account);
    }

    /// @dev Two accounts of one owner could reduce against each other at a price that leaves one of them indebted, and take the other's gain out.
    /// So whoever trades with an unconfirmed side is unconfirmed too, until no market waits.
    function _holdTraders(uint256 buyer, uint256 seller, uint16 market) internal {
        IRiskOracle source = IRiskOracle(oracle);
        if (source.quarantinedCount() == 0) return;
        if (!source.isQuarantined(market) && isConfirmed(buyer) && isConfirmed(seller)) return;
        uint256 until = block.timestamp + HOLD_SECONDS;
        (_heldUntil[buyer], _heldUntil[seller]) = (until, until);
    }

    function _isConfirmed(uint256 account, Book memory now_) private view returns (bool) {
        IRiskOracle source = IRiskOracle(oracle);
        if (source.quarantinedCount() == 0) return true;
        if (block.timestamp < _heldUntil[account]) return false;
        for (uint256 i; i < now_.positions.length; ++i) {
            if (source.isQuarantined(now_.positions[i].instrument().market())) return false;
        }
        for (uint256 i; i < now_.collateral.length; ++i) {
            if (source.isQuarantined(now_.collateral[i].market)) return false;
        }
        return true;
    }

    /// @dev Absolute size and collateral at spot, USD * 1e6, rounded up: in quarantined markets, and in all.
    function _exposureE6(
        IRiskOracle source,
        Book memory now_
    ) private view returns (uint256 unconfirmedE6, uint256 wholeE6) {
        uint256 positionCount = now_.positions.length;
        for (uint256 i; i < positionCount + now_.collateral.length; ++i) {
            bool isPosition = i < positionCount;
            uint16 market =
                isPosition
                    ? now_.positions[i].instrument().market()
                    : now_.collateral[i - positionCount].market;
            uint256 quantityE8 =
                isPosition
                    ? SignedMath.abs(now_.positions[i].sizeE8())
                    : now_.collateral[i - positionCount].quantityE8;
            (MarketWord word, ) = source.marketState(market);
            uint256 exposureE6 = TradeMath.costUpE6(quantityE8, word.spotE8());
            wholeE6 += exposureE6;
            if (source.isQuarantined(market)) unconfirmedE6 += exposureE6;
        }
    }
}
