// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Order } from "../types/Order.sol";

/// @title Exchange: settles pairs of signed EIP-712 orders
interface IExchange {
    event OrderFilled(bytes32 indexed orderHash, uint256 indexed account, uint256 sizeE8, uint256 priceE8, uint256 filledE8);
    event OrderCancelled(bytes32 indexed orderHash, uint256 indexed account);
    event NoncesCancelled(uint256 indexed account, uint64 below);

    error OrderExpired(uint256 deadline, uint256 now_);
    error OrderDead(bytes32 orderHash);
    error NonceUsed(uint256 account, uint64 nonce, uint64 minNonce);
    error BadOrderSignature(bytes32 orderHash, address signer);
    error SignerNotAllowed(uint256 account, address signer);
    error Overfill(bytes32 orderHash, uint256 requestedE8, uint256 remainingE8);
    error SidesDoNotMatch(int128 makerSizeE8, int128 takerSizeE8);
    error InstrumentMismatch();
    error PricesDoNotCross(uint256 buyLimitE8, uint256 sellLimitE8);
    error WrongCounterparty(uint256 expected, uint256 actual);
    error ZeroSize();

    /// @notice Fills both orders by sizeE8 at the maker's limit. The signer is the account's owner or operator, key or ERC-1271 contract.
    function fill(
        Order calldata maker,
        address makerSigner,
        bytes calldata makerSignature,
        Order calldata taker,
        address takerSigner,
        bytes calldata takerSignature,
        uint128 sizeE8
    ) external;
    function cancel(Order calldata order) external;
    /// @notice Kills every order of the account with a nonce below this.
    function cancelBelow(uint256 account, uint64 nonce) external;
    function filledE8(bytes32 orderHash) external view returns (uint256);
    function hashOrder(Order calldata order) external view returns (bytes32);
}
