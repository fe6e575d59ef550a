// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InstrumentId} from "../types/InstrumentId.sol";

/// @title Settlement: cash settlement at expiry against a write-once averaged fixing
/// @notice Anyone samples the oracle's spot during the window before an expiry, each report once; the fixing is their mean, rounded down. It is
/// written once, as soon as a report observed at or after the expiry shows that no sample can follow. With too few samples the fixing is,
/// after a delay, the first report observed at or after the expiry that was shown to this contract: an expiry can always be settled.
interface ISettlement {
    event FixingSampled(uint16 indexed market, uint256 indexed expiry, uint256 spotE8, uint256 samples);
    event FallbackSampled(uint16 indexed market, uint256 indexed expiry, uint256 spotE8);
    event FixingSet(uint16 indexed market, uint256 indexed expiry, uint256 fixingE8);

    error ParameterOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    error ZeroAddress();
    error UnknownMarket(uint16 market);
    /// @notice Reports observed before the expiry may still come, and may still be sampled until then.
    error SamplingOpen(uint256 observedAt, uint256 until);
    /// @notice Too few samples were taken and the delay of the fallback has not passed.
    error FallbackNotDue(uint256 samples, uint256 required, uint256 until);
    error NothingToSettle(uint256 account, InstrumentId instrument);
    error BatchTooLarge(uint256 given, uint256 max);
    error OutsideWindow(uint256 observedAt, uint256 from, uint256 to);
    error AlreadySampled(uint16 market, uint256 expiry, uint64 epoch, uint32 round);
    error TooFewSamples(uint256 samples, uint256 required);
    /// @notice A quarantined spot enters no fixing; see IRiskOracle.
    error UnconfirmedSpot(uint16 market);
    error AlreadyFixed(uint16 market, uint256 expiry);
    error NotFixed(uint16 market, uint256 expiry);
    error NotExpired(uint256 expiry, uint256 now_);

    /// @notice Takes the oracle's current report into the mean; one observed after the expiry is kept as the fallback, the first one only.
    function sample(uint16 market, uint256 expiry) external;
    /// @notice Writes the fixing, once, after taking the current report if it can be taken.
    function setFixing(uint16 market, uint256 expiry) external;
    /// @notice Zero until it is set.
    function fixingE8(uint16 market, uint256 expiry) external view returns (uint256);
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
