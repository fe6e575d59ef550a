// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {Order} from "../types/Order.sol";

/// @title Exchange: signed orders in, trades out; it holds no tokens and no role but the clearing house's
contract Exchange is IExchange, EIP712 {
    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 account,uint128 instrument,int128 sizeE8,uint128 limitPriceE8,uint256 counterparty,"
        "bool reduceOnly,uint64 nonce,uint40 deadline)"
    );

    IClearingHouse public immutable house;

    /// @inheritdoc IExchange
    mapping(uint256 account => uint64) public minNonce;
    /// @inheritdoc IExchange
    mapping(bytes32 orderHash => uint256) public filledE8;
    /// @inheritdoc IExchange
    mapping(bytes32 orderHash => bool) public isCancelled;

    constructor(address house_) EIP712("Ballast Exchange", "1") {
        if (house_ == address(0)) revert ZeroAddress();
        house = IClearingHouse(house_);
    }

    /// @inheritdoc IExchange
    function fill(
        Order calldata maker,
        address makerSigner,
        bytes calldata makerSignature,
        Order calldata taker,
        address takerSigner,
        bytes calldata takerSignature,
        uint128 sizeE8
    ) external {
        if (sizeE8 == 0) revert ZeroSize();
        _requireMatch(maker, taker);
        bytes32 makerHash = _authorise(maker, makerSigner, makerSignature);
        bytes32 takerHash = _authorise(taker, takerSigner, takerSignature);
        uint128 priceE8 = maker.limitPriceE8;
        _count(maker, makerHash, sizeE8, priceE8);
        _count(taker, takerHash, sizeE8, priceE8);

        bool makerBuys = maker.sizeE8 > 0;
        house.trade(
            IClearingHouse.Trade({
                buyer: makerBuys ? maker.account : taker.account,
                seller: makerBuys ? taker.account : maker.account,
                instrument: maker.instrument,
                sizeE8: sizeE8,
                priceE8: priceE8,
                buyerReduceOnly: makerBuys ? maker.reduceOnly : taker.reduceOnly,
                sellerReduceOnly: makerBuys ? taker.reduceOnly : maker.reduceOnly
            })
        );
    }

    /// @inheritdoc IExchange
    function cancel(Order calldata order) external {
        if (!house.mayAct(order.account, msg.sender)) revert SignerNotAllowed(order.account, msg.sender);
        bytes32 orderHash = hashOrder(order);
        isCancelled[orderHash] = true;
        emit OrderCancelled(orderHash, order.account);
    }

    /// @inheritdoc IExchange
    function cancelBelow(uint256 account, uint64 nonce) external {
        if (!house.mayAct(account, msg.sender)) revert SignerNotAllowed(account, msg.sender);
        if (nonce <= minNonce[account]) revert NonceNotRising(account, nonce, minNonce[account]);
        minNonce[account] = nonce;
        emit NoncesCancelled(account, nonce);
    }

    /// @inheritdoc IExchange
    function hashOrder(Order calldata order) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ORDER_TYPEHASH,
                        order.account,
                        order.instrument,
                        order.sizeE8,
                        order.limitPriceE8,
                        order.counterparty,
                        order.reduceOnly,
                        order.nonce,
                        order.deadline
                    )
                )
            );
    }

    /// @dev Whether the two orders may meet at the maker's price.
    function _requireMatch(Order calldata maker, Order calldata taker) private pure {
        if (!(maker.instrument == taker.instrument)) {
            revert InstrumentMismatch(maker.instrument, taker.instrument);
        }
        bool opposite = (maker.sizeE8 > 0 && taker.sizeE8 < 0) || (maker.sizeE8 < 0 && taker.sizeE8 > 0);
        if (!opposite) revert SidesDoNotMatch(maker.sizeE8, taker.sizeE8);
        _requireCounterparty(maker.counterparty, taker.account);
        _requireCounterparty(taker.counterparty, maker.account);
        (uint256 buyE8, uint256 sellE8) = maker.sizeE8 > 0
            ? (maker.limitPriceE8, taker.limitPriceE8)
            : (taker.limitPriceE8, maker.limitPriceE8);
        if (buyE8 < sellE8) revert PricesDoNotCross(buyE8, sellE8);
    }

    function _requireCounterparty(uint256 expected, uint256 actual) private pure {
        if (expected != 0 && expected != actual) revert WrongCounterparty(expected, actual);
    }

    /// @dev Whether the order lives and its signer may act for its account now.
    function _authorise(
        Order calldata order,
        address signer,
        bytes calldata signature
    ) private view returns (bytes32 orderHash) {
        if (block.timestamp > order.deadline) revert OrderExpired(order.deadline, block.timestamp);
        uint64 lowest = minNonce[order.account];
        if (order.nonce < lowest) revert NonceUsed(order.account, order.nonce, lowest);
        orderHash = hashOrder(order);
        if (isCancelled[orderHash]) revert OrderDead(orderHash);
        if (!house.mayAct(order.account, signer)) revert SignerNotAllowed(order.account, signer);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, orderHash, signature)) {
            revert BadOrderSignature(orderHash, signer);
        }
    }

    /// @dev Counts a fill against the signed size.
    function _count(Order calldata order, bytes32 orderHash, uint128 sizeE8, uint128 priceE8) private {
        int256 signed = order.sizeE8;
        // The magnitude of an int128 fits uint256; widened first, so the smallest value negates too.
        uint256 totalE8 = uint256(signed < 0 ? -signed : signed);
        uint256 remainingE8 = totalE8 - filledE8[orderHash];
        if (sizeE8 > remainingE8) revert Overfill(orderHash, sizeE8, remainingE8);
        uint256 filled = filledE8[orderHash] + sizeE8;
        filledE8[orderHash] = filled;
        emit OrderFilled(orderHash, order.account, sizeE8, priceE8, filled);
    }
}
