// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The margin models, one interface for all of them. Default is the maximum of Tail and Stress (and the short-option minimum).
enum MarginModel {
    Default,
    Static,
    VolatilityScaled,
    Tail,
    Stress
}

/// @notice What an account's margin check compares. All in USD * 1e6.
struct Margin {
    int256 equityE6;
    uint256 initialE6;
    uint256 maintenanceE6;
}

/// @notice Each component of an account's margin. All amounts in USD * 1e6 unless the name says otherwise.
struct MarginBreakdown {
    Margin margin;
    int256 markToMarketE6;
    uint256 collateralE6;
    uint256 grossNotionalE6;
    /// Loss of the markets under the static or volatility-scaled model.
    uint256 staticLossE6;
    /// Loss over the joint scenario set alone, before the offset guard.
    uint256 jointTailLossE6;
    /// kappa * joint + (1 - kappa) * sum of the markets alone.
    uint256 tailLossE6;
    uint256 stressLossE6;
    uint256 shortMinimumE6;
    uint256 basisE6;
    uint256 concentrationE6;
    uint256 stalenessE6;
    uint256 confidenceE6;
    uint256 pegE6;
    /// Index of the worst scenario in the joint set (type(uint256).max when no market uses the tail model).
    uint256 worstScenario;
    /// Name of the worst stress scenario (zero when none loses).
    bytes32 worstStress;
    /// True when the report was past its hard limit and the static model stood in.
    bool fallbackToStatic;
}
