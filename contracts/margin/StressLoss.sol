// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {BPS} from "../types/Constants.sol";
import {MarginModel} from "../types/MarginTypes.sol";
import {StressScenario} from "../types/RiskParams.sol";
import {RiskBook} from "./RiskBook.sol";
import {StressNodes} from "./StressNodes.sol";

/// @title StressLoss: the worst weighted loss of a group of markets over the named stress scenarios
library StressLoss {
    uint256 private constant PNL_BITS = 120;

    /// @notice Loss in USD * 1e6, rounded up, and the index of the scenario it comes from (any when nothing loses).
    function lossOf(
        RiskBook memory risk,
        MarginModel model
    ) internal pure returns (uint256 lossE6, uint256 worst) {
        StressScenario[] memory scenarios = risk.params.stress;
        int256[] memory pnlQ120 = new int256[](scenarios.length);
        for (uint256 i; i < risk.markets.length; ++i) {
            if (risk.markets[i].model == model) StressNodes.addTo(pnlQ120, risk.markets[i]);
        }
        uint256 worstLoss;
        // At most 2^16 markets with P&L below 2^140 each; the weight has 16 bits.
        unchecked {
            for (uint256 s; s < scenarios.length; ++s) {
                int256 pnl = pnlQ120[s];
                if (pnl >= 0) continue;
                uint256 loss = uint256(-pnl) * FixedPointMathLib.min(scenarios[s].weightBps, BPS);
                if (loss > worstLoss) (worstLoss, worst) = (loss, s);
            }
        }
        lossE6 = FixedPointMathLib.fullMulDivUp(worstLoss, risk.scaleE6, BPS << PNL_BITS);
    }
}
