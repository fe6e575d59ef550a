// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Order} from "../types/Order.sol";
import {RiskReport} from "../types/RiskReport.sol";

/// @title ReportCarrier: a signed report and a trade in one transaction
/// @notice Holds nothing, may do nothing that others may not, and calls the house's oracle and exchange alone. A bid carries its report through
/// LiquidationEngine.bidWithReport, where the bidder itself is the caller.
interface IReportCarrier {
    /// @notice One filled pair of signed orders, as Exchange.fill takes it.
    struct Fill {
        Order maker;
        address makerSigner;
        bytes makerSignature;
        Order taker;
        address takerSigner;
        bytes takerSignature;
        uint128 sizeE8;
    }

    /// @notice Submits the report unless the oracle has it or a newer one, then fills; anyone may call. Reverts whole when either is refused.
    /// @return posted Whether this call brought the report to the oracle.
    function fillWithReport(
        RiskReport calldata report,
        bytes[] calldata signatures,
        Fill calldata fill
    ) external returns (bool posted);
}
