// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarginEngine} from "../../../contracts/interfaces/IMarginEngine.sol";
import {Book} from "../../../contracts/types/Book.sol";
import {BPS, PRICE_SIZE_TO_USD_E6} from "../../../contracts/types/Constants.sol";
import {InstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {Margin, MarginBreakdown, MarginModel} from "../../../contracts/types/MarginTypes.sol";
import {Position} from "../../../contracts/types/Position.sol";

/// @notice Margin as a share of gross value at marks that the test sets; fresh or stale as the test says.
contract MarginEngineStandIn is IMarginEngine {
    uint256 public maintenanceBps = 1_000;
    uint256 public initialBps = 1_500;
    uint256 public ageSeconds;
    uint256 public maxAgeSeconds = 1 hours;
    mapping(InstrumentId => uint256) private _marksE8;
    mapping(uint16 market => uint256) private _spotsE8;

    function setShares(uint256 maintenanceBps_, uint256 initialBps_) external {
        maintenanceBps = maintenanceBps_;
        initialBps = initialBps_;
    }

    function setMark(InstrumentId instrument, uint256 priceE8) external {
        _marksE8[instrument] = priceE8;
    }

    function setSpot(uint16 market, uint256 priceE8) external {
        _spotsE8[market] = priceE8;
    }

    function setAge(uint256 seconds_) external {
        ageSeconds = seconds_;
    }

    function assess(Book memory book) public view returns (Margin memory margin) {
        margin.equityE6 = book.cashE6 + markToMarketE6(book.positions);
        for (uint256 i = 0; i < book.collateral.length; ++i) {
            uint256 spot = _spotsE8[book.collateral[i].market];
            margin.equityE6 += int256((book.collateral[i].quantityE8 * spot) / PRICE_SIZE_TO_USD_E6);
        }
        uint256 grossE6 = _grossE6(book);
        margin.maintenanceE6 = (grossE6 * maintenanceBps) / BPS;
        margin.initialE6 = (grossE6 * initialBps) / BPS;
    }

    function breakdown(Book memory book) public view returns (MarginBreakdown memory parts) {
        parts.margin = assess(book);
        parts.markToMarketE6 = markToMarketE6(book.positions);
        parts.grossNotionalE6 = _grossE6(book);
    }

    function breakdownAs(Book memory book, MarginModel) external view returns (MarginBreakdown memory) {
        return breakdown(book);
    }

    function surface(Book memory book, uint16) external view returns (int256[3][] memory pnlE6) {
        pnlE6 = new int256[3][](1);
        pnlE6[0][1] = markToMarketE6(book.positions);
    }

    function markE8(InstrumentId instrument) external view returns (uint256) {
        return _marksE8[instrument];
    }

    function markToMarketE6(Position[] memory positions) public view returns (int256) {
        int256 exactE16;
        for (uint256 i = 0; i < positions.length; ++i) {
            exactE16 += int256(positions[i].sizeE8()) * int256(_marksE8[positions[i].instrument()]);
        }
        int256 unit = int256(PRICE_SIZE_TO_USD_E6);
        int256 floor = exactE16 / unit;
        return exactE16 < 0 && floor * unit != exactE16 ? floor - 1 : floor;
    }

    function requireFresh() external view {
        if (ageSeconds > maxAgeSeconds) revert ReportTooOld(ageSeconds, maxAgeSeconds);
    }

    function _grossE6(Book memory book) private view returns (uint256 grossE6) {
        for (uint256 i = 0; i < book.positions.length; ++i) {
            int256 size = book.positions[i].sizeE8();
            uint256 magnitude = uint256(size < 0 ? -size : size);
            grossE6 += (magnitude * _marksE8[book.positions[i].instrument()]) / PRICE_SIZE_TO_USD_E6;
        }
    }
}
