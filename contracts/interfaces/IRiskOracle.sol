// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketWord, RiskReport, SmileWord} from "../types/RiskReport.sol";

/// @title RiskOracle: signed risk reports within governance's bounds, applied whole or refused whole
interface IRiskOracle {
    /// @notice What is known of the last accepted report; one storage slot.
    struct Header {
        uint64 epoch;
        uint32 round;
        uint40 observedAt;
        uint40 acceptedAt;
        uint16 pegBps;
    }

    /// @notice A report is stored whole.
    event ReportAccepted(
        uint64 indexed epoch,
        uint32 indexed round,
        uint40 observedAt,
        bytes32 payloadHash,
        bytes32 accountRoot
    );

    /// @notice The report leaves the market quarantined: its spot jumped beyond k sigma sqrt(dt) + j, now or earlier in this epoch.
    event MarketQuarantined(uint16 indexed market, uint256 fromE8, uint256 toE8);
    /// @notice A quarantined market is confirmed at this spot.
    event MarketConfirmed(uint16 indexed market, uint256 spotE8);

    /// @notice The oracle has this report, or a later one.
    error EpochRoundNotRising(uint64 epoch, uint32 round, uint64 lastEpoch, uint32 lastRound);
    /// @notice The observation is older than governance allows.
    error ReportTooOld(uint256 observedAt, uint256 oldestAllowed);
    /// @notice The observation is later than the block by more than clocks may differ.
    error ReportFromFuture(uint256 observedAt, uint256 latestAllowed);
    /// @notice The oracle has a report observed then or later.
    error ObservedAtNotRising(uint256 observedAt, uint256 lastObservedAt);
    /// @notice The report was made on another chain, or on a block that was reorganised away.
    error WrongBlockHash(uint64 blockNumber, bytes32 given, bytes32 actual);
    /// @notice A value is outside governance's bounds, absolute or against the report before.
    error ValueOutOfBounds(uint16 market, bytes32 name, uint256 value, uint256 min, uint256 max);
    /// @notice A report lists every market of the parameters, and no other.
    error MarketCountMismatch(uint256 given, uint256 expected);
    /// @notice Markets come in the order of the parameters.
    error WrongMarket(uint16 given, uint16 expected);
    /// @notice There are more or fewer smiles than the markets say.
    error SmileCountMismatch(uint256 given, uint256 expected);
    /// @notice A market's smiles come in rising order of expiry.
    error ExpiriesNotAscending(uint16 market, uint256 previous, uint256 next);
    /// @notice A live expiry of the previous report is missing.
    error ExpiryDropped(uint16 market, uint256 expiry);
    /// @notice The slice's lowest total variance, a + b s sqrt(1 - rho^2) rounded down, is below zero.
    error NegativeVariance(uint16 market, uint256 expiry, int256 lowestE18, int256 minE18);
    /// @notice b (1 + |rho|) > 2 (Lee 2004).
    error WingTooSteep(uint16 market, uint256 expiry, uint256 slopeE18, uint256 maxSlopeE18);
    /// @notice Total variance falls from one expiry to the next at log-moneyness kE9.
    error CalendarArbitrage(
        uint16 market,
        uint256 expiry,
        int256 kE9,
        int256 varianceE18,
        int256 minVarianceE18
    );

    /// @notice Checks signatures, order, age and every bound, then stores the report. Anyone may carry a signed report.
    /// @return signers One bit for each signer: its position in the configuration, see IKeeperRegistry.keysOf.
    function submit(
        RiskReport calldata report,
        bytes[] calldata signatures
    ) external returns (uint256 signers);

    /// @notice What is known of the last accepted report.
    function header() external view returns (Header memory);
    /// @notice Root of the last report's account-risk table; zero when it has none.
    function accountRoot() external view returns (bytes32);
    /// @notice A market's word and its smiles in rising order of expiry; zero and none before the first report.
    function marketState(
        uint16 market
    ) external view returns (MarketWord marketWord, SmileWord[] memory smiles);
    /// @notice How many markets of the last report are quarantined.
    function quarantinedCount() external view returns (uint256);
    /// @notice Whether a market's spot jumped and waits for a report of a later epoch to confirm it; see Quarantine.
    function isQuarantined(uint16 market) external view returns (bool);
    /// @notice The EIP-712 hash that keepers sign.
    function hashReport(RiskReport calldata report) external view returns (bytes32);
}
