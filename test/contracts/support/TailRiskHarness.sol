// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TailRisk, TailRule} from "../../../contracts/libraries/TailRisk.sol";

/// @notice Scenarios written as TailRisk's entries, and the tail it takes of them.
library TailRiskHarness {
    uint256 private constant INDEX_SHIFT = 16;
    uint256 private constant PNL_SHIFT = 32;

    function tailLoss(
        int256[] memory pnls,
        uint16[] memory weights,
        TailRule memory rule,
        int256 guess
    ) internal pure returns (uint256 loss, uint256 worst) {
        uint256 first = TailRisk.allocate(pnls.length);
        uint256 totalWeight;
        for (uint256 i = 0; i < pnls.length; ++i) {
            int256 entry = (pnls[i] << PNL_SHIFT) | int256((i << INDEX_SHIFT) | weights[i]);
            uint256 place = first + 32 * i;
            // One of the words that allocate has reserved.
            assembly ("memory-safe") {
                mstore(place, entry)
            }
            totalWeight += weights[i];
        }
        return TailRisk.tailLoss(first, first + 32 * pnls.length, totalWeight, rule, guess);
    }
}
