// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {CodeBlob} from "../libraries/CodeBlob.sol";
import {
    LiquidationParams,
    MarginParams,
    MarketMarginParams,
    MarketOracleParams,
    OracleParams
} from "../types/RiskParams.sol";
import {LiquidationParamsBounds} from "./LiquidationParamsBounds.sol";
import {MarginParamsBounds} from "./MarginParamsBounds.sol";
import {OracleParamsBounds} from "./OracleParamsBounds.sol";

/// @title RiskConfig: the parameter sets in force, owned by the timelock
contract RiskConfig is IRiskConfig, Ownable2Step {
    address private _margin;
    address private _liquidation;
    /// The oracle's set and since when it is in force; one slot.
    address private _oracle;
    uint40 private _oracleSetAt;

    constructor(
        address owner_,
        MarginParams memory margin,
        OracleParams memory oracle,
        LiquidationParams memory liquidation
    ) Ownable(owner_) {
        _storeMargin(margin, 0);
        _storeOracle(oracle, 0);
        _requireReported(margin.markets, oracle.markets);
        _storeLiquidation(liquidation, 0);
    }

    /// @inheritdoc IRiskConfig
    function setMarginParams(MarginParams calldata params, bytes32 previousHash) external onlyOwner {
        _requireInForce(previousHash, _hashOf(_margin));
        _storeMargin(params, previousHash);
        OracleParams memory oracle = abi.decode(SSTORE2.read(_oracle), (OracleParams));
        _requireReported(params.markets, oracle.markets);
    }

    /// @inheritdoc IRiskConfig
    function setOracleParams(OracleParams calldata params, bytes32 previousHash) external onlyOwner {
        _requireInForce(previousHash, _hashOf(_oracle));
        _storeOracle(params, previousHash);
        MarginParams memory margin = abi.decode(SSTORE2.read(_margin), (MarginParams));
        _requireReported(margin.markets, params.markets);
    }

    /// @inheritdoc IRiskConfig
    function setLiquidationParams(
        LiquidationParams calldata params,
        bytes32 previousHash
    ) external onlyOwner {
        _requireInForce(previousHash, _hashOf(_liquidation));
        _storeLiquidation(params, previousHash);
    }

    /// @inheritdoc IRiskConfig
    function marginParams() external view returns (MarginParams memory) {
        CodeBlob.answerWith(_margin);
    }

    /// @inheritdoc IRiskConfig
    function oracleParams() external view returns (OracleParams memory) {
        CodeBlob.answerWith(_oracle);
    }

    /// @inheritdoc IRiskConfig
    function liquidationParams() external view returns (LiquidationParams memory) {
        CodeBlob.answerWith(_liquidation);
    }

    /// @inheritdoc IRiskConfig
    function oracleParamsPointer() external view returns (address) {
        return _oracle;
    }

    /// @inheritdoc IRiskConfig
    function oracleParamsSetAt() external view returns (uint256) {
        return _oracleSetAt;
    }

    /// @inheritdoc IRiskConfig
    function marginParamsHash() external view returns (bytes32) {
        return _hashOf(_margin);
    }

    /// @inheritdoc IRiskConfig
    function oracleParamsHash() external view returns (bytes32) {
        return _hashOf(_oracle);
    }

    /// @inheritdoc IRiskConfig
    function liquidationParamsHash() external view returns (bytes32) {
        return _hashOf(_liquidation);
    }

    function _storeMargin(MarginParams memory params, bytes32 previousHash) private {
        MarginParamsBounds.requireAll(params);
        bytes memory blob = abi.encode(params);
        _margin = SSTORE2.write(blob);
        emit MarginParamsSet(previousHash, keccak256(blob));
    }

    function _storeOracle(OracleParams memory params, bytes32 previousHash) private {
        OracleParamsBounds.requireAll(params);
        bytes memory blob = abi.encode(params);
        // Seconds since 1970 fit 40 bits for 34,000 years.
        (_oracle, _oracleSetAt) = (SSTORE2.write(blob), uint40(block.timestamp));
        emit OracleParamsSet(previousHash, keccak256(blob));
    }

    function _storeLiquidation(LiquidationParams memory params, bytes32 previousHash) private {
        LiquidationParamsBounds.requireAll(params);
        bytes memory blob = abi.encode(params);
        _liquidation = SSTORE2.write(blob);
        emit LiquidationParamsSet(previousHash, keccak256(blob));
    }

    /// @dev Both lists rise, so one pass over each finds what is missing.
    function _requireReported(
        MarketMarginParams[] memory margin,
        MarketOracleParams[] memory oracle
    ) private pure {
        uint256 next;
        for (uint256 i; i < margin.length; ++i) {
            uint16 market = margin[i].market;
            while (next < oracle.length && oracle[next].market < market) ++next;
            if (next == oracle.length || oracle[next].market != market) {
                revert MarginMarketNotReported(market);
            }
        }
    }

    function _requireInForce(bytes32 expectedHash, bytes32 actualHash) private pure {
        if (expectedHash != actualHash) revert ParamsChanged(expectedHash, actualHash);
    }

    function _hashOf(address pointer) private view returns (bytes32) {
        return keccak256(SSTORE2.read(pointer));
    }
}
