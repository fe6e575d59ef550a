// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IExchange} from "../interfaces/IExchange.sol";
import {IReportCarrier} from "../interfaces/IReportCarrier.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {ReportCarriage} from "../liquidation/ReportCarriage.sol";
import {RiskReport} from "../types/RiskReport.sol";

/// @title ReportCarrier: submit, then fill
contract ReportCarrier is IReportCarrier {
    IClearingHouse public immutable house;
    IExchange public immutable exchange;

    constructor(IClearingHouse house_, IExchange exchange_) {
        house = house_;
        exchange = exchange_;
    }

    /// @inheritdoc IReportCarrier
    function fillWithReport(
        RiskReport calldata report,
        bytes[] calldata signatures,
        Fill calldata fill
    ) external returns (bool posted) {
        posted = ReportCarriage.submitIfNewer(IRiskOracle(house.oracle()), report, signatures);
        exchange.fill(
            fill.maker,
            fill.makerSigner,
            fill.makerSignature,
            fill.taker,
            fill.takerSigner,
            fill.takerSignature,
            fill.sizeE8
        );
    }
}
