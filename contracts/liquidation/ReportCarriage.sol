// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {RiskReport} from "../types/RiskReport.sol";

/// @title ReportCarriage: brings a signed report along with something else
/// @notice A report that the oracle has, or that is older than its last, is left unread: whoever posts it first cannot stop what it was carried
/// for. A newer one is submitted, and its refusal is the whole call's refusal.
library ReportCarriage {
    /// @return posted whether this call brought the report to the oracle
    function submitIfNewer(
        IRiskOracle oracle,
        RiskReport calldata report,
        bytes[] calldata signatures
    ) internal returns (bool posted) {
        IRiskOracle.Header memory last = oracle.header();
        posted = report.epoch > last.epoch || (report.epoch == last.epoch && report.round > last.round);
        if (posted) oracle.submit(report, signatures);
    }
}
