// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { MarginModel } from "./MarginTypes.sol";

/// @notice Which tail measure of the joint scenario set counts.
enum TailMeasure {
    ValueAtRisk,
    ExpectedShortfall,
    WorseOfBoth
}

/// @notice Governance's margin parameters of one market.
struct MarketMarginParams {
    uint16 market;
    MarginModel model;
    /// Static model: share of spot for a short option or a future, before the out-of-the-money credit, and its floor.
    uint16 staticShareBps;
    uint16 staticFloorBps;
    /// Volatility-scaled model: the share is this multiple (1e4 = 1x) of sigma * sqrt(horizon); the floor keeps the static model's ratio.
    uint32 volatilityMultipleBps;
    /// Short-option minimum: share of spot per net short call and per net short put.
    uint16 shortMinimumBps;
    /// Basis charge: share of each expiry's absolute forward delta.
    uint16 basisBps;
    /// Concentration: gross notional above freeDepthBps of the larger of posted depth and open interest is charged
    /// concentrationBps of notional for each multiple of that free amount in excess, up to concentrationCapBps.
    uint32 freeDepthBps;
    uint16 concentrationBps;
    uint16 concentrationCapBps;
    /// Confidence: initial margin only, multiple of (dispersion - tolerance) on gross notional.
    uint16 dispersionToleranceBps;
    uint32 dispersionMultipleBps;
}

/// @notice One named stress scenario over every market.
/// Shocked vol = max(volFloor, vol * volMultiple + linearTwist * k + absoluteTwist * |k|), k = ln(K/F).
struct StressScenario {
    bytes32 name;
    /// Share of the loss that counts, at most 1e4.
    uint16 weightBps;
    uint32 volMultipleBps;
    uint32 volFloorBps;
    int32 linearTwistBps;
    int32 absoluteTwistBps;
    /// Simple spot return per market, in the order of MarginParams.markets, each above -1e4.
    int32[] returnBps;
}

/// @notice Everything the margin engine takes from governance.
struct MarginParams {
    uint16 varConfidenceBps;
    uint16 esConfidenceBps;
    TailMeasure tailMeasure;
    uint32 horizonSeconds;
    /// kappa: how far cross-market offsets are trusted.
    uint16 offsetTrustBps;
    /// phi: initial over maintenance loss, at least 1.1.
    uint16 initialFactorBps;
    /// Vol shock by tenor: (30 days / max(tau, floor)) ^ exponent.
    uint16 volTermExponentBps;
    uint32 volTermFloorSeconds;
    /// Staleness: share of the loss per hour of report age beyond the heartbeat, capped. Beyond riskIncreaseAge nothing may add
    /// risk; beyond fallbackAge the static model stands in.
    uint32 heartbeatSeconds;
    uint32 riskIncreaseAgeSeconds;
    uint32 fallbackAgeSeconds;
    uint16 stalenessBpsPerHour;
    uint16 stalenessCapBps;
    /// Peg: initial margin only, multiple of (threshold - price of the settlement coin) on gross notional.
    uint16 pegThresholdBps;
    uint32 pegMultipleBps;
    MarketMarginParams[] markets;
    StressScenario[] stress;
}

/// @notice Bounds of every posted value of one market, absolute and against the previous report.
struct MarketOracleParams {
    uint16 market;
    uint64 minSpotE8;
    uint64 maxSpotE8;
    /// Per hour since the previous report, and for anything shorter.
    uint16 maxSpotChangeBps;
    /// A spot that moves by more than k sigma sqrt(dt) + j is quarantined: k in bps of one, j in bps of the spot.
    uint32 jumpSigmasBps;
    uint16 jumpFloorBps;
    uint32 minSigmaE9;
    uint32 maxSigmaE9;
    uint32 maxSigmaUpBps;
    /// Loosening is limited per hour since the previous report.
    uint16 maxSigmaDownBpsPerHour;
    uint32 minPsiE9;
    uint32 maxPsiE9;
    uint16 maxDispersionBps;
    /// Forward over spot, and discount factor.
    uint32 minForwardRatioE8;
    uint32 maxForwardRatioE8;
    uint32 minDiscountE9;
    uint32 maxDiscountE9;
    /// At-the-money implied vol (annual, bps) of every slice.
    uint32 minAtmVolBps;
    uint32 maxAtmVolBps;
    /// Allowed distance of the posted spot from the guarding feed (zero address: no feed).
    uint16 feedBandBps;
    uint32 feedHeartbeatSeconds;
    address feed;
}

/// @notice Everything the oracle takes from governance.
struct OracleParams {
    /// A report may not be older than this when it is accepted, nor observed later than the block by more than the drift.
    uint32 maxReportAgeSeconds;
    uint32 maxClockDriftSeconds;
    uint16 minPegBps;
    uint16 maxPegBps;
    /// Joint scenario set: bounds of its size.
    uint16 minScenarios;
    uint16 maxScenarios;
    /// L2 sequencer uptime feed (zero address: none) and the grace period after it comes back.
    address sequencerFeed;
    uint32 sequencerGraceSeconds;
    MarketOracleParams[] markets;
}

/// @notice Liquidation parameters. Health and shares in bps of one.
struct LiquidationParams {
    uint16 targetHealthBps;
    uint16 hardHealthBps;
    /// Cost cap as a share of the lowest health since flagging.
    uint16 costCapBps;
    uint16 startCostBps;
    uint16 rampCostBps;
    uint32 rampSeconds;
    uint32 capSeconds;
    /// Part of the cost, as a share of dM, that goes to the insurance fund.
    uint16 penaltyBps;
    /// Insolvent phase: E <= 0, or health below this after capSeconds; the subsidy ramps over subsidySeconds.
    uint16 insolventHealthBps;
    uint32 subsidySeconds;
    /// An account whose gross notional is below this goes whole.
    uint64 dustNotionalE6;
}
