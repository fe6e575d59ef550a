// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {CodeBlob} from "../libraries/CodeBlob.sol";
import {KeeperEntries} from "../libraries/KeeperEntries.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {KeeperEntry} from "../types/KeeperTypes.sol";

/// @title KeeperRegistry: configurations of keepers and the quorum check
/// @notice A configuration lives in contract code, so that a quorum check costs one slot and one code read whatever the number of keepers.
contract KeeperRegistry is IKeeperRegistry, AccessControl {
    using KeeperEntries for KeeperEntry;

    /// @inheritdoc IKeeperRegistry
    bytes32 public constant CONFIGURER_ROLE = keccak256("CONFIGURER_ROLE");
    /// A report in flight has time to land; a key that is given up does not count for long.
    uint256 internal constant MIN_OVERLAP_SECONDS = 1 minutes;
    uint256 internal constant MAX_OVERLAP_SECONDS = 1 days;

    /// What is known of a key; one slot.
    struct KeyRecord {
        address payee;
        /// The last configuration that held it.
        uint64 lastConfig;
        bool excluded;
    }

    /// @inheritdoc IKeeperRegistry
    uint256 public immutable overlapSeconds;

    /// Where the configuration in force lies, and how many there have been; one slot.
    address private _pointer;
    uint64 private _configCount;
    address private _entriesPointer;
    /// The configuration before it and the last second at which it counts; one slot.
    address private _previousPointer;
    uint64 private _previousUntil;
    /// @inheritdoc IKeeperRegistry
    bytes32 public parametersHash;
    mapping(bytes32 digest => address) private _pointerOf;
    mapping(uint64 configCount => uint256) private _countedUntil;
    mapping(address reportKey => KeyRecord) private _keys;

    constructor(
        address admin,
        KeeperEntry[] memory firstEntries,
        uint8 firstFaults,
        bytes32 parametersHash_,
        uint256 overlapSeconds_
    ) {
        if (overlapSeconds_ < MIN_OVERLAP_SECONDS || overlapSeconds_ > MAX_OVERLAP_SECONDS) {
            revert OverlapOutOfBounds(overlapSeconds_, MIN_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS);
        }
        overlapSeconds = overlapSeconds_;
        parametersHash = parametersHash_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _configure(firstEntries, firstFaults);
    }

    /// @inheritdoc IKeeperRegistry
    function configure(
        KeeperEntry[] calldata newEntries,
        uint8 newFaults
    ) external onlyRole(CONFIGURER_ROLE) {
        _replace(newEntries, newFaults);
    }

    /// @inheritdoc IKeeperRegistry
    function setParametersHash(bytes32 newHash) external onlyRole(DEFAULT_ADMIN_ROLE) {
        parametersHash = newHash;
        _replace(entries(), faults());
    }

    /// @inheritdoc IKeeperRegistry
    function exclude(address reportKey) external onlyRole(CONFIGURER_ROLE) {
        KeyRecord storage record = _keys[reportKey];
        if (record.excluded) revert AlreadyExcluded(reportKey);
        (address current, address previous) = (_pointer, _previousPointer);
        _pointer = _without(current, reportKey);
        // There is one when its time is not over.
        if (block.timestamp <= _previousUntil) _previousPointer = _without(previous, reportKey);
        if (_pointer == current && _previousPointer == previous) revert NotCounting(reportKey);
        record.excluded = true;
        emit KeeperExcluded(reportKey);
    }

    /// @inheritdoc IKeeperRegistry
    function configDigest() external view returns (bytes32 digest) {
        (digest, , , ) = CodeBlob.keeperConfiguration(_pointer);
    }

    /// @inheritdoc IKeeperRegistry
    function configCount() external view returns (uint64) {
        return _configCount;
    }

    /// @inheritdoc IKeeperRegistry
    function keepers() external view returns (address[] memory) {
        (, , uint256 excluded, address[] memory rising) = CodeBlob.keeperConfiguration(_pointer);
        return Quorum.without(rising, excluded);
    }

    /// @inheritdoc IKeeperRegistry
    function keysOf(bytes32 digest) external view returns (address[] memory rising) {
        (, , , rising) = CodeBlob.keeperConfiguration(_knownPointer(digest));
    }

    /// @inheritdoc IKeeperRegistry
    function entries() public view returns (KeeperEntry[] memory) {
        return abi.decode(SSTORE2.read(_entriesPointer), (KeeperEntry[]));
    }

    /// @inheritdoc IKeeperRegistry
    function faults() public view returns (uint8 faults_) {
        (, faults_, , ) = CodeBlob.keeperConfiguration(_pointer);
    }

    /// @inheritdoc IKeeperRegistry
    function quorum() external view returns (uint256) {
        return Quorum.signatureCount(faults());
    }

    /// @inheritdoc IKeeperRegistry
    function isKeeper(address signer) external view returns (bool) {
        (, , uint256 excluded, address[] memory rising) = CodeBlob.keeperConfiguration(_pointer);
        uint256 position = Quorum.find(rising, 0, signer);
        return position < rising.length && !Quorum.isIn(excluded, position);
    }

    /// @inheritdoc IKeeperRegistry
    function overlapping() external view returns (bytes32 digest, uint256 until) {
        if (_previousPointer == address(0)) return (0, 0);
        (digest, , , ) = CodeBlob.keeperConfiguration(_previousPointer);
        until = _previousUntil;
    }

    /// @inheritdoc IKeeperRegistry
    function payeeOf(address reportKey) external view returns (address) {
        return _keys[reportKey].payee;
    }

    /// @inheritdoc IKeeperRegistry
    function countsUntil(address reportKey) external view returns (uint256) {
        KeyRecord memory record = _keys[reportKey];
        if (record.excluded) return 0;
        return record.lastConfig == _configCount ? type(uint256).max : _countedUntil[record.lastConfig];
    }

    /// @inheritdoc IKeeperRegistry
    function requireQuorum(
        bytes32 digest,
        bytes32 messageHash,
        bytes[] calldata signatures
    ) external view returns (uint256 signers) {
        (bytes32 current, uint8 faults_, uint256 excluded, address[] memory rising) = CodeBlob
            .keeperConfiguration(_pointer);
        if (digest != current) (faults_, excluded, rising) = _overlapped(digest, current);
        uint256 required = Quorum.signatureCount(faults_);
        if (signatures.length != required) revert WrongSignatureCount(signatures.length, required);

        address previous;
        uint256 cursor;
        for (uint256 i; i < required; ++i) {
            (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(
                messageHash,
                signatures[i]
            );
            if (problem != ECDSA.RecoverError.NoError) revert BadSignature(i);
            if (signer <= previous) revert DuplicateOrUnorderedSigner(previous, signer);
            cursor = Quorum.find(rising, cursor, signer);
            if (cursor == rising.length || Quorum.isIn(excluded, cursor)) revert UnknownSigner(signer);
            signers |= 1 << cursor;
            previous = signer;
        }
    }

    /// @inheritdoc IKeeperRegistry
    function keeperSigner(
        bytes32 digest,
        bytes32 messageHash,
        bytes calldata signature
    ) external view returns (address signer) {
        (, , , address[] memory rising) = CodeBlob.keeperConfiguration(_knownPointer(digest));
        ECDSA.RecoverError problem;
        (signer, problem, ) = ECDSA.tryRecoverCalldata(messageHash, signature);
        if (problem != ECDSA.RecoverError.NoError) revert BadSignature(0);
        if (Quorum.find(rising, 0, signer) == rising.length) revert UnknownSigner(signer);
    }

    /// The configuration before the present one, which counts during the overlap.
    function _overlapped(
        bytes32 digest,
        bytes32 current
    ) private view returns (uint8 faults_, uint256 excluded, address[] memory rising) {
        address previous = _previousPointer;
        if (previous == address(0) || block.timestamp > _previousUntil) {
            revert WrongConfigDigest(digest, current);
        }
        bytes32 overlapped;
        (overlapped, faults_, excluded, rising) = CodeBlob.keeperConfiguration(previous);
        if (digest != overlapped) revert WrongConfigDigest(digest, current);
    }

    function _knownPointer(bytes32 digest) private view returns (address pointer) {
        pointer = _pointerOf[digest];
        if (pointer == address(0)) revert UnknownConfigDigest(digest);
    }

    /// The same configuration without the key: under its digest, every other keeper at its position. Where the key is not in it, nothing changes.
    function _without(address pointer, address reportKey) private returns (address) {
        (bytes32 digest, uint8 faults_, uint256 excluded, address[] memory rising) = CodeBlob
            .keeperConfiguration(pointer);
        uint256 position = Quorum.find(rising, 0, reportKey);
        if (position == rising.length) return pointer;
        return _write(digest, faults_, excluded | (1 << position), rising);
    }

    function _write(
        bytes32 digest,
        uint256 faults_,
        uint256 excluded,
        address[] memory rising
    ) private returns (address pointer) {
        // One bit for each of at most 31 keepers.
        pointer = SSTORE2.write(abi.encode(digest, faults_ | (excluded << 8), rising));
        _pointerOf[digest] = pointer;
    }

    function _replace(KeeperEntry[] memory newEntries, uint8 newFaults) private {
        if (_previousPointer != address(0) && block.timestamp <= _previousUntil) {
            revert OverlapNotOver(_previousUntil, block.timestamp);
        }
        uint256 until = block.timestamp + overlapSeconds;
        // Seconds since 1970 fit 64 bits.
        (_previousPointer, _previousUntil) = (_pointer, uint64(until));
        _countedUntil[_configCount] = until;
        _configure(newEntries, newFaults);
    }

    function _configure(KeeperEntry[] memory newEntries, uint8 newFaults) private {
        if (newFaults < Quorum.MIN_FAULTS || newFaults > Quorum.MAX_FAULTS) {
            revert FaultsOutOfBounds(newFaults, Quorum.MIN_FAULTS, Quorum.MAX_FAULTS);
        }
        uint256 expected = Quorum.keeperCount(newFaults);
        if (newEntries.length != expected) revert WrongKeeperCount(newEntries.length, expected);
        uint64 count = ++_configCount;
        address[] memory rising = new address[](expected);
        uint256 excluded;
        for (uint256 i; i < expected; ++i) {
            address key = newEntries[i].reportKey;
            _requireEntry(newEntries, i);
            rising[i] = key;
            KeyRecord storage record = _keys[key];
            (record.payee, record.lastConfig) = (newEntries[i].payee, count);
            if (record.excluded) excluded |= 1 << i;
        }
        bytes memory encoded = abi.encode(newEntries);
        bytes32 digest = Quorum.configDigest(
            block.chainid,
            address(this),
            count,
            keccak256(encoded),
            newFaults,
            parametersHash
        );
        _pointer = _write(digest, newFaults, excluded, rising);
        _entriesPointer = SSTORE2.write(encoded);
        emit KeepersSet(count, digest, newEntries, newFaults, parametersHash);
    }

    /// Whole in itself, above the one before, and sharing nothing with any before it.
    function _requireEntry(KeeperEntry[] memory all, uint256 index) private pure {
        KeeperEntry memory entry = all[index];
        if (entry.reportKey == address(0)) revert ZeroKeeper(index);
        if (entry.networkKey == 0) revert ZeroNetworkKey(index);
        if (entry.payee == address(0)) revert ZeroPayee(index);
        if (!entry.hasEndpointInBounds()) {
            revert EndpointLengthOutOfBounds(
                index,
                bytes(entry.endpoint).length,
                KeeperEntries.MIN_ENDPOINT_BYTES,
                KeeperEntries.MAX_ENDPOINT_BYTES
            );
        }
        if (index > 0 && entry.reportKey <= all[index - 1].reportKey) {
            revert KeepersNotAscending(all[index - 1].reportKey, entry.reportKey);
        }
        bytes32 endpoint = entry.endpointHash();
        for (uint256 i; i < index; ++i) {
            if (all[i].networkKey == entry.networkKey) revert DuplicateNetworkKey(i, index);
            if (all[i].endpointHash() == endpoint) revert DuplicateEndpoint(i, index);
        }
    }
}
