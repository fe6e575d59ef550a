// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperSlashing} from "../../../contracts/interfaces/IKeeperSlashing.sol";
import {KeeperSlashing} from "../../../contracts/oracle/KeeperSlashing.sol";
import {PriceGuard} from "../../../contracts/oracle/PriceGuard.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {SpotFixture} from "./support/SpotFixture.sol";

/// @notice Which rounds of a feed judge a spot: all that a keeper can have seen about its observation, under the rules of that time.
contract KeeperSlashingSpanTest is SpotFixture {
    uint16 private constant NEW_PHASE = PHASE + 1;

    function test_TheRoundInForceWhenTheSpanBeginsOrAnEarlierOneOpensIt() external {
        feed.change(inForce, PRICE_E8, observedAt - SLACK);
        _expectTaken();
        feed.change(inForce, PRICE_E8, observedAt - SLACK + 1);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        report.round += 1;
        _expect(
            report,
            _signatures(report, 1),
            abi.encodeWithSelector(
                IKeeperSlashing.SpanBeginsLate.selector,
                inForce,
                observedAt - SLACK + 1,
                observedAt - SLACK
            )
        );
    }

    function test_ARoundThatBeginsWithTheLastSecondOfTheSpanStillCounts() external {
        int256 higherE8 = 330_000_000_000;
        feed.change(inForce + 1, higherE8, observedAt + SLACK);
        _expectInside(HIGHEST_E8 + 1);
        feed.change(inForce + 1, higherE8, observedAt + SLACK + 1);
        _expectTaken();
    }

    function test_RevertWhen_NoRoundHasBegunAfterTheSpan() external {
        VM.warp(observedAt + CLOSED_AFTER - 1);
        _expectRefused(
            abi.encodeWithSelector(IKeeperSlashing.SpanNotOver.selector, inForce + 1, observedAt + SLACK)
        );
        VM.warp(observedAt + CLOSED_AFTER);
        _expectTaken();
    }

    function test_RevertWhen_ThereIsNoSuchRound() external {
        inForce -= 1;
        _expectRefused(abi.encodeWithSelector(IKeeperSlashing.RoundIncomplete.selector, inForce));
    }

    function test_RevertWhen_TheFeedHadStoppedBetweenAnyTwoRounds() external {
        uint256 nextAt = observedAt + BEGAN_AFTER;
        feed.change(inForce, PRICE_E8, nextAt - HEARTBEAT - 1);
        _expectRefused(
            abi.encodeWithSelector(
                IKeeperSlashing.RoundStale.selector,
                inForce,
                nextAt - HEARTBEAT - 1,
                nextAt
            )
        );
        feed.change(inForce, PRICE_E8, nextAt - HEARTBEAT);
        feed.change(inForce + 2, CLOSING_E8, nextAt + HEARTBEAT + 1);
        VM.warp(nextAt + HEARTBEAT + 1);
        _expectRefused(
            abi.encodeWithSelector(
                IKeeperSlashing.RoundStale.selector,
                inForce + 1,
                nextAt,
                nextAt + HEARTBEAT + 1
            )
        );
        feed.change(inForce + 2, CLOSING_E8, nextAt + HEARTBEAT);
        _expectTaken();
    }

    function test_RevertWhen_AnAnswerIsNone() external {
        feed.change(inForce, -1, observedAt - BEGAN_BEFORE);
        _expectRefused(abi.encodeWithSelector(IKeeperSlashing.FeedInvalid.selector, 1, int256(-1), 8));
        feed.change(inForce, PRICE_E8, observedAt - BEGAN_BEFORE);
        feed.change(inForce + 1, 0, observedAt + BEGAN_AFTER);
        _expectRefused(abi.encodeWithSelector(IKeeperSlashing.FeedInvalid.selector, 1, int256(0), 8));
    }

    /// The feed moves twice between the observation and a signature ten seconds later; the oracle accepts what it answers then.
    function test_AFeedThatOutrunsTheObservationSlashesNobody() external {
        feed.change(inForce + 1, 291_000_000_000, observedAt + 2);
        feed.change(inForce + 2, 280_000_000_000, observedAt + 5);
        feed.push(PHASE, 280_000_000_000, observedAt + CLOSED_AFTER);
        VM.warp(observedAt + 10);
        uint256 spotE8 = 275_000_000_000;
        new PriceGuard().requireWithinBand(1, spotE8, address(feed), FEED_BAND_BPS, HEARTBEAT);
        VM.warp(observedAt + CLOSED_AFTER);
        _expectInside(spotE8);
    }

    /// The aggregator left behind goes on with a price of its own.
    function test_RevertWhen_TheFeedHadLeftTheAggregator() external {
        feed.push(NEW_PHASE, PRICE_E8, observedAt - 1 hours);
        feed.moveTo(NEW_PHASE, observedAt + CLOSED_AFTER - 1);
        _expectRefused(_wrongPhase(inForce, feed.idOf(NEW_PHASE, 1), PHASE));
        slashing.notePhase(1);
        _expectRefused(_wrongPhase(inForce, feed.idOf(NEW_PHASE, 1), NEW_PHASE));
    }

    /// The aggregator that a feed moves to had rounds before, which no keeper saw.
    function test_RevertWhen_TheFeedMovedToTheAggregatorAfterwards() external {
        uint256 movedAt = observedAt + CLOSED_AFTER - 1;
        feed.push(NEW_PHASE, 2 * PRICE_E8, observedAt - 5 minutes);
        feed.push(NEW_PHASE, 2 * PRICE_E8, observedAt + 4 minutes);
        feed.moveTo(NEW_PHASE, movedAt);
        inForce = feed.idOf(NEW_PHASE, 1);
        bytes memory wrongPhase = _wrongPhase(inForce, inForce + 1, PHASE);
        _expectRefused(wrongPhase);
        VM.expectEmit(address(slashing));
        emit IKeeperSlashing.PhaseNoted(address(feed), NEW_PHASE);
        slashing.notePhase(1);
        uint256 notedAt = VM.getBlockTimestamp();
        _expectRefused(_phaseNotKnown(notedAt));
        // Noting it again changes nothing.
        VM.warp(notedAt + 1 minutes);
        slashing.notePhase(1);
        _expectRefused(_phaseNotKnown(notedAt));
        (uint16 phase, uint40 since) = slashing.phaseOf(address(feed));
        VM.assertEq(phase, NEW_PHASE);
        VM.assertEq(since, notedAt);
    }

    function test_APhaseNotedWhenTheSpanBeginsIsEnough() external {
        uint256 from = observedAt - SLACK;
        KeeperSlashing other = _notedAt(from);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        other.proveWrongSpot(report, _signatures(report, 1), 0, inForce);
        VM.assertEq(_stakeOf(0), (uint256(MIN_STAKE) * 9) / 10);
        other = _notedAt(from + 1);
        report.round += 1;
        bytes[] memory signatures = _signatures(report, 1);
        VM.expectRevert(_phaseNotKnown(from + 1));
        other.proveWrongSpot(report, signatures, 0, inForce);
    }

    function test_TheFeedsOfTheDeploymentAreNotedByIt() external {
        KeeperSlashing other = _newSlashing();
        (uint16 phase, uint40 since) = other.phaseOf(address(feed));
        VM.assertEq(phase, PHASE);
        VM.assertEq(since, VM.getBlockTimestamp());
    }

    function test_AFeedThatDoesNotAnswerKeepsNobodyFromDeployingAndIsNotNoted() external {
        _setFeed(address(0xDEAD), FEED_BAND_BPS, HEARTBEAT);
        KeeperSlashing other = _newSlashing();
        (, uint40 since) = other.phaseOf(address(0xDEAD));
        VM.assertEq(since, 0);
        bytes memory expected = abi.encodeWithSelector(
            IKeeperSlashing.FeedUnavailable.selector,
            address(0xDEAD)
        );
        VM.expectRevert(expected);
        other.notePhase(1);
        _expectRefused(expected);
        VM.expectRevert(abi.encodeWithSelector(IKeeperSlashing.NoFeed.selector, 2));
        other.notePhase(2);
    }

    /// A feed that governance names now judges nothing from before, nor does a band that it narrows.
    function test_RevertWhen_TheRulesAreYoungerThanTheSpan() external {
        uint256 from = observedAt - SLACK;
        _setRulesSince(from + 1);
        _expectRefused(abi.encodeWithSelector(IKeeperSlashing.RulesTooNew.selector, from + 1, from));
        _setRulesSince(from);
        _expectTaken();
    }

    /// A second slashing contract, whose feed was noted then.
    function _notedAt(uint256 timestamp) private returns (KeeperSlashing other) {
        uint256 now_ = VM.getBlockTimestamp();
        VM.warp(timestamp);
        other = _newSlashing();
        staking.grantRole(staking.SLASHER_ROLE(), address(other));
        VM.warp(now_);
    }

    function _wrongPhase(uint80 first, uint80 latest, uint16 noted) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IKeeperSlashing.WrongPhase.selector, first, latest, noted);
    }

    function _phaseNotKnown(uint256 notedAt) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IKeeperSlashing.PhaseNotKnown.selector,
                address(feed),
                notedAt,
                observedAt - SLACK
            );
    }
}
