// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LiquidationParams} from "../../../../contracts/types/RiskParams.sol";
import {defaultLiquidationParams} from "./LiquidationDefaults.sol";

/// @notice The part of the risk configuration that liquidation reads.
contract ConfigStandIn {
    function liquidationParams() external pure returns (LiquidationParams memory) {
        return defaultLiquidationParams();
    }
}
