// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ScenarioStore: the joint scenario set, as contract code
/// @notice Encoding of a set (big endian): uint16 scenario count N | uint8 market count M | M x uint16 market ids, rising |
/// N records of (2 + 4 M) bytes: uint16 weight | per market uint16 z | uint16 y.
/// z = cell << 8 | t: the cell (0..11) between the 13 spot nodes and the position t / 256 inside it.
/// y: the vol coordinate u = (y - 24576) / 8192; u = (exp(0.08 shock) - 1) / (exp(0.18) - 1), the shock in units of psi sqrt(h).
interface IScenarioStore {
    /// @notice A set is in force from now on.
    event ScenarioSetPublished(
        uint64 indexed setId,
        bytes32 indexed dataHash,
        address pointer,
        uint16 scenarios
    );

    /// @notice The store has this set, or a later one.
    error SetIdNotRising(uint64 setId, uint64 lastSetId);
    /// @notice The set is longer or shorter than its header says.
    error WrongLength(uint256 given, uint256 expected);
    /// @notice The number of scenarios is outside governance's bounds.
    error ScenarioCountOutOfBounds(uint256 count, uint256 min, uint256 max);
    /// @notice Market ids come in rising order.
    error MarketsNotAscending(uint16 previous, uint16 next);
    /// @notice A set has so many markets.
    error MarketCountOutOfBounds(uint256 count, uint256 min, uint256 max);
    /// @notice The set does not fit into one contract's code.
    error SetTooLarge(uint256 length, uint256 max);
    /// @notice A residual lies outside the grid.
    error CellOutOfBounds(uint256 scenario, uint256 cell, uint256 max);
    /// @notice Every scenario weighs something.
    error ZeroWeight(uint256 scenario);

    /// @notice Stores a quorum-signed set. EIP-712: ScenarioSet(bytes32 configDigest,uint64 setId,bytes32 dataHash).
    function publish(
        uint64 setId,
        bytes calldata data,
        bytes32 configDigest,
        bytes[] calldata signatures
    ) external;

    /// @notice What a margin check reads of the set in force: the address whose code, after one leading zero byte, is the set, and the
    /// sum of its weights; zero before the first.
    function inForce() external view returns (address pointer, uint96 totalWeight);
    /// @notice Number, hash and address of the set in force; zeros before the first.
    function current() external view returns (uint64 setId, bytes32 dataHash, address pointer);
    /// @notice The EIP-712 hash that keepers sign.
    function hashSet(uint64 setId, bytes calldata data, bytes32 configDigest) external view returns (bytes32);
}
