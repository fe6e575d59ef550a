// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title KeeperRegistry: who may sign, and how many must
/// @notice Stake, delays, slashing and key rotation come with the keeper network; the key set per configuration and its digest are here.
interface IKeeperRegistry {
    event KeepersSet(
        uint64 indexed configCount,
        bytes32 indexed configDigest,
        address[] keepers,
        uint8 faults
    );

    error ZeroKeeper(uint256 index);
    error KeepersNotAscending(address previous, address next);
    /// @notice n keepers must be 3 f + 1.
    error WrongKeeperCount(uint256 count, uint256 expected);
    error FaultsOutOfBounds(uint256 faults, uint256 min, uint256 max);
    error WrongConfigDigest(bytes32 given, bytes32 current);
    error WrongSignatureCount(uint256 given, uint256 required);
    error BadSignature(uint256 index);
    error UnknownSigner(address signer);
    /// @notice Signatures come in rising order of signer, so that each counts once.
    error DuplicateOrUnorderedSigner(address previous, address next);

    /// @notice Hash of (chain id, registry, configuration count, keepers, f); every signed message carries it.
    function configDigest() external view returns (bytes32);
    function keepers() external view returns (address[] memory);
    function faults() external view returns (uint8);
    /// @notice 2 f + 1: two different valid reports for one round cannot exist.
    function quorum() external view returns (uint256);
    function isKeeper(address signer) external view returns (bool);

    /// @notice Reverts unless exactly quorum() distinct keepers of the configuration signed the hash.
    function requireQuorum(bytes32 digest, bytes32 messageHash, bytes[] calldata signatures) external view;

    function setKeepers(address[] calldata newKeepers, uint8 newFaults) external;
}
