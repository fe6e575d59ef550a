// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Black76} from "../libraries/Black76.sol";
import {CDF_OFFSET, NormalCdf, NormalTable} from "../libraries/NormalCdf.sol";

/// @title PricingHarness: the pricing kernel by itself, many values per call
contract PricingHarness {
    uint256 private constant ONE_Q48 = 1 << 48;
    uint256 private constant Q80_TO_Q48 = 32;

    address private immutable _table;

    constructor(address table_) {
        _table = table_;
    }

    /// @notice Calls and puts as shares of the forward with 48 fractional bits, not floored.
    /// @param strikesE8 in USD * 1e8, like the forward
    /// @param deviationsQ60 standard deviation of the log return to expiry, one per strike
    function pricesQ48(
        uint64[] calldata strikesE8,
        uint256[] calldata deviationsQ60,
        uint256 forwardE8
    ) external view returns (int256[] memory callsQ48, int256[] memory putsQ48) {
        NormalTable table = NormalCdf.load(_table);
        callsQ48 = new int256[](strikesE8.length);
        putsQ48 = new int256[](strikesE8.length);
        for (uint256 i; i < strikesE8.length; ++i) {
            callsQ48[i] = _callQ48(table, strikesE8[i], deviationsQ60[i], forwardE8);
            uint256 parityQ48 = (uint256(strikesE8[i]) << 48) / forwardE8;
            putsQ48[i] = callsQ48[i] - int256(ONE_Q48) + int256(parityQ48);
        }
    }

    /// @notice Phi with 40 fractional bits at arguments with 35.
    function phiQ40(int256[] calldata argumentsQ35) external view returns (uint256[] memory valuesQ40) {
        NormalTable table = NormalCdf.load(_table);
        valuesQ40 = new uint256[](argumentsQ35.length);
        for (uint256 i; i < argumentsQ35.length; ++i) {
            valuesQ40[i] = NormalCdf.phi(table, argumentsQ35[i] + int256(CDF_OFFSET));
        }
    }

    function _callQ48(
        NormalTable table,
        uint256 strikeE8,
        uint256 deviationQ60,
        uint256 forwardE8
    ) private pure returns (int256 callQ48) {
        (uint256 ratioQ40, , int256 logQ60) = Black76.moneyness(strikeE8, forwardE8);
        (uint256 inverseQ55, int256 interceptQ115, uint256 deviationQ35) = Black76.terms(
            logQ60,
            deviationQ60
        );
        (int256 callQ80, ) = Black76.price(
            table,
            ratioQ40,
            inverseQ55,
            interceptQ115,
            deviationQ35,
            0,
            Black76.ONE_Q40
        );
        callQ48 = callQ80 >> Q80_TO_Q48;
    }
}
