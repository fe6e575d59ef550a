// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {Exchange} from "../../../contracts/trading/Exchange.sol";
import {Order} from "../../../contracts/types/Order.sol";
import {HouseFixture} from "./HouseFixture.sol";

/// @notice An exchange in front of the house, and two owners whose keys the test holds.
abstract contract ExchangeFixture is HouseFixture {
    uint256 internal constant MAKER_KEY = 0xA11CE5;
    uint256 internal constant TAKER_KEY = 0xB0B5;
    uint128 internal constant MARK = uint128(MARK_E8);
    uint40 internal constant DEADLINE = uint40(START + 1 hours);

    Exchange internal exchange;
    address internal makerOwner;
    address internal takerOwner;
    uint256 internal maker;
    uint256 internal taker;

    function setUp() public virtual override {
        super.setUp();
        exchange = new Exchange(address(house));
        house.grantRole(house.EXCHANGE_ROLE(), address(exchange));
        makerOwner = VM.addr(MAKER_KEY);
        takerOwner = VM.addr(TAKER_KEY);
        maker = _open(makerOwner, 10_000 * USD);
        taker = _open(takerOwner, 10_000 * USD);
    }

    function _sell(uint128 size, uint128 price) internal view returns (Order memory) {
        return _order(maker, -int128(size), price);
    }

    function _buy(uint128 size, uint128 price) internal view returns (Order memory) {
        return _order(taker, int128(size), price);
    }

    function _order(uint256 account, int128 size, uint128 price) internal view returns (Order memory) {
        return Order(account, call, size, price, 0, false, 7, uint40(DEADLINE));
    }

    function _sign(uint256 key, Order memory order) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, exchange.hashOrder(order));
        return abi.encodePacked(r, s, v);
    }

    /// @dev Reads nothing by call, so that an expected revert meets the fill itself.
    function _fill(Order memory first, Order memory second, uint128 size) internal {
        bytes memory firstSignature = _signQuietly(first);
        bytes memory secondSignature = _signQuietly(second);
        (address firstOwner, address secondOwner) = (_ownerOf(first), _ownerOf(second));
        exchange.fill(first, firstOwner, firstSignature, second, secondOwner, secondSignature, size);
    }

    function _ownerOf(Order memory order) internal view returns (address) {
        return order.account == maker ? makerOwner : takerOwner;
    }

    /// @dev The EIP-712 hash written out a second time, straight from the standard.
    function _signQuietly(Order memory order) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Ballast Exchange"),
                keccak256("1"),
                block.chainid,
                address(exchange)
            )
        );
        bytes32 typeHash = keccak256(
            "Order(uint256 account,uint128 instrument,int128 sizeE8,uint128 limitPriceE8,uint256 counterparty,bool reduceOnly,uint64 nonce,uint40 deadline)"
        );
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", domain, keccak256(abi.encode(typeHash, order)))
        );
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(order.account == maker ? MAKER_KEY : TAKER_KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    function _expectOverfill(Order memory order, uint256 requested, uint256 remaining) internal {
        bytes32 orderHash = exchange.hashOrder(order);
        VM.expectRevert(abi.encodeWithSelector(IExchange.Overfill.selector, orderHash, requested, remaining));
    }
}
