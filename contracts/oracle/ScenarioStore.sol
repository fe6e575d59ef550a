// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {IScenarioStore} from "../interfaces/IScenarioStore.sol";
import {MAX_MARKETS} from "../types/Constants.sol";
import {OracleParams} from "../types/RiskParams.sol";

/// @title ScenarioStore: checks a quorum-signed scenario set once, so that margin may read it unchecked
contract ScenarioStore is IScenarioStore, EIP712 {
    bytes32 internal constant SET_TYPEHASH = keccak256(
        "ScenarioSet(bytes32 configDigest,uint64 setId,bytes32 dataHash)"
    );
    uint256 internal constant HEADER_BYTES = 3;
    uint256 internal constant MARKET_COUNT_OFFSET = 2;
    uint256 internal constant MARKET_ID_BYTES = 2;
    uint256 internal constant WEIGHT_BYTES = 2;
    uint256 internal constant RESIDUALS_BYTES = 4;
    /// The cells between the 13 spot nodes.
    uint256 internal constant LAST_CELL = 11;
    /// EIP-170's limit less SSTORE2's leading byte.
    uint256 internal constant MAX_SET_BYTES = 24_575;

    IKeeperRegistry public immutable registry;
    IRiskConfig public immutable config;

    address private _pointer;
    uint96 private _totalWeight;
    uint64 private _setId;
    bytes32 private _dataHash;

    constructor(IKeeperRegistry registry_, IRiskConfig config_) EIP712("Ballast", "1") {
        registry = registry_;
        config = config_;
    }

    /// @inheritdoc IScenarioStore
    function publish(
        uint64 setId,
        bytes calldata data,
        bytes32 configDigest,
        bytes[] calldata signatures
    ) external {
        if (setId <= _setId) revert SetIdNotRising(setId, _setId);
        bytes32 dataHash = keccak256(data);
        registry.requireQuorum(configDigest, _hash(setId, dataHash, configDigest), signatures);
        (uint16 count, uint96 totalWeight) = _requireWellFormed(data);

        address newPointer = SSTORE2.write(data);
        (_pointer, _totalWeight) = (newPointer, totalWeight);
        _setId = setId;
        _dataHash = dataHash;
        emit ScenarioSetPublished(setId, dataHash, newPointer, count);
    }

    /// @inheritdoc IScenarioStore
    function inForce() external view returns (address pointer, uint96 totalWeight) {
        return (_pointer, _totalWeight);
    }

    /// @inheritdoc IScenarioStore
    function current() external view returns (uint64 setId, bytes32 dataHash, address pointer) {
        return (_setId, _dataHash, _pointer);
    }

    /// @inheritdoc IScenarioStore
    function hashSet(
        uint64 setId,
        bytes calldata data,
        bytes32 configDigest
    ) external view returns (bytes32) {
        return _hash(setId, keccak256(data), configDigest);
    }

    function _hash(uint64 setId, bytes32 dataHash, bytes32 configDigest) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SET_TYPEHASH, configDigest, setId, dataHash)));
    }

    function _requireWellFormed(bytes calldata data) private view returns (uint16 count, uint96 totalWeight) {
        if (data.length < HEADER_BYTES) revert WrongLength(data.length, HEADER_BYTES);
        if (data.length > MAX_SET_BYTES) revert SetTooLarge(data.length, MAX_SET_BYTES);
        OracleParams memory params = config.oracleParams();
        count = _uint16At(data, 0);
        if (count < params.minScenarios || count > params.maxScenarios) {
            revert ScenarioCountOutOfBounds(count, params.minScenarios, params.maxScenarios);
        }
        uint256 markets = uint8(data[MARKET_COUNT_OFFSET]);
        if (markets == 0 || markets > MAX_MARKETS) revert MarketCountOutOfBounds(markets, 1, MAX_MARKETS);
        uint256 recordsAt = HEADER_BYTES + markets * MARKET_ID_BYTES;
        uint256 expected = recordsAt + count * (WEIGHT_BYTES + markets * RESIDUALS_BYTES);
        if (data.length != expected) revert WrongLength(data.length, expected);
        _requireMarketsRise(data, markets);
        totalWeight = _requireRecords(data[recordsAt:], count, markets);
    }

    function _requireMarketsRise(bytes calldata data, uint256 markets) private pure {
        uint16 previous = _uint16At(data, HEADER_BYTES);
        for (uint256 i = 1; i < markets; ++i) {
            uint16 next = _uint16At(data, HEADER_BYTES + i * MARKET_ID_BYTES);
            if (next <= previous) revert MarketsNotAscending(previous, next);
            previous = next;
        }
    }

    function _requireRecords(
        bytes calldata records,
        uint256 count,
        uint256 markets
    ) private pure returns (uint96 totalWeight) {
        uint256 offset;
        for (uint256 i; i < count; ++i) {
            uint16 weight = _uint16At(records, offset);
            if (weight == 0) revert ZeroWeight(i);
            totalWeight += weight;
            offset += WEIGHT_BYTES;
            for (uint256 j; j < markets; ++j) {
                // The cell is the high byte of z.
                uint256 cell = uint8(records[offset]);
                if (cell > LAST_CELL) revert CellOutOfBounds(i, cell, LAST_CELL);
                offset += RESIDUALS_BYTES;
            }
        }
    }

    function _uint16At(bytes calldata data, uint256 offset) private pure returns (uint16) {
        return uint16(bytes2(data[offset:offset + 2]));
    }
}
