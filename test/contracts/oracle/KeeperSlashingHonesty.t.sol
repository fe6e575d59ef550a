// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PriceGuard} from "../../../contracts/oracle/PriceGuard.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {PhasedFeed} from "./support/PhasedFeed.sol";
import {ProofFixture} from "./support/ProofFixture.sol";

/// @notice Whatever the price guard accepts at any time at which an honest keeper may read the feed is never slashable: with feeds that tick
/// fast, move to another aggregator and go on ticking behind it, with nodes that are late, and with rules that change meanwhile.
contract KeeperSlashingHonestyTest is ProofFixture {
    uint256 private constant HEARTBEAT = 1 hours;
    uint16 private constant OLD_PHASE = 1;
    uint16 private constant NEW_PHASE = 2;
    uint256 private constant MAX_ROUNDS = 6;
    /// An honest keeper's clock and its node's delay together stay within the slack of a proof.
    uint256 private constant SLACK = 60;

    struct Draw {
        uint64[6] oldE8;
        uint64[6] newE8;
        uint8[6] oldGaps;
        uint8[6] newGaps;
        uint8 rounds;
        uint8 movedAfter;
        uint8 notedAfter;
        uint8 ruledAfter;
        uint8 readAfter;
        uint16 bandBps;
        uint16 otherBandBps;
        uint16 share;
    }

    PhasedFeed private feed;
    PriceGuard private guard;
    uint256 private start;
    uint256 private observedAt;

    function setUp() public override {
        super.setUp();
        guard = new PriceGuard();
        start = VM.getBlockTimestamp();
        observedAt = start + 200;
    }

    function testFuzz_WhatTheOracleAcceptsIsNeverWrong(Draw memory draw) external {
        _tick(draw);
        // Noted at the beginning or never, and after the move or never.
        VM.warp(start + 1);
        _setFeed(address(feed), bound(draw.bandBps, 10, 2_000), HEARTBEAT);
        if (draw.notedAfter % 4 != 0) slashing.notePhase(1);
        uint256 spotE8 = _signedSpot(draw);
        if (spotE8 == 0) return;
        // A vote changes the band at any time; what keepers read before it went by the old one.
        if (draw.ruledAfter % 2 == 0) {
            _setRulesSince(start + draw.ruledAfter);
            if (start + draw.ruledAfter > observedAt - SLACK)
                _setFeed(address(feed), bound(draw.otherBandBps, 10, 2_000), HEARTBEAT);
        }
        VM.warp(start + 2 * uint256(draw.notedAfter) + 10);
        slashing.notePhase(1);
        VM.warp(start + 1 days);
        RiskReport memory report = _report();
        report.observedAt = uint40(observedAt);
        report.markets[0] = _word(1, spotE8);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign(0, report);
        for (uint256 round = 1; round <= MAX_ROUNDS; ++round) {
            _requireRefused(report, signatures, feed.idOf(OLD_PHASE, round));
            _requireRefused(report, signatures, feed.idOf(NEW_PHASE, round));
        }
    }

    /// The draws do reach proofs: a spot far from every round is proven wrong in many of them.
    function test_ProofsAreReached() external {
        uint256 seed = 11;
        uint256 proven;
        for (uint256 i; i < 64; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            Draw memory draw;
            draw.rounds = uint8(seed);
            draw.movedAfter = uint8(seed >> 8);
            for (uint256 k; k < MAX_ROUNDS; ++k) {
                (draw.oldE8[k], draw.newE8[k]) = (3_000e8, 3_000e8);
                (draw.oldGaps[k], draw.newGaps[k]) = (
                    uint8(seed >> (16 + 8 * k)),
                    uint8(seed >> (64 + 8 * k))
                );
            }
            VM.warp(start);
            _tick(draw);
            VM.warp(start + 1);
            _setFeed(address(feed), 200, HEARTBEAT);
            slashing.notePhase(1);
            VM.warp(start + 1 days);
            RiskReport memory report = _report();
            report.observedAt = uint40(observedAt);
            report.round = uint32(i);
            report.markets[0] = _word(1, 4_000e8);
            bytes[] memory signatures = new bytes[](1);
            signatures[0] = _sign(0, report);
            for (uint80 round = 1; round <= MAX_ROUNDS; ++round) {
                try slashing.proveWrongSpot(report, signatures, 0, feed.idOf(OLD_PHASE, round)) {
                    ++proven;
                } catch {}
            }
        }
        VM.assertGt(proven, 5);
    }

    /// Three to six rounds of each aggregator, from before the span to after it; the old one goes on behind the proxy once it has moved.
    function _tick(Draw memory draw) private {
        feed = new PhasedFeed(8, OLD_PHASE);
        uint256 rounds = bound(draw.rounds, 3, MAX_ROUNDS);
        (uint256 oldAt, uint256 newAt) = (start, start);
        for (uint256 i; i < rounds; ++i) {
            feed.push(OLD_PHASE, _answer(draw, draw.oldE8[i]), oldAt);
            feed.push(NEW_PHASE, _answer(draw, draw.newE8[i]), newAt);
            (oldAt, newAt) = (oldAt + draw.oldGaps[i], newAt + draw.newGaps[i]);
        }
        feed.push(OLD_PHASE, _answer(draw, draw.oldE8[0]), start + 600);
        feed.push(NEW_PHASE, _answer(draw, draw.newE8[0]), start + 600);
        // Beyond twice the range: it stays where it is.
        if (draw.movedAfter < 200) feed.moveTo(NEW_PHASE, start + 2 * uint256(draw.movedAfter));
    }

    /// Prices far apart in every fourth draw; else within a tenth of one.
    function _answer(Draw memory draw, uint64 drawnE8) private pure returns (int256) {
        if (draw.rounds % 4 == 0) return int256(bound(drawnE8, 1e6, 1e16));
        return int256((bound(draw.oldE8[0], 1e6, 1e16) * bound(drawnE8, 9_000, 11_000)) / 10_000);
    }

    /// A spot that the guard accepts at a time within the slack of the observation, zero when it accepts none.
    function _signedSpot(Draw memory draw) private returns (uint256 spotE8) {
        VM.warp(observedAt - SLACK + bound(draw.readAfter, 0, 2 * SLACK));
        (, int256 answer, , , ) = feed.latestRoundData();
        uint256 bandBps = bound(draw.bandBps, 10, 2_000);
        spotE8 = (uint256(answer) * bound(draw.share, 10_000 - bandBps, 10_000 + bandBps)) / 10_000;
        try guard.requireWithinBand(1, spotE8, address(feed), bandBps, HEARTBEAT) {} catch {
            spotE8 = 0;
        }
    }

    function _requireRefused(RiskReport memory report, bytes[] memory signatures, uint80 roundId) private {
        try slashing.proveWrongSpot(report, signatures, 0, roundId) {
            VM.assertTrue(false, "an honest keeper was slashed");
        } catch {
            VM.assertEq(_stakeOf(0), MIN_STAKE);
        }
    }
}
