// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperSlashing} from "../../../contracts/interfaces/IKeeperSlashing.sol";
import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {KeeperSlashing} from "../../../contracts/oracle/KeeperSlashing.sol";
import {StakeDelays} from "../../../contracts/types/KeeperTypes.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {PhasedFeed} from "./support/PhasedFeed.sol";
import {SpotFixture} from "./support/SpotFixture.sol";

/// @notice A signed spot outside the band of every round about its observation: who loses what, and who loses nothing.
contract KeeperSlashingSpotTest is SpotFixture {
    uint256 private constant NEW_KEY = 5;

    function test_EverySignerOfAWrongSpotLosesATenth() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _prove(report, _signatures(report, 3));
        for (uint256 i; i < 3; ++i) VM.assertEq(_stakeOf(i), (uint256(MIN_STAKE) * 9) / 10);
        VM.assertEq(_stakeOf(3), MIN_STAKE);
        uint256 slashed = (3 * uint256(MIN_STAKE)) / 10;
        VM.assertEq(token.balanceOf(PROVER), (slashed * PROVER_SHARE_BPS) / 10_000);
        VM.assertEq(token.balanceOf(PROVER) + token.balanceOf(SINK), slashed);
    }

    function test_ReplayedItTakesOnlyFromWhoWasNotSlashedYet() external {
        RiskReport memory report = _reportAt(LOWEST_E8 - 1);
        _prove(report, _signatures(report, 2));
        _expect(
            report,
            _signatures(report, 2),
            abi.encodeWithSelector(IKeeperSlashing.NobodyToSlash.selector, oracle.hashReport(report))
        );
        _prove(report, _signatures(report, 4));
        for (uint256 i; i < KEEPERS; ++i) VM.assertEq(_stakeOf(i), (uint256(MIN_STAKE) * 9) / 10);
        // The same signature twice in one proof.
        bytes[] memory twice = new bytes[](2);
        RiskReport memory other = _reportAt(LOWEST_E8 - 1);
        other.round = 4;
        (twice[0], twice[1]) = (_sign(0, other), _sign(0, other));
        _prove(other, twice);
        VM.assertEq(_stakeOf(0), (uint256(MIN_STAKE) * 81) / 100);
    }

    function test_TheSameRoundNumberInAnotherEpochIsAnotherRound() external {
        RiskReport memory report = _reportAt(LOWEST_E8 - 1);
        _prove(report, _signatures(report, 1));
        report.epoch += 1;
        _prove(report, _signatures(report, 1));
        VM.assertEq(_stakeOf(0), (uint256(MIN_STAKE) * 81) / 100);
    }

    function test_AMarketThatIsWrongTwiceInOneReportCountsOnce() external {
        RiskReport memory report = _reportAt(LOWEST_E8 - 1);
        report.markets[1] = _word(1, LOWEST_E8 - 1);
        bytes[] memory signatures = _signatures(report, 1);
        _prove(report, signatures);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperSlashing.NobodyToSlash.selector, oracle.hashReport(report))
        );
        slashing.proveWrongSpot(report, signatures, 1, inForce);
    }

    function test_WhoHasNoStakeShieldsNobody() external {
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        staking.slash(VM.addr(keys[0]), 10_000, PROVER);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _prove(report, _signatures(report, 2));
        VM.assertEq(_stakeOf(1), (uint256(MIN_STAKE) * 9) / 10);
    }

    function test_RevertWhen_TheSpotIsInTheBandOfAnyRoundOfTheSpan() external {
        _expectInside(LOWEST_E8);
        _expectInside(HIGHEST_E8);
        _expectInside(uint256(PRICE_E8));
        // Above the band of the round in force, inside that of the next.
        _expectInside((uint256(PRICE_E8) * 10_500) / 10_000 + 2);
    }

    function test_TheRoundThatClosesTheSpanExcusesNobody() external {
        RiskReport memory report = _reportAt(uint256(CLOSING_E8));
        _prove(report, _signatures(report, 1));
        VM.assertEq(_stakeOf(0), (uint256(MIN_STAKE) * 9) / 10);
    }

    function test_TheBandGrowsWithTheFeeds() external {
        _setFeed(address(feed), 400, HEARTBEAT);
        // 8 % above the higher price, rounded up.
        uint256 highestE8 = 327_240_000_002;
        _expectInside(highestE8);
        RiskReport memory report = _reportAt(highestE8 + 1);
        _prove(report, _signatures(report, 1));
    }

    function test_FeedDecimalsAreRead() external {
        _observeWith(new PhasedFeed(18, PHASE), 1e10);
        _expectInside(HIGHEST_E8);
        _expectInside(LOWEST_E8);
        _expectTaken();
    }

    function test_AProofHasSevenDays() external {
        (RiskReport memory report, bytes[] memory signatures) = _wrong();
        VM.warp(observedAt + 7 days + 1);
        _expect(
            report,
            signatures,
            abi.encodeWithSelector(IKeeperSlashing.ProofTooLate.selector, observedAt, observedAt + 1)
        );
        VM.warp(observedAt + 7 days);
        _prove(report, signatures);
    }

    /// Of a key given up the signatures may be a thief's: after a week they take nothing, whatever time they name.
    function test_AKeyGivenUpAnswersForSevenDays() external {
        bytes32 digest = registry.configDigest();
        _rotate(0, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        uint256 countsUntil = registry.countsUntil(VM.addr(keys[0]));
        VM.warp(countsUntil + 7 days - 2 hours);
        _observeWith(new PhasedFeed(8, PHASE), 1);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        report.configDigest = digest;
        bytes[] memory signatures = _signatures(report, 2);
        VM.warp(countsUntil + 7 days + 1);
        // The key that still counts answers; the other is passed over.
        _prove(report, signatures);
        VM.assertEq(_stakeOf(0), MIN_STAKE);
        VM.assertEq(_stakeOf(1), (uint256(MIN_STAKE) * 9) / 10);
        VM.warp(countsUntil + 7 days);
        _prove(report, signatures);
        VM.assertEq(_stakeOf(0), (uint256(MIN_STAKE) * 9) / 10);
    }

    function test_RevertWhen_TheMarketHasNoFeedOrIsNone() external {
        (RiskReport memory report, bytes[] memory signatures) = _wrong();
        VM.expectRevert(abi.encodeWithSelector(IKeeperSlashing.NoFeed.selector, 2));
        slashing.proveWrongSpot(report, signatures, 1, inForce);
        VM.expectRevert(abi.encodeWithSelector(IKeeperSlashing.BadMarketIndex.selector, 2, 2));
        slashing.proveWrongSpot(report, signatures, 2, inForce);
        _setFeed(address(0), FEED_BAND_BPS, HEARTBEAT);
        _expectRefused(abi.encodeWithSelector(IKeeperSlashing.NoFeed.selector, 1));
    }

    function test_RevertWhen_NobodyOrSomeoneElseSigned() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _expect(
            report,
            new bytes[](0),
            abi.encodeWithSelector(IKeeperSlashing.NobodyToSlash.selector, oracle.hashReport(report))
        );
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign(STANDBY, report);
        _expect(
            report,
            signatures,
            abi.encodeWithSelector(IKeeperRegistry.UnknownSigner.selector, VM.addr(keys[STANDBY]))
        );
        // A signature of another report says nothing of this one.
        signatures[0] = _sign(0, _reportAt(uint256(PRICE_E8)));
        VM.expectRevert();
        slashing.proveWrongSpot(report, signatures, 0, inForce);
        VM.assertEq(_stakeOf(0), MIN_STAKE);
    }

    function test_RevertWhen_UnbondingIsNoLongerThanTheWindow() external {
        StakeDelays memory delays = _delays();
        delays.unbondingSeconds = 7 days;
        VM.mockCall(
            address(staking),
            abi.encodeWithSelector(IKeeperStaking.delays.selector),
            abi.encode(delays)
        );
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperSlashing.UnbondingTooShort.selector, 7 days, 7 days + 1)
        );
        new KeeperSlashing(registry, staking, oracle, CONFIG);
    }
}
