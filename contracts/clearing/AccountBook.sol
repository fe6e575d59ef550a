// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {MAX_POSITIONS} from "../types/Constants.sol";
import {InstrumentId} from "../types/InstrumentId.sol";
import {Position, toPosition} from "../types/Position.sol";

/// @title AccountBook: the record of accounts, cash, positions and open interest
/// @notice The clearing house's storage and its plain reads and writes; every rule about who may move what lies in ClearingHouse.
abstract contract AccountBook is IClearingHouse {
    /// Largest absolute size of one position: 2^80 / 1e8 = 1.2e16 units of underlying. With prices below 2^64 and 64 positions every
    /// sum of values stays below 2^151, far inside int256.
    uint256 internal constant MAX_SIZE_E8 = 2 ** 80;

    struct Account {
        address owner;
        bool reduceOnly;
        bool inflows;
    }

    uint256 private _accountCount;
    mapping(uint256 account => Account) internal _accounts;
    mapping(uint256 account => mapping(address operator => bool)) private _operators;
    mapping(uint256 account => int256) internal _cashE6;
    mapping(uint256 account => Position[]) private _positions;
    /// One more than the place in _positions; zero when the account has none.
    mapping(uint256 account => mapping(InstrumentId => uint256)) private _places;
    mapping(InstrumentId => uint256) private _openInterestE8;

    modifier onlyOwner(uint256 account) {
        if (msg.sender != _accounts[account].owner) revert NotAuthorised(account, msg.sender);
        _;
    }

    modifier exists(uint256 account) {
        _requireAccount(account);
        _;
    }

    /// @inheritdoc IClearingHouse
    function openAccount(address owner) external returns (uint256 account) {
        if (owner == address(0)) revert ZeroAddress();
        account = ++_accountCount;
        _accounts[account].owner = owner;
        emit AccountOpened(account, owner);
    }

    /// @inheritdoc IClearingHouse
    function setOperator(uint256 account, address operator, bool allowed) external onlyOwner(account) {
        if (operator == address(0)) revert ZeroAddress();
        _operators[account][operator] = allowed;
        emit OperatorSet(account, operator, allowed);
    }

    /// @inheritdoc IClearingHouse
    function setInflows(uint256 account, bool allowed) external onlyOwner(account) {
        _accounts[account].inflows = allowed;
        emit InflowsSet(account, allowed);
    }

    /// @inheritdoc IClearingHouse
    function ownerOf(uint256 account) external view exists(account) returns (address) {
        return _accounts[account].owner;
    }

    /// @inheritdoc IClearingHouse
    function mayAct(uint256 account, address caller) public view returns (bool) {
        address owner = _accounts[account].owner;
        return owner != address(0) && (caller == owner || _operators[account][caller]);
    }

    /// @inheritdoc IClearingHouse
    function isReduceOnly(uint256 account) external view returns (bool) {
        return _accounts[account].reduceOnly;
    }

    /// @inheritdoc IClearingHouse
    function inflowsAllowed(uint256 account) external view returns (bool) {
        return _accounts[account].inflows;
    }

    /// @inheritdoc IClearingHouse
    function accountCount() external view returns (uint256) {
        return _accountCount;
    }

    /// @inheritdoc IClearingHouse
    function cashE6(uint256 account) external view returns (int256) {
        return _cashE6[account];
    }

    /// @inheritdoc IClearingHouse
    function positions(uint256 account) public view returns (Position[] memory) {
        return _positions[account];
    }

    /// @inheritdoc IClearingHouse
    function sizeOf(uint256 account, InstrumentId instrument) public view returns (int128) {
        uint256 place = _places[account][instrument];
        return place == 0 ? int128(0) : _positions[account][place - 1].sizeE8();
    }

    /// @inheritdoc IClearingHouse
    function openInterestE8(InstrumentId instrument) external view returns (uint256) {
        return _openInterestE8[instrument];
    }

    function _requireAccount(uint256 account) internal view {
        if (_accounts[account].owner == address(0)) revert UnknownAccount(account);
    }

    /// @dev Adds to a position: opens, changes or removes its word, and keeps the sum of longs. Returns the size before and after.
    function _changeSize(
        uint256 account,
        InstrumentId instrument,
        int256 byE8
    ) internal returns (int256 fromE8, int256 toE8) {
        Position[] storage book_ = _positions[account];
        uint256 place = _places[account][instrument];
        fromE8 = place == 0 ? int256(0) : int256(book_[place - 1].sizeE8());
        toE8 = fromE8 + byE8;
        // MAX_SIZE_E8 is 2^80: the cast keeps its value.
        int256 maxE8 = int256(MAX_SIZE_E8);
        if (toE8 > maxE8 || toE8 < -maxE8) revert SizeTooLarge(toE8, MAX_SIZE_E8);
        // |toE8| <= 2^80, so it fits int128.
        int128 size = int128(toE8);

        if (toE8 == 0) {
            _remove(book_, account, instrument, place);
        } else if (place == 0) {
            if (book_.length == MAX_POSITIONS) {
                revert TooManyPositions(account, MAX_POSITIONS + 1, MAX_POSITIONS);
            }
            book_.push(toPosition(instrument, size));
            _places[account][instrument] = book_.length;
        } else {
            book_[place - 1] = toPosition(instrument, size);
        }

        uint256 longBefore = _long(fromE8);
        uint256 longAfter = _long(toE8);
        if (longBefore != longAfter) {
            // The record is the sum of all longs, this one included: it covers what is taken off.
            _openInterestE8[instrument] = _openInterestE8[instrument] - longBefore + longAfter;
        }
        emit PositionChanged(account, instrument, size);
    }

    /// @dev Takes a word out: the last one moves into its place.
    function _remove(
        Position[] storage book_,
        uint256 account,
        InstrumentId instrument,
        uint256 place
    ) private {
        if (place == 0) return;
        uint256 last = book_.length;
        if (place != last) {
            Position moved = book_[last - 1];
            book_[place - 1] = moved;
            _places[account][moved.instrument()] = place;
        }
        book_.pop();
        delete _places[account][instrument];
    }

    function _long(int256 sizeE8) private pure returns (uint256) {
        // Positive in that branch, so the cast keeps its value.
        return sizeE8 > 0 ? uint256(sizeE8) : 0;
    }
}
