// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskOracle} from "../../../contracts/interfaces/IRiskOracle.sol";
import {MarketWord, RiskReport, SmileWord} from "../../../contracts/types/RiskReport.sol";

/// @notice An oracle that says what it is told.
contract OracleStandIn is IRiskOracle {
    uint256 private constant SPOT_SHIFT = 192;
    uint256 private constant COUNT_SHIFT = 16;

    error ReportRefused();

    Header private _header;
    uint256 public submissions;
    uint256 public quarantinedCount;
    mapping(uint16 market => bool) public isQuarantined;
    mapping(uint16 market => uint256) private _spotsE8;
    mapping(uint16 market => uint256[]) private _smiles;

    function setHeader(uint64 epoch, uint32 round, uint40 observedAt) external {
        // The test's clock fits 40 bits.
        _header = Header(epoch, round, observedAt, uint40(block.timestamp), 1e4);
    }

    function setSpot(uint16 market, uint64 spotE8) external {
        _spotsE8[market] = spotE8;
    }

    function addExpiry(uint16 market, uint256 expiry) external {
        _smiles[market].push(expiry / 1 hours);
    }

    /// @dev Takes any report that carries a signature.
    function submit(
        RiskReport calldata report,
        bytes[] calldata signatures
    ) public virtual returns (uint256 signers) {
        if (signatures.length == 0) revert ReportRefused();
        ++submissions;
        _header = Header(
            report.epoch,
            report.round,
            report.observedAt,
            // The test's clock fits 40 bits.
            uint40(block.timestamp),
            report.pegBps
        );
        signers = 2 ** signatures.length - 1;
    }

    function header() external view returns (Header memory) {
        return _header;
    }

    function accountRoot() external pure returns (bytes32) {
        return bytes32(0);
    }

    function marketState(uint16 market) external view returns (MarketWord word, SmileWord[] memory smiles) {
        uint256[] storage hours_ = _smiles[market];
        smiles = new SmileWord[](hours_.length);
        for (uint256 i = 0; i < smiles.length; ++i) smiles[i] = SmileWord.wrap(hours_[i]);
        if (_spotsE8[market] == 0) return (word, smiles);
        word = MarketWord.wrap(market | (smiles.length << COUNT_SHIFT) | (_spotsE8[market] << SPOT_SHIFT));
    }

    function setQuarantined(uint16 market, bool quarantined) external {
        if (quarantined && !isQuarantined[market]) ++quarantinedCount;
        if (!quarantined && isQuarantined[market]) --quarantinedCount;
        isQuarantined[market] = quarantined;
    }

    function hashReport(RiskReport calldata report) external pure returns (bytes32) {
        return keccak256(abi.encode(report));
    }
}
