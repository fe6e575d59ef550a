// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Black76} from "../../../contracts/libraries/Black76.sol";
import {NormalCdf, NormalTable} from "../../../contracts/libraries/NormalCdf.sol";
import {NormalCdfTable} from "../../../contracts/margin/NormalCdfTable.sol";

/// @notice Prices of one call behind a call of its own, so that the pricing's variables and those of a test never share a stack.
contract PriceProbe {
    address public immutable table = address(new NormalCdfTable());

    /// @notice Black76's price and delta after each of the returns.
    function prices(
        uint256 ratioQ40,
        int256 logQ60,
        uint256 deviationQ60,
        int256[] calldata returnsQ60,
        uint256[] calldata growthsQ40
    ) external view returns (int256[] memory callsQ80, uint256[] memory deltasQ80) {
        NormalTable normal = NormalCdf.load(table);
        (uint256 inverse, int256 intercept, uint256 sd) = Black76.terms(logQ60, deviationQ60);
        callsQ80 = new int256[](returnsQ60.length);
        deltasQ80 = new uint256[](returnsQ60.length);
        for (uint256 i = 0; i < returnsQ60.length; ++i) {
            (callsQ80[i], deltasQ80[i]) = Black76.price(
                normal,
                ratioQ40,
                inverse,
                intercept,
                sd,
                returnsQ60[i],
                growthsQ40[i]
            );
        }
    }
}
