// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TailRule} from "../../../contracts/libraries/TailRisk.sol";
import {TailMeasure} from "../../../contracts/types/RiskParams.sol";
import {TailRiskHarness} from "../support/TailRiskHarness.sol";
import {TestBase} from "../support/TestBase.sol";

/// @notice Against the definition: sort every scenario, then walk from the worst one on.
contract TailRiskTest is TestBase {
    uint256 private constant BPS = 10_000;
    uint256 private constant MAX_COUNT = 90;
    int256 private constant MAX_PNL = int256(1 << 199);
    int256 private constant MAX_GUESS = MAX_PNL;
    uint16 private constant FULL_WEIGHT = type(uint16).max;

    function test_TailOfTenEqualWeightsIsThePublishedConvention() external pure {
        // P&L 4, -1, -9, ... : at 80 % the tail is the two worst, -9 and -7.
        int256[] memory pnls = new int256[](10);
        (pnls[0], pnls[1], pnls[2], pnls[3], pnls[4]) = (4, -1, -9, 8, 0);
        (pnls[5], pnls[6], pnls[7], pnls[8], pnls[9]) = (-7, 2, 3, -6, 5);
        uint16[] memory weights = _sameWeights(10, 1);
        _assertTail(pnls, weights, TailRule(TailMeasure.ValueAtRisk, 8_000, 8_000), 0, 0, 7, 2);
        _assertTail(pnls, weights, TailRule(TailMeasure.ExpectedShortfall, 8_000, 8_000), 0, 0, 8, 2);
        // At 75 % two and a half scenarios round up to three: mean 22 / 3, rounded up.
        _assertTail(pnls, weights, TailRule(TailMeasure.ExpectedShortfall, 8_000, 7_500), 0, 0, 8, 2);
        _assertTail(pnls, weights, TailRule(TailMeasure.ValueAtRisk, 7_500, 7_500), 0, 0, 6, 2);
    }

    function test_OneScenarioIsItsOwnTail() external pure {
        int256[] memory pnls = new int256[](1);
        pnls[0] = -MAX_PNL;
        uint16[] memory weights = _sameWeights(1, FULL_WEIGHT);
        for (uint8 m = 0; m <= uint8(type(TailMeasure).max); ++m) {
            _assertTail(
                pnls,
                weights,
                TailRule(TailMeasure(m), 9_900, 0),
                MAX_GUESS,
                MAX_GUESS,
                uint256(MAX_PNL),
                0
            );
        }
    }

    function test_NoScenarioHasNoTail() external pure {
        TailRule memory rule = TailRule(TailMeasure.ValueAtRisk, 9_900, 9_750);
        _assertTail(new int256[](0), new uint16[](0), rule, 0, 0, 0, 0);
    }

    function test_FullConfidenceIsTheWorstScenarioAlone() external pure {
        int256[] memory pnls = new int256[](3);
        (pnls[0], pnls[1], pnls[2]) = (-1, -50, -50);
        uint16[] memory weights = _sameWeights(3, 5);
        _assertTail(pnls, weights, TailRule(TailMeasure.ExpectedShortfall, BPS, BPS), 0, 0, 50, 1);
        _assertTail(pnls, weights, TailRule(TailMeasure.ValueAtRisk, BPS + 1, BPS), 0, 0, 50, 1);
    }

    function test_GainsAreNoLoss() external pure {
        int256[] memory pnls = new int256[](2);
        (pnls[0], pnls[1]) = (5, 6);
        _assertTail(pnls, _sameWeights(2, 1), TailRule(TailMeasure.ValueAtRisk, 9_900, 9_900), 0, 0, 0, 0);
        _assertTail(pnls, _sameWeights(2, 1), TailRule(TailMeasure.ExpectedShortfall, 0, 0), 0, 0, 0, 0);
    }

    /// Any order, any weights, any confidence, any guesses.
    function testFuzz_TailIsThatOfTheSortedScenarios(
        uint256 seed,
        uint256 count,
        uint8 shape,
        uint8 measure,
        uint16 varBps,
        uint16 esBps,
        int256 deep,
        int256 limit
    ) external pure {
        count = bound(count, 1, MAX_COUNT);
        int256[] memory pnls = _pnls(seed, count, shape % 8);
        uint16[] memory weights = _weights(seed, count, shape / 8);
        TailRule memory rule = TailRule({
            measure: TailMeasure(measure % (uint8(type(TailMeasure).max) + 1)),
            varBps: varBps % (BPS + 1),
            esBps: esBps % (BPS + 1)
        });
        (deep, limit) = (deep % MAX_GUESS, limit % MAX_GUESS);
        (uint256 loss, uint256 worst) = _naive(pnls, weights, rule);
        _assertTail(pnls, weights, rule, deep, limit, loss, worst);
        // Guesses among the real losses are the usual case.
        _assertTail(pnls, weights, rule, pnls[seed % count], pnls[(seed / count) % count], loss, worst);
    }

    /// Shapes: any, few values (ties), all equal, rising, falling, organ pipe, gains only, two values.
    function _pnls(uint256 seed, uint256 count, uint256 shape) private pure returns (int256[] memory pnls) {
        pnls = new int256[](count);
        for (uint256 i = 0; i < count; ++i) {
            int256 random = int256(uint256(keccak256(abi.encode(seed, i))));
            int256 rank = int256(i);
            if (shape == 0) pnls[i] = random % MAX_PNL;
            if (shape == 1) pnls[i] = random % 4;
            if (shape == 2) pnls[i] = -3;
            if (shape == 3) pnls[i] = rank - 40;
            if (shape == 4) pnls[i] = 40 - rank;
            if (shape == 5) pnls[i] = (rank % 2 == 0 ? rank : -rank) * 1e30;
            if (shape == 6) pnls[i] = int256(uint256(random) % uint256(MAX_PNL));
            if (shape == 7) pnls[i] = random % 2 == 0 ? -MAX_PNL : MAX_PNL;
        }
    }

    function _weights(
        uint256 seed,
        uint256 count,
        uint256 shape
    ) private pure returns (uint16[] memory weights) {
        if (shape % 4 == 0) return _sameWeights(count, 1);
        if (shape % 4 == 1) return _sameWeights(count, FULL_WEIGHT);
        weights = new uint16[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i, "weight")));
            // From 1 to 65,535, or one scenario in eight with nearly all the weight.
            if (shape % 4 == 2) weights[i] = uint16(1 + (random % FULL_WEIGHT));
            else weights[i] = random % 8 == 0 ? FULL_WEIGHT : 1;
        }
    }

    function _sameWeights(uint256 count, uint16 weight) private pure returns (uint16[] memory weights) {
        weights = new uint16[](count);
        for (uint256 i = 0; i < count; ++i) weights[i] = weight;
    }

    function _assertTail(
        int256[] memory pnls,
        uint16[] memory weights,
        TailRule memory rule,
        int256 deep,
        int256 limit,
        uint256 expectedLoss,
        uint256 expectedWorst
    ) private pure {
        (uint256 loss, uint256 worst) = TailRiskHarness.tailLoss(pnls, weights, rule, deep, limit);
        VM.assertEq(loss, expectedLoss, "loss");
        VM.assertEq(worst, expectedWorst, "worst scenario");
    }

    /// The definition: value at risk, expected shortfall or the larger of them.
    function _naive(
        int256[] memory pnls,
        uint16[] memory weights,
        TailRule memory rule
    ) private pure returns (uint256 loss, uint256 worst) {
        uint256[] memory order = _sorted(pnls);
        worst = order[0];
        if (rule.measure != TailMeasure.ExpectedShortfall) {
            (, int256 last, ) = _tail(pnls, weights, order, rule.varBps);
            if (last < 0) loss = uint256(-last);
        }
        if (rule.measure == TailMeasure.ValueAtRisk) return (loss, worst);
        (int256 sum, , uint256 weight) = _tail(pnls, weights, order, rule.esBps);
        uint256 shortfall = sum < 0 ? (uint256(-sum) + weight - 1) / weight : 0;
        if (shortfall > loss) loss = shortfall;
    }

    function _tail(
        int256[] memory pnls,
        uint16[] memory weights,
        uint256[] memory order,
        uint256 confidenceBps
    ) private pure returns (int256 sum, int256 last, uint256 weight) {
        uint256 total;
        for (uint256 i = 0; i < weights.length; ++i) total += weights[i];
        for (uint256 i = 0; i < order.length; ++i) {
            last = pnls[order[i]];
            sum += last * int256(uint256(weights[order[i]]));
            weight += weights[order[i]];
            if (weight * BPS >= total * (BPS - confidenceBps)) break;
        }
    }

    /// Scenario numbers from the worst P&L to the best, equal ones in their own order (insertion sort).
    function _sorted(int256[] memory pnls) private pure returns (uint256[] memory order) {
        order = new uint256[](pnls.length);
        for (uint256 i = 0; i < pnls.length; ++i) {
            uint256 place = i;
            for (; place > 0 && pnls[order[place - 1]] > pnls[i]; --place) order[place] = order[place - 1];
            order[place] = i;
        }
    }
}
