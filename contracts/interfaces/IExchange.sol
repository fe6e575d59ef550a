// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InstrumentId} from "../types/InstrumentId.sol";
import {Order} from "../types/Order.sol";

/// @title Exchange: settles pairs of signed EIP-712 orders
/// @notice An order lives while its nonce is at or above its account's lowest live nonce, its deadline has not passed, it was not cancelled and
/// it is not filled. Fills are counted per order hash, so one nonce may serve many orders and cancelBelow kills them all together. An order of a
/// reduce-only account can only reduce: the clearing house refuses the rest.
interface IExchange {
    /// @notice An order was filled by sizeE8 and to filledE8 in all.
    event OrderFilled(
        bytes32 indexed orderHash,
        uint256 indexed account,
        uint256 sizeE8,
        uint256 priceE8,
        uint256 filledE8
    );
    /// @notice An order is dead.
    event OrderCancelled(bytes32 indexed orderHash, uint256 indexed account);
    /// @notice Every order of the account with a lower nonce is dead.
    event NoncesCancelled(uint256 indexed account, uint64 below);

    /// @notice The order's deadline is past.
    error OrderExpired(uint256 deadline, uint256 now_);
    /// @notice The order was cancelled.
    error OrderDead(bytes32 orderHash);
    /// @notice The order's nonce was cancelled.
    error NonceUsed(uint256 account, uint64 nonce, uint64 minNonce);
    /// @notice The signer did not sign the order.
    error BadOrderSignature(bytes32 orderHash, address signer);
    /// @notice The signer neither owns nor operates the account.
    error SignerNotAllowed(uint256 account, address signer);
    /// @notice Less of the order is left.
    error Overfill(bytes32 orderHash, uint256 requestedE8, uint256 remainingE8);
    /// @notice One order buys, the other sells.
    error SidesDoNotMatch(int128 makerSizeE8, int128 takerSizeE8);
    /// @notice The orders are for two instruments.
    error InstrumentMismatch(InstrumentId maker, InstrumentId taker);
    /// @notice The buyer pays less than the seller asks.
    error PricesDoNotCross(uint256 buyLimitE8, uint256 sellLimitE8);
    /// @notice An order names another counterparty.
    error WrongCounterparty(uint256 expected, uint256 actual);
    /// @notice Nothing is not a size.
    error ZeroSize();
    /// @notice An address is missing.
    error ZeroAddress();
    /// @notice Nonces are cancelled upwards.
    error NonceNotRising(uint256 account, uint64 nonce, uint64 minNonce);

    /// @notice Fills both orders by sizeE8 at the maker's limit; anyone may submit the pair. The signer is the account's owner or operator, key or ERC-1271 contract.
    function fill(
        Order calldata maker,
        address makerSigner,
        bytes calldata makerSignature,
        Order calldata taker,
        address takerSigner,
        bytes calldata takerSignature,
        uint128 sizeE8
    ) external;
    /// @notice Kills one order; its account's owner or operator only.
    function cancel(Order calldata order) external;
    /// @notice Kills every order of the account with a nonce below this.
    function cancelBelow(uint256 account, uint64 nonce) external;
    /// @notice Lowest nonce that still counts.
    function minNonce(uint256 account) external view returns (uint64);
    /// @notice Whether the order is dead.
    function isCancelled(bytes32 orderHash) external view returns (bool);
    /// @notice How much of the order was filled.
    function filledE8(bytes32 orderHash) external view returns (uint256);
    /// @notice The EIP-712 hash that a trader signs.
    function hashOrder(Order calldata order) external view returns (bytes32);
}
