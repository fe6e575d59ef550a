// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {Quorum} from "../libraries/Quorum.sol";

/// @title KeeperRegistry: the key set of the keepers and the quorum check
/// @notice A configuration lives in contract code, so that a quorum check costs one slot and one code read whatever the number of keepers.
contract KeeperRegistry is IKeeperRegistry, Ownable2Step {
    uint8 internal constant MIN_FAULTS = 1;
    uint8 internal constant MAX_FAULTS = 10;

    /// Where the configuration in force lies, and how many there have been; one slot.
    address private _pointer;
    uint64 private _configCount;

    struct Configuration {
        bytes32 digest;
        uint8 faults;
        address[] keepers;
    }

    constructor(address owner_, address[] memory keepers_, uint8 faults_) Ownable(owner_) {
        _setKeepers(keepers_, faults_);
    }

    /// @inheritdoc IKeeperRegistry
    function setKeepers(address[] calldata newKeepers, uint8 newFaults) external onlyOwner {
        _setKeepers(newKeepers, newFaults);
    }

    /// @inheritdoc IKeeperRegistry
    function configDigest() external view returns (bytes32) {
        return _configuration().digest;
    }

    /// @inheritdoc IKeeperRegistry
    function keepers() external view returns (address[] memory) {
        return _configuration().keepers;
    }

    /// @inheritdoc IKeeperRegistry
    function faults() external view returns (uint8) {
        return _configuration().faults;
    }

    /// @inheritdoc IKeeperRegistry
    function quorum() external view returns (uint256) {
        return Quorum.signatureCount(_configuration().faults);
    }

    /// @inheritdoc IKeeperRegistry
    function isKeeper(address signer) external view returns (bool) {
        address[] memory rising = _configuration().keepers;
        return Quorum.find(rising, 0, signer) < rising.length;
    }

    /// @inheritdoc IKeeperRegistry
    function requireQuorum(bytes32 digest, bytes32 messageHash, bytes[] calldata signatures) external view {
        Configuration memory configuration = _configuration();
        if (digest != configuration.digest) revert WrongConfigDigest(digest, configuration.digest);
        uint256 required = Quorum.signatureCount(configuration.faults);
        if (signatures.length != required) revert WrongSignatureCount(signatures.length, required);

        address[] memory rising = configuration.keepers;
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
        _pointer = SSTORE2.write(abi.encode(Configuration(digest, newFaults, newKeepers)));
        emit KeepersSet(count, digest, newKeepers, newFaults);
    }

    function _configuration() private view returns (Configuration memory) {
        return abi.decode(SSTORE2.read(_pointer), (Configuration));
    }
}
