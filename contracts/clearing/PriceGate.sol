// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {Book} from "../types/Book.sol";
import {AccountBook} from "./AccountBook.sol";

/// @title PriceGate: the house's oracle, and which accounts rest on a price that is not confirmed
abstract contract PriceGate is AccountBook {
    /// @inheritdoc IClearingHouse
    address public oracle;

    /// @inheritdoc IClearingHouse
    function isConfirmed(uint256 account) external view returns (bool) {
        return _isConfirmed(book(account));
    }

    /// @inheritdoc IClearingHouse
    function book(uint256 account) public view virtual returns (Book memory);

    function _setOracle(address oracle_) internal {
        if (oracle_ == address(0)) revert ZeroAddress();
        oracle = oracle_;
        emit OracleSet(oracle_);
    }

    function _requireConfirmed(uint256 account, Book memory now_) internal view {
        if (!_isConfirmed(now_)) revert UnconfirmedPrice(account);
    }

    function _isConfirmed(Book memory now_) private view returns (bool) {
        IRiskOracle source = IRiskOracle(oracle);
        // Nearly always: then the book need not be looked at.
        if (source.quarantinedCount() == 0) return true;
        for (uint256 i; i < now_.positions.length; ++i) {
            if (source.isQuarantined(now_.positions[i].instrument().market())) return false;
        }
        for (uint256 i; i < now_.collateral.length; ++i) {
            if (source.isQuarantined(now_.collateral[i].market)) return false;
        }
        return true;
    }
}
