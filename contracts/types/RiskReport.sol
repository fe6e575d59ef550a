// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What keepers sign and post. Market and smile words are stored as they are posted (layouts below).
struct RiskReport {
    /// Hash of the keeper configuration that may sign; see KeeperRegistry.
    bytes32 configDigest;
    uint64 epoch;
    uint32 round;
    /// Unix seconds of the observations.
    uint40 observedAt;
    /// A recent block of this chain and its hash, so that a report cannot move to a fork.
    uint64 blockNumber;
    bytes32 blockHash;
    /// Settlement coin in USD, bps of one dollar.
    uint16 pegBps;
    /// Root of the keepers' account-risk table (zero when none is published).
    bytes32 accountRoot;
    /// One word per market, in rising order of market id.
    uint256[] markets;
    /// The smiles of the first market, then those of the second, ...; within a market in rising order of expiry.
    uint256[] smiles;
}

/// @notice Layout of a market's word, low bits first: market 16 | smileCount 8 | dispersionBps 16 | sigmaE9 32 | psiE9 32 |
/// depthUsd 40 | openInterestUsd 40 | reserved 8 | spotE8 64. The reserved bits are zero as posted; the oracle marks a quarantined market in them as
/// it stores the word: bit 0 while the jump waits for its confirmation, bit 1 when it was upwards.
/// sigma is the daily log-return volatility forecast, psi the daily volatility of log implied vol at 30 days.
type MarketWord is uint256;

/// @notice Layout of a smile's word, low bits first: expiryHour 24 | forwardRatioE8 32 | discountE9 32 | aE10 int40 | bE9 32 |
/// rhoE9 int32 | mE9 int32 | sE9 32. Raw SVI total variance at report time: w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)).
type SmileWord is uint256;

using {
    market,
    smileCount,
    dispersionBps,
    sigmaE9,
    psiE9,
    depthUsd,
    openInterestUsd,
    reserved,
    isQuarantined,
    spotE8
} for MarketWord global;
using { expiry, expiresWith, forwardRatioE8, discountE9, aE10, bE9, rhoE9, mE9, sE9 } for SmileWord global;

// Every cast below truncates to the field's width: that is what unpacks it.

function market(MarketWord w) pure returns (uint16) {
    return uint16(MarketWord.unwrap(w));
}

function smileCount(MarketWord w) pure returns (uint256) {
    return uint8(MarketWord.unwrap(w) >> 16);
}

function dispersionBps(MarketWord w) pure returns (uint256) {
    return uint16(MarketWord.unwrap(w) >> 24);
}

function sigmaE9(MarketWord w) pure returns (uint256) {
    return uint32(MarketWord.unwrap(w) >> 40);
}

function psiE9(MarketWord w) pure returns (uint256) {
    return uint32(MarketWord.unwrap(w) >> 72);
}

function depthUsd(MarketWord w) pure returns (uint256) {
    return uint40(MarketWord.unwrap(w) >> 104);
}

function openInterestUsd(MarketWord w) pure returns (uint256) {
    return uint40(MarketWord.unwrap(w) >> 144);
}

function reserved(MarketWord w) pure returns (uint256) {
    return uint8(MarketWord.unwrap(w) >> 184);
}

uint256 constant QUARANTINED_BIT = 1 << 184;
uint256 constant JUMPED_UP_BIT = 1 << 185;

/// @notice Whether the stored spot jumped and no report of a later epoch has confirmed it.
function isQuarantined(MarketWord w) pure returns (bool) {
    return MarketWord.unwrap(w) & QUARANTINED_BIT != 0;
}

function spotE8(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 192;
}

/// @notice Unix seconds; expiries lie on full hours.
function expiry(SmileWord w) pure returns (uint256) {
    // Below 2^24 hours, so below 2^36 seconds.
    unchecked {
        return uint256(uint24(SmileWord.unwrap(w))) * 1 hours;
    }
}

/// @notice Whether two smiles expire in the same hour.
function expiresWith(SmileWord w, SmileWord other) pure returns (bool) {
    return uint24(SmileWord.unwrap(w) ^ SmileWord.unwrap(other)) == 0;
}

function forwardRatioE8(SmileWord w) pure returns (uint256) {
    return uint32(SmileWord.unwrap(w) >> 24);
}

function discountE9(SmileWord w) pure returns (uint256) {
    return uint32(SmileWord.unwrap(w) >> 56);
}

function aE10(SmileWord w) pure returns (int256) {
    return int40(uint40(SmileWord.unwrap(w) >> 88));
}

function bE9(SmileWord w) pure returns (uint256) {
    return uint32(SmileWord.unwrap(w) >> 128);
}

function rhoE9(SmileWord w) pure returns (int256) {
    return int32(uint32(SmileWord.unwrap(w) >> 160));
}

function mE9(SmileWord w) pure returns (int256) {
    return int32(uint32(SmileWord.unwrap(w) >> 192));
}

function sE9(SmileWord w) pure returns (uint256) {
    return uint32(SmileWord.unwrap(w) >> 224);
}
