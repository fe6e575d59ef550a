// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperSlashing} from "../../../../contracts/interfaces/IKeeperSlashing.sol";
import {RiskReport} from "../../../../contracts/types/RiskReport.sol";
import {PhasedFeed} from "./PhasedFeed.sol";
import {ProofFixture} from "./ProofFixture.sol";

/// @notice A feed about an observation: one round in force long before it, one that begins within the slack, one that closes the span.
abstract contract SpotFixture is ProofFixture {
    uint256 internal constant FEED_BAND_BPS = 200;
    uint256 internal constant HEARTBEAT = 1 hours;
    uint256 internal constant SLACK = 60;
    uint16 internal constant PHASE = 3;
    /// Neither price divides by the band, so that rounding shows.
    int256 internal constant PRICE_E8 = 300_000_000_001;
    int256 internal constant NEXT_E8 = 303_000_000_001;
    int256 internal constant CLOSING_E8 = 250_000_000_000;
    uint256 internal constant BEGAN_BEFORE = 10 minutes;
    uint256 internal constant BEGAN_AFTER = 30;
    uint256 internal constant CLOSED_AFTER = 5 minutes;
    /// 5 %, the floor of the proof's band, below the lower and above the higher, rounded outwards.
    uint256 internal constant LOWEST_E8 = 285_000_000_000;
    uint256 internal constant HIGHEST_E8 = 318_150_000_002;

    PhasedFeed internal feed;
    uint80 internal inForce;
    uint256 internal observedAt;

    /// Ends when all three rounds have begun.
    function setUp() public virtual override {
        super.setUp();
        _observeWith(new PhasedFeed(8, PHASE), 1);
    }

    /// The three rounds, prices times `scale`, of a feed that is new to the oracle: noted an hour before the observation.
    function _observeWith(PhasedFeed feed_, int256 scale) internal {
        feed = feed_;
        inForce = feed.idOf(PHASE, 1);
        _setFeed(address(feed), FEED_BAND_BPS, HEARTBEAT);
        uint256 notedAt = VM.getBlockTimestamp();
        observedAt = notedAt + 1 hours;
        feed.push(PHASE, PRICE_E8 * scale, notedAt);
        slashing.notePhase(1);
        feed.change(inForce, PRICE_E8 * scale, observedAt - BEGAN_BEFORE);
        feed.push(PHASE, NEXT_E8 * scale, observedAt + BEGAN_AFTER);
        feed.push(PHASE, CLOSING_E8 * scale, observedAt + CLOSED_AFTER);
        VM.warp(observedAt + CLOSED_AFTER);
    }

    function _reportAt(uint256 spotE8) internal view returns (RiskReport memory report) {
        report = _report();
        report.observedAt = uint40(observedAt);
        report.markets[0] = _word(1, spotE8);
    }

    /// Beyond doubt wrong, with one signature.
    function _wrong() internal view returns (RiskReport memory report, bytes[] memory signatures) {
        report = _reportAt(HIGHEST_E8 + 1);
        signatures = _signatures(report, 1);
    }

    function _signatures(
        RiskReport memory report,
        uint256 count
    ) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i; i < count; ++i) signatures[i] = _sign(i, report);
    }

    function _prove(RiskReport memory report, bytes[] memory signatures) internal {
        VM.prank(PROVER);
        slashing.proveWrongSpot(report, signatures, 0, inForce);
    }

    function _expect(RiskReport memory report, bytes[] memory signatures, bytes memory expected) internal {
        VM.expectRevert(expected);
        _prove(report, signatures);
    }

    /// The proof beyond doubt fails with this.
    function _expectRefused(bytes memory expected) internal {
        (RiskReport memory report, bytes[] memory signatures) = _wrong();
        _expect(report, signatures, expected);
        VM.assertEq(_stakeOf(0), MIN_STAKE);
    }

    function _expectTaken() internal {
        (RiskReport memory report, bytes[] memory signatures) = _wrong();
        _prove(report, signatures);
        VM.assertEq(_stakeOf(0), (uint256(MIN_STAKE) * 9) / 10);
    }

    function _expectInside(uint256 spotE8) internal {
        RiskReport memory report = _reportAt(spotE8);
        bytes[] memory signatures = _signatures(report, 1);
        VM.expectPartialRevert(IKeeperSlashing.SpotInsideBand.selector);
        _prove(report, signatures);
    }
}
