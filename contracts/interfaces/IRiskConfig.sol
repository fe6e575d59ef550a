// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LiquidationParams, MarginParams, OracleParams} from "../types/RiskParams.sol";

/// @title RiskConfig: every number governance votes on, within hard bounds
/// @notice Each parameter set is written whole, as one encoded blob in contract code, so that a margin check reads it at the price of one
/// code read. Setting one needs the hash of the set it replaces: two proposals cannot silently overwrite each other.
interface IRiskConfig {
    /// @notice The margin set of the second hash is in force from now on.
    event MarginParamsSet(bytes32 indexed previousHash, bytes32 indexed newHash);
    /// @notice The oracle set of the second hash is in force from now on.
    event OracleParamsSet(bytes32 indexed previousHash, bytes32 indexed newHash);
    /// @notice The liquidation set of the second hash is in force from now on.
    event LiquidationParamsSet(bytes32 indexed previousHash, bytes32 indexed newHash);

    /// @notice A value is outside its hard bounds.
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    /// @notice A signed value is outside its hard bounds.
    error SignedParameterOutOfBounds(bytes32 name, int256 value, int256 min, int256 max);
    /// @notice A market with margin parameters must be one that reports carry: what is not reported has no margin.
    error MarginMarketNotReported(uint16 market);
    /// @notice The proposal was written against a set that is no longer in force.
    error ParamsChanged(bytes32 expectedHash, bytes32 actualHash);

    /// @notice The margin set in force.
    function marginParams() external view returns (MarginParams memory);
    /// @notice The oracle set in force.
    function oracleParams() external view returns (OracleParams memory);
    /// @notice The liquidation set in force.
    function liquidationParams() external view returns (LiquidationParams memory);

    /// @notice Address whose code, after one leading zero byte, is the encoded oracle set, for readers that skip the decoding.
    function oracleParamsPointer() external view returns (address);
    /// @notice Since when the oracle set is in force, seconds: it judges nothing that was signed before.
    function oracleParamsSetAt() external view returns (uint256);

    /// @notice keccak256 of the encoded set in force.
    function marginParamsHash() external view returns (bytes32);
    /// @notice keccak256 of the encoded oracle set in force.
    function oracleParamsHash() external view returns (bytes32);
    /// @notice keccak256 of the encoded liquidation set in force.
    function liquidationParamsHash() external view returns (bytes32);

    /// @notice Every market of the margin set must be one of the oracle set in force: a market enters the oracle set first and leaves it last.
    function setMarginParams(MarginParams calldata params, bytes32 previousHash) external;
    /// @notice Governance only: every market of the margin set in force must be one of the new set.
    function setOracleParams(OracleParams calldata params, bytes32 previousHash) external;
    /// @notice Governance only: replaces the liquidation set.
    function setLiquidationParams(LiquidationParams calldata params, bytes32 previousHash) external;
}
