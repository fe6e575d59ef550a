// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Bounds shared by the whole house. What governance may set lies in RiskParams, within the bounds of RiskConfig.

uint256 constant BPS = 1e4;
uint256 constant MAX_POSITIONS = 64;
uint256 constant MAX_MARKETS = 8;
uint256 constant MAX_SMILES = 16;
uint256 constant MAX_STRESS = 16;
uint256 constant MAX_COLLATERALS = 8;
uint256 constant YEAR_SECONDS = 365 days;
// priceE8 * sizeE8 / this = usdE6: cash and margin are in USD * 1e6, the settlement coin's own unit.
uint256 constant PRICE_SIZE_TO_USD_E6 = 1e10;
