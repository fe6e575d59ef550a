// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StaticRate} from "../libraries/MarginMath.sol";
import {NormalTable} from "../libraries/NormalCdf.sol";
import {Grid} from "../libraries/ScenarioGrid.sol";
import {MarginModel} from "../types/MarginTypes.sol";
import {MarginParams, MarketMarginParams} from "../types/RiskParams.sol";
import {MarketWord, SmileWord} from "../types/RiskReport.sol";

/// @notice One market of the book under assessment: its inputs, and what pricing its positions leaves behind.
struct MarketRisk {
    uint256 id;
    MarginModel model;
    MarketMarginParams params;
    /// Position of the market in MarginParams.markets; its length when the market is not there.
    uint256 paramsIndex;
    MarketWord word;
    SmileWord[] smiles;
    /// At least 1.
    uint256 spotE8;
    /// Positions [first, end) of the sorted book.
    uint256 first;
    uint256 end;
    uint256 collateralE8;
    StaticRate staticRate;
    /// sigma sqrt(h) and psi sqrt(h).
    uint256 stepQ60;
    uint256 volStepWad;
    /// Sum of |size|, and net calls and puts, in underlying * 1e8.
    uint256 grossE8;
    int256 netCallsE8;
    int256 netPutsE8;
    int256 markToMarketE12;
    uint256 staticLossE12;
    /// Shares of the book's gross value with 40 fractional bits: all that is linear in the spot.
    int256 linearQ40;
    /// Shares with 120 fractional bits: the calls' value now, and the sum over expiries of |forward delta|.
    int256 baseQ120;
    uint256 basisQ120;
    Grid grid;
    /// Memory address of one node per stress scenario: log return, growth, value of the calls.
    uint256 stressNodes;
}

/// @notice Everything one assessment works on.
struct RiskBook {
    MarginParams params;
    NormalTable table;
    /// Positions as words, sorted: by market, expiry, strike, kind.
    uint256[] positions;
    MarketRisk[] markets;
    int256 cashE6;
    uint256 observedAt;
    uint256 pegBps;
    uint256 ageSeconds;
    /// Upper bound of the book's gross value in USD * 1e6, at least 1: the unit of every share.
    uint256 scaleE6;
    bool fallbackToStatic;
    /// Expiries met so far (see SliceTerms): address of the first one, and their number.
    uint256 spans;
    uint256 spanCount;
    /// Address of the stress nodes created last (see StressNodes), zero before the first.
    uint256 stressNodes;
}
