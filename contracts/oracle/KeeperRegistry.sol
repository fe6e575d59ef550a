// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {CodeBlob} from "../libraries/CodeBlob.sol";
import {Quorum} from "../libraries/Quorum.sol";

/// @title KeeperRegistry: the key set of the keepers and the quorum check
/// @notice A configuration lives in contract code, so that a quorum check costs one slot and one code read whatever the number of keepers.
contract KeeperRegistry is IKeeperRegistry, Ownable2Step {
    uint8 internal constant MIN_FAULTS = 1;
    uint8 internal constant MAX_FAULTS = 10;

    /// Where the configuration in force lies, and how many there have been; one slot.
    address private _pointer;
    uint64 private _configCount;

    constructor(address owner_, address[] memory keepers_, uint8 faults_) Ownable(owner_) {
        _setKeepers(keepers_, faults_);
    }

    /// @inheritdoc IKeeperRegistry
    function setKeepers(address[] calldata newKeepers, uint8 newFaults) external onlyOwner {
        _setKeepers(newKeepers, newFaults);
    }

    /// @inheritdoc IKeeperRegistry
    function configDigest() external view returns (bytes32 digest) {
        (digest, , ) = CodeBlob.keeperConfiguration(_pointer);
    }

    /// @inheritdoc IKeeperRegistry
    function keepers() external view returns (address[] memory rising) {
        (, , rising) = CodeBlob.keeperConfiguration(_pointer);
    }

    /// @inheritdoc IKeeperRegistry
    function faults() public view returns (uint8 faults_) {
        (, faults_, ) = CodeBlob.keeperConfiguration(_pointer);
    }

    /// @inheritdoc IKeeperRegistry
    function quorum() external view returns (uint256) {
        return Quorum.signatureCount(faults());
    }

    /// @inheritdoc IKeeperRegistry
    function isKeeper(address signer) external view returns (bool) {
        (, , address[] memory rising) = CodeBlob.keeperConfiguration(_pointer);
        return Quorum.find(rising, 0, signer) < rising.length;
    }

    /// @inheritdoc IKeeperRegistry
    function requireQuorum(bytes32 digest, bytes32 messageHash, bytes[] calldata signatures) external view {
        (bytes32 current, uint8 faults_, address[] memory rising) = CodeBlob.keeperConfiguration(_pointer);
        if (digest != current) revert WrongConfigDigest(digest, current);
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
            if (cursor == rising.length) revert UnknownSigner(signer);
            previous = signer;
        }
    }

    function _setKeepers(address[] memory newKeepers, uint8 newFaults) private {
        if (newFaults < MIN_FAULTS || newFaults > MAX_FAULTS) {
            revert FaultsOutOfBounds(newFaults, MIN_FAULTS, MAX_FAULTS);
        }
        uint256 expected = Quorum.keeperCount(newFaults);
        if (newKeepers.length != expected) revert WrongKeeperCount(newKeepers.length, expected);
        address previous;
        for (uint256 i; i < expected; ++i) {
            address keeper = newKeepers[i];
            if (keeper == address(0)) revert ZeroKeeper(i);
            if (keeper <= previous) revert KeepersNotAscending(previous, keeper);
            previous = keeper;
        }
        uint64 count = ++_configCount;
        bytes32 digest = Quorum.configDigest(block.chainid, address(this), count, newKeepers, newFaults);
        _pointer = SSTORE2.write(abi.encode(digest, newFaults, newKeepers));
        emit KeepersSet(count, digest, newKeepers, newFaults);
    }
}
