// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {Book} from "../types/Book.sol";
import {AccountBook} from "./AccountBook.sol";

/// @title PriceGate: the house's oracle, and which accounts rest on a price that is not confirmed
abstract contract PriceGate is AccountBook {
    /// How long at most an account that traded at unconfirmed prices is held while any market is quarantined.
    uint256 public constant HOLD_SECONDS = 1 days;

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
}
