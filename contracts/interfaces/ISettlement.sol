// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InstrumentId} from "../types/InstrumentId.sol";

/// @title Settlement: cash settlement at expiry against a write-once averaged fixing
/// @notice Anyone samples the oracle's spot during the window before an expiry, each report once; the fixing is their mean, rounded down. It is
/// written once, as soon as a report observed at or after the expiry shows that no sample can follow. With too few samples the fixing is,
/// after a delay, the first report observed at or after the expiry that was shown to this contract: an expiry can always be settled.
interface ISettlement {
    /// @notice A report entered the mean, which has so many samples now.
    event FixingSampled(uint16 indexed market, uint256 indexed expiry, uint256 spotE8, uint256 samples);
    /// @notice The first spot at or after the expiry is kept, should the samples be too few.
    event FallbackSampled(uint16 indexed market, uint256 indexed expiry, uint256 spotE8);
    /// @notice The expiry is fixed for good.
    event FixingSet(uint16 indexed market, uint256 indexed expiry, uint256 fixingE8);

    /// @notice A value of the deployment is outside its bounds.
    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    /// @notice An address is missing.
    error ZeroAddress();
    /// @notice The oracle has no spot of this market.
    error UnknownMarket(uint16 market);
    /// @notice Reports observed before the expiry may still come, and may still be sampled until then.
    error SamplingOpen(uint256 observedAt, uint256 until);
    /// @notice Too few samples were taken and the delay of the fallback has not passed.
    error FallbackNotDue(uint256 samples, uint256 required, uint256 until);
    /// @notice The account has no position in the instrument.
    error NothingToSettle(uint256 account, InstrumentId instrument);
    /// @notice A batch names so many accounts at most.
    error BatchTooLarge(uint256 given, uint256 max);
    /// @notice The current report was not observed in the window.
    error OutsideWindow(uint256 observedAt, uint256 from, uint256 to);
    /// @notice The current report is in the mean.
    error AlreadySampled(uint16 market, uint256 expiry, uint64 epoch, uint32 round);
    /// @notice There are too few samples, and no fallback either.
    error TooFewSamples(uint256 samples, uint256 required);
    /// @notice A quarantined spot enters no fixing; see IRiskOracle.
    error UnconfirmedSpot(uint16 market);
    /// @notice A fixing is set once.
    error AlreadyFixed(uint16 market, uint256 expiry);
    /// @notice The expiry has no fixing yet.
    error NotFixed(uint16 market, uint256 expiry);
    /// @notice Nothing is fixed before its expiry.
    error NotExpired(uint256 expiry, uint256 now_);

    /// @notice Takes the oracle's current report into the mean; one observed after the expiry is kept as the fallback, the first one only.
    function sample(uint16 market, uint256 expiry) external;
    /// @notice Writes the fixing, once, after taking the current report if it can be taken.
    function setFixing(uint16 market, uint256 expiry) external;
    /// @notice Zero until it is set.
    function fixingE8(uint16 market, uint256 expiry) external view returns (uint256);
    /// @notice How many reports are in the mean, and the fallback; zero when there is none.
    function samplesOf(
        uint16 market,
        uint256 expiry
    ) external view returns (uint256 samples, uint256 fallbackE8);
    /// @notice Settles an account's position in an expired instrument; anyone may call.
    function settle(uint256 account, InstrumentId instrument) external;
    /// @notice Settles many accounts' positions in one instrument; accounts without one are passed over.
    function settleBatch(uint256[] calldata accounts, InstrumentId instrument) external;
    /// @notice Settles every position of an account whose instrument has a fixing; returns how many.
    function settleAccount(uint256 account) external returns (uint256 settled);
    /// @notice What one unit pays at a fixing, USD * 1e8.
    function payoffE8(InstrumentId instrument, uint256 fixingE8_) external pure returns (uint256);
}
