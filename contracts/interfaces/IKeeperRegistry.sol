// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeeperEntry} from "../types/KeeperTypes.sol";

/// @title KeeperRegistry: who may sign, and how many must
/// @notice One configuration is in force at a time. The one before it counts for a short overlap, so that a change of keys loses no report;
/// the next change waits until the overlap is over, so that at most two ever count. A keeper can be excluded at once: the rest go on under the
/// same digest with the same quorum.
interface IKeeperRegistry {
    /// @notice A configuration is in force from now on; `entries` in rising order of report key.
    event KeepersSet(
        uint64 indexed configCount,
        bytes32 indexed configDigest,
        KeeperEntry[] entries,
        uint8 faults,
        bytes32 parametersHash
    );
    /// @notice The key's signatures count no more, under any configuration.
    event KeeperExcluded(address indexed reportKey);

    /// @notice The entry at the position has no report key.
    error ZeroKeeper(uint256 index);
    /// @notice Entries come in rising order of report key, each once.
    error KeepersNotAscending(address previous, address next);
    /// @notice The entry at the position has no network key.
    error ZeroNetworkKey(uint256 index);
    /// @notice The entry at the position has no payee.
    error ZeroPayee(uint256 index);
    /// @notice The entry's endpoint is empty or longer than a multiaddr can be.
    error EndpointLengthOutOfBounds(uint256 index, uint256 length, uint256 min, uint256 max);
    /// @notice Two entries, by position, name one network key.
    error DuplicateNetworkKey(uint256 first, uint256 second);
    /// @notice Two entries, by position, name one endpoint.
    error DuplicateEndpoint(uint256 first, uint256 second);
    /// @notice n keepers must be 3 f + 1.
    error WrongKeeperCount(uint256 count, uint256 expected);
    /// @notice f is outside the protocol's bounds.
    error FaultsOutOfBounds(uint256 faults, uint256 min, uint256 max);
    /// @notice The overlap is outside the registry's bounds.
    error OverlapOutOfBounds(uint256 overlapSeconds, uint256 min, uint256 max);
    /// @notice The configuration before the present one still counts.
    error OverlapNotOver(uint256 overlapUntil, uint256 timestamp);
    /// @notice The message names a configuration that does not count.
    error WrongConfigDigest(bytes32 given, bytes32 current);
    /// @notice There never was such a configuration.
    error UnknownConfigDigest(bytes32 given);
    /// @notice A quorum is an exact number of signatures.
    error WrongSignatureCount(uint256 given, uint256 required);
    /// @notice The signature at the position is malformed or malleable.
    error BadSignature(uint256 index);
    /// @notice The signer is no keeper of the configuration, or was excluded.
    error UnknownSigner(address signer);
    /// @notice Signatures come in rising order of signer, so that each counts once.
    error DuplicateOrUnorderedSigner(address previous, address next);
    /// @notice The key was excluded before.
    error AlreadyExcluded(address reportKey);
    /// @notice The key is in no configuration that counts.
    error NotCounting(address reportKey);

    /// @notice The role that puts configurations in force and excludes keepers: the staking contract's.
    function CONFIGURER_ROLE() external view returns (bytes32);
    /// @notice Hash of (chain id, registry, configuration count, hash of the entries, f, parameters' hash); every signed message carries it.
    function configDigest() external view returns (bytes32);
    /// @notice How many configurations there have been.
    function configCount() external view returns (uint64);
    /// @notice The report keys that count, rising: those of entries() without the excluded.
    function keepers() external view returns (address[] memory);
    /// @notice The whole entries that the digest covers, in rising order of report key, the excluded among them.
    function entries() external view returns (KeeperEntry[] memory);
    /// @notice All report keys of any configuration that there has ever been, rising; a key's place is its position in requireQuorum's answer.
    function keysOf(bytes32 digest) external view returns (address[] memory);
    /// @notice f: so many keepers may be faulty.
    function faults() external view returns (uint8);
    /// @notice 2 f + 1: two different valid reports for one round cannot exist.
    function quorum() external view returns (uint256);
    /// @notice Hash of the protocol parameters that every keeper must run with; zero when none are agreed.
    function parametersHash() external view returns (bytes32);
    /// @notice Whether the key counts in the configuration in force.
    function isKeeper(address signer) external view returns (bool);
    /// @notice Seconds for which a replaced configuration still counts.
    function overlapSeconds() external view returns (uint256);
    /// @notice The configuration before the present one and the last second at which it counts; zeros when there is none.
    function overlapping() external view returns (bytes32 digest, uint256 until);
    /// @notice Payee of a report key as of the last configuration that held it; zero for a key that never counted.
    function payeeOf(address reportKey) external view returns (address);
    /// @notice The last second at which the key counts: the largest number while it is in force, zero when it never was or is excluded.
    function countsUntil(address reportKey) external view returns (uint256);

    /// @notice Reverts unless exactly quorum() distinct keepers of the configuration, none of them excluded, signed the hash.
    /// @return signers One bit for each signer: its position in keysOf(digest).
    function requireQuorum(
        bytes32 digest,
        bytes32 messageHash,
        bytes[] calldata signatures
    ) external view returns (uint256 signers);

    /// @notice Who signed the hash; reverts unless it was a keeper of the configuration, which may be any that there has ever been.
    function keeperSigner(
        bytes32 digest,
        bytes32 messageHash,
        bytes calldata signature
    ) external view returns (address);

    /// @notice Configurer only: puts a configuration in force. Entries come in rising order of report key.
    function configure(KeeperEntry[] calldata newEntries, uint8 newFaults) external;

    /// @notice Configurer only: takes a key out of every configuration that counts, at once and for good. Digest and quorum stay. With k of f faulty
    /// keepers gone, 2 f + 1 of the other 3 f + 1 - k still share an honest keeper, and the 2 f + 1 honest ones are still a quorum. Beyond f
    /// there is none: what then is signed was signed by more liars than the protocol bears, and no report is better.
    function exclude(address reportKey) external;

    /// @notice Administrator only: the same keepers under other protocol parameters, a new configuration.
    function setParametersHash(bytes32 newHash) external;
}
