// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sample, TailRisk, TailRule} from "../../../contracts/libraries/TailRisk.sol";

/// @notice Scenarios written as TailRisk reads them, and the tail it takes of them.
library TailRiskHarness {
    /// Bytes of a record before and behind its weight, as a set of one market has them.
    uint256 private constant STRIDE = 6;
    uint256 private constant WEIGHT_SHIFT = 240;

    function tailLoss(
        int256[] memory pnls,
        uint16[] memory weights,
        TailRule memory rule,
        int256 deep,
        int256 bound
    ) internal pure returns (uint256 loss, uint256 worst) {
        Sample memory s;
        s.count = pnls.length;
        s.stride = STRIDE;
        s.entries = TailRisk.allocateEntries(pnls.length);
        uint256 pnl = TailRisk.allocate(pnls.length);
        bytes memory records = new bytes(STRIDE * pnls.length + 32);
        uint256 record;
        // The records' first byte.
        assembly ("memory-safe") {
            record := add(records, 0x20)
        }
        s.records = record;
        for (uint256 i = 0; i < pnls.length; ++i) {
            int256 value = pnls[i];
            uint256 weight = uint256(weights[i]) << WEIGHT_SHIFT;
            uint256 place = pnl + 32 * i;
            // Words that allocate has reserved and bytes of the records; the next record overwrites what a weight's word writes behind it.
            assembly ("memory-safe") {
                mstore(place, value)
                mstore(record, weight)
            }
            record += STRIDE;
            s.totalWeight += weights[i];
        }
        return TailRisk.tailLoss(s, pnl, rule, deep, bound);
    }
}
