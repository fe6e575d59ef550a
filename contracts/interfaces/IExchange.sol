// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InstrumentId} from "../types/InstrumentId.sol";
import {Order} from "../types/Order.sol";

/// @title Exchange: settles pairs of signed EIP-712 orders
/// @notice An order lives while its nonce is at or above its account's lowest live nonce, its deadline has not passed, it was not cancelled and
/// it is not filled. Fills are counted per order hash, so one nonce may serve many orders and cancelBelow kills them all together. An order of a
/// reduce-only account can only reduce: the clearing house refuses the rest.
interface IExchange {
    event OrderFilled(
        bytes32 indexed orderHash,
        uint256 indexed account,
        uint256 sizeE8,
        uint256 priceE8,
        uint256 filledE8
    );
    event OrderCancelled(bytes32 indexed orderHash, uint256 indexed account);
    event NoncesCancelled(uint256 indexed account, uint64 below);

    error OrderExpired(uint256 deadline, uint256 now_);
    error OrderDead(bytes32 orderHash);
    error NonceUsed(uint256 account, uint64 nonce, uint64 minNonce);
    error BadOrderSignature(bytes32 orderHash, address signer);
    error SignerNotAllowed(uint256 account, address signer);
    error Overfill(bytes32 orderHash, uint256 requestedE8, uint256 remainingE8);
    error SidesDoNotMatch(int128 makerSizeE8, int128 takerSizeE8);
    error InstrumentMismatch(InstrumentId maker, InstrumentId taker);
    error PricesDoNotCross(uint256 buyLimitE8, uint256 sellLimitE8);
    error WrongCounterparty(uint256 expected, uint256 actual);
    error ZeroSize();
    error ZeroAddress();
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
    function minNonce(uint256 account) external view returns (uint64);
    function isCancelled(bytes32 orderHash) external view returns (bool);
    function filledE8(bytes32 orderHash) external view returns (uint256);
    function hashOrder(Order calldata order) external view returns (bytes32);
}
