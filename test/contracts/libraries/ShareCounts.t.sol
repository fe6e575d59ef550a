// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShareCounts} from "../../../contracts/libraries/ShareCounts.sol";
import {TestBase} from "../support/TestBase.sol";

/// @notice Eight counts in a word behave like eight numbers, and a report counts each of them once.
contract ShareCountsTest is TestBase {
    uint256 private constant MAX = 2 ** 26 - 1;

    function testFuzz_AWordBehavesLikeEightCounts(uint16[24] memory steps) external pure {
        uint256 word;
        uint256[8] memory expected;
        uint256 observedAt = 1_770_000_000;
        uint256 counted;
        for (uint256 i; i < steps.length; ++i) {
            (uint256 kind, uint256 lane) = (steps[i] % 4, (steps[i] >> 2) % 8);
            uint256 signers = steps[i] >> 8;
            if (kind == 0) (observedAt, counted) = (observedAt + 1 + lane, 0);
            if (kind <= 1) {
                uint256 added;
                (word, added) = ShareCounts.addSigners(word, observedAt, signers);
                uint256 fresh;
                for (uint256 k; k < 8; ++k) {
                    if ((signers >> k) & 1 == 0 || (counted >> k) & 1 == 1) continue;
                    expected[k] += 1;
                    ++fresh;
                }
                counted |= signers;
                VM.assertEq(added, fresh);
            } else if (kind == 2) {
                (word, ) = ShareCounts.addShares(word, lane, signers);
                expected[lane] += signers;
            } else {
                word = ShareCounts.cleared(word, lane);
                expected[lane] = 0;
            }
            for (uint256 k; k < 8; ++k) VM.assertEq(ShareCounts.countOf(word, k), expected[k]);
        }
    }

    function test_AFullCountStaysFullAndSpillsNowhere() external pure {
        for (uint256 lane; lane < 8; ++lane) {
            (uint256 word, uint256 added) = ShareCounts.addShares(0, lane, MAX + 5);
            VM.assertEq(added, MAX);
            (word, added) = ShareCounts.addSigners(word, 1, 0xff);
            VM.assertEq(added, 7);
            for (uint256 k; k < 8; ++k) VM.assertEq(ShareCounts.countOf(word, k), k == lane ? MAX : 1);
        }
    }

    function test_SignersBeyondTheEighthAreAnotherWords() external pure {
        (uint256 word, uint256 added) = ShareCounts.addSigners(0, 1, 0xff00);
        VM.assertEq(word, 0);
        VM.assertEq(added, 0);
    }
}
