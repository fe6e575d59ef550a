// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { InstrumentId } from "../types/InstrumentId.sol";

/// @title Settlement: cash settlement at expiry against a write-once averaged fixing
/// @notice Anyone samples the oracle's spot during the window before an expiry, each report once; the fixing is their mean.
interface ISettlement {
    event FixingSampled(uint16 indexed market, uint256 indexed expiry, uint256 spotE8, uint256 samples);
    event FixingSet(uint16 indexed market, uint256 indexed expiry, uint256 fixingE8);

    error OutsideWindow(uint256 observedAt, uint256 from, uint256 to);
    error AlreadySampled(uint16 market, uint256 expiry, uint64 epoch, uint32 round);
    error TooFewSamples(uint256 samples, uint256 required);
    error AlreadyFixed(uint16 market, uint256 expiry);
    error NotFixed(uint16 market, uint256 expiry);
    error NotExpired(uint256 expiry, uint256 now_);

    function sample(uint16 market, uint256 expiry) external;
    function setFixing(uint16 market, uint256 expiry) external;
    function fixingE8(uint16 market, uint256 expiry) external view returns (uint256);
    /// @notice Settles an account's position in an expired instrument; anyone may call.
    function settle(uint256 account, InstrumentId instrument) external;
}
