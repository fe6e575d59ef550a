// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IKeeperStaking} from "../interfaces/IKeeperStaking.sol";
import {KeeperEntries} from "../libraries/KeeperEntries.sol";
import {KeeperEntry} from "../types/KeeperTypes.sol";

/// @title KeeperClaims: who holds which keys and endpoints
/// @notice A report key proves its holder and serves one operator ever. A network key and an endpoint cannot prove theirs on chain: whoever names
/// one first has it, and keeps it from others only while governance allows it as a keeper, so that who copies another's out of the pool
/// cannot keep its owner out for ever.
abstract contract KeeperClaims is IKeeperStaking, EIP712 {
    using KeeperEntries for KeeperEntry;

    bytes32 internal constant KEY_TYPEHASH = keccak256(
        "KeeperKey(address operator,address reportKey,bytes32 networkKey)"
    );

    /// @inheritdoc IKeeperStaking
    mapping(address operator => bool) public isCandidate;
    /// @inheritdoc IKeeperStaking
    mapping(address reportKey => address) public operatorOf;
    mapping(bytes32 networkKey => address) private _networkKeyHolder;
    mapping(bytes32 endpointHash => address) private _endpointHolder;

    constructor() EIP712("Ballast", "1") {}

    /// @inheritdoc IKeeperStaking
    function possessionHash(
        address operator,
        address reportKey,
        bytes32 networkKey
    ) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(KEY_TYPEHASH, operator, reportKey, networkKey)));
    }

    /// Checks an entry and takes its keys and endpoint for the caller.
    function _claim(KeeperEntry calldata entry, bytes calldata possession) internal {
        if (entry.payee == address(0)) revert ZeroAddress();
        if (entry.networkKey == 0) revert ZeroNetworkKey();
        if (!KeeperEntries.hasEndpointInBounds(entry)) {
            revert EndpointLengthOutOfBounds(
                bytes(entry.endpoint).length,
                KeeperEntries.MIN_ENDPOINT_BYTES,
                KeeperEntries.MAX_ENDPOINT_BYTES
            );
        }
        bytes32 hash = possessionHash(msg.sender, entry.reportKey, entry.networkKey);
        (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(hash, possession);
        if (problem != ECDSA.RecoverError.NoError || signer != entry.reportKey) {
            revert NoProofOfPossession(entry.reportKey);
        }
        operatorOf[entry.reportKey] = msg.sender;

        address holder = _networkKeyHolder[entry.networkKey];
        if (_keepsOut(holder)) revert NetworkKeyTaken(entry.networkKey, holder);
        _networkKeyHolder[entry.networkKey] = msg.sender;
        bytes32 endpoint = KeeperEntries.endpointHash(entry);
        holder = _endpointHolder[endpoint];
        if (_keepsOut(holder)) revert EndpointTaken(endpoint, holder);
        _endpointHolder[endpoint] = msg.sender;
    }

    /// Whether the operator still has the network key and the endpoint of its entry.
    function _holds(address operator, KeeperEntry memory entry) internal view returns (bool) {
        return
            _networkKeyHolder[entry.networkKey] == operator &&
            _endpointHolder[entry.endpointHash()] == operator;
    }

    /// Frees the network key and the endpoint of an operator's entry, except what the kept one shares with it and what it has no more. The report
    /// key stays its operator's.
    function _release(address operator, KeeperEntry memory gone, KeeperEntry memory kept) internal {
        if (gone.networkKey != kept.networkKey && _networkKeyHolder[gone.networkKey] == operator) {
            delete _networkKeyHolder[gone.networkKey];
        }
        bytes32 endpoint = gone.endpointHash();
        if (endpoint != kept.endpointHash() && _endpointHolder[endpoint] == operator) {
            delete _endpointHolder[endpoint];
        }
    }

    function _keepsOut(address holder) private view returns (bool) {
        return holder != msg.sender && isCandidate[holder];
    }
}
