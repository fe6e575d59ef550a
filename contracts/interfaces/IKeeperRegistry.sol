// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeeperEntry} from "../types/KeeperTypes.sol";

/// @title KeeperRegistry: who may sign, and how many must
/// @notice One configuration is in force at a time. The one before it counts for a short overlap, so that a change of keys loses no report;
/// the next change waits until the overlap is over, so that at most two ever count.
interface IKeeperRegistry {
    event KeepersSet(
        uint64 indexed configCount,
        bytes32 indexed configDigest,
        KeeperEntry[] entries,
        uint8 faults,
        bytes32 parametersHash
    );

    error ZeroKeeper(uint256 index);
    error KeepersNotAscending(address previous, address next);
    error ZeroNetworkKey(uint256 index);
    error ZeroPayee(uint256 index);
    error EndpointLengthOutOfBounds(uint256 index, uint256 length, uint256 min, uint256 max);
    error DuplicateNetworkKey(uint256 first, uint256 second);
    error DuplicateEndpoint(uint256 first, uint256 second);
    /// @notice n keepers must be 3 f + 1.
    error WrongKeeperCount(uint256 count, uint256 expected);
    error FaultsOutOfBounds(uint256 faults, uint256 min, uint256 max);
    error OverlapOutOfBounds(uint256 overlapSeconds, uint256 min, uint256 max);
    /// @notice The configuration before the present one still counts.
    error OverlapNotOver(uint256 overlapUntil, uint256 timestamp);
    error WrongConfigDigest(bytes32 given, bytes32 current);
    error UnknownConfigDigest(bytes32 given);
    error WrongSignatureCount(uint256 given, uint256 required);
    error BadSignature(uint256 index);
    error UnknownSigner(address signer);
    /// @notice Signatures come in rising order of signer, so that each counts once.
    error DuplicateOrUnorderedSigner(address previous, address next);

    /// @notice Hash of (chain id, registry, configuration count, hash of the entries, f, parameters' hash); every signed message carries it.
    function configDigest() external view returns (bytes32);
    function configCount() external view returns (uint64);
    /// @notice The report keys, rising.
    function keepers() external view returns (address[] memory);
    /// @notice The whole entries, in the order of keepers().
    function entries() external view returns (KeeperEntry[] memory);
    function faults() external view returns (uint8);
    /// @notice 2 f + 1: two different valid reports for one round cannot exist.
    function quorum() external view returns (uint256);
    /// @notice Hash of the protocol parameters that every keeper must run with; zero when none are agreed.
    function parametersHash() external view returns (bytes32);
    function isKeeper(address signer) external view returns (bool);
    /// @notice Seconds for which a replaced configuration still counts.
    function overlapSeconds() external view returns (uint256);
    /// @notice The configuration before the present one and the last second at which it counts; zeros when there is none.
    function overlapping() external view returns (bytes32 digest, uint256 until);
    /// @notice Payee of a report key as of the last configuration that held it; zero for a key that never counted.
    function payeeOf(address reportKey) external view returns (address);
    /// @notice The last second at which the key counts: the largest number while it is in force, zero when it never was.
    function countsUntil(address reportKey) external view returns (uint256);

    /// @notice Reverts unless exactly quorum() distinct keepers of the configuration signed the hash.
    function requireQuorum(bytes32 digest, bytes32 messageHash, bytes[] calldata signatures) external view;

    /// @notice Who signed the hash; reverts unless it was a keeper of the configuration, which may be any that there has ever been.
    function keeperSigner(
        bytes32 digest,
        bytes32 messageHash,
        bytes calldata signature
    ) external view returns (address);

    /// @notice Puts a configuration in force. Entries come in rising order of report key.
    function configure(KeeperEntry[] calldata newEntries, uint8 newFaults) external;

    /// @notice The same keepers under other protocol parameters: a new configuration.
    function setParametersHash(bytes32 newHash) external;
}
