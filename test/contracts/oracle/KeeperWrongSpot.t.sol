// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperSlashing} from "../../../contracts/interfaces/IKeeperSlashing.sol";
import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {MockPriceFeed} from "../../../contracts/mocks/MockPriceFeed.sol";
import {KeeperSlashing} from "../../../contracts/oracle/KeeperSlashing.sol";
import {StakeDelays} from "../../../contracts/types/KeeperTypes.sol";
import {OracleParams, MarketOracleParams} from "../../../contracts/types/RiskParams.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {ProofFixture} from "./support/ProofFixture.sol";

/// @notice A signed spot against the feed's rounds around its observation.
contract KeeperWrongSpotTest is ProofFixture {
    uint256 private constant FEED_BAND_BPS = 200;
    uint256 private constant HEARTBEAT = 1 hours;
    /// The floor of the proof's band, which is wider than twice the feed's.
    uint256 private constant BAND_BPS = 500;
    uint80 private constant IN_FORCE = 2;
    int256 private constant PRICE_E8 = 3_000e8;
    int256 private constant NEXT_E8 = 3_030e8;
    uint256 private constant BEGAN_BEFORE = 10 minutes;
    uint256 private constant BEGAN_AFTER = 5 minutes;
    uint256 private constant HIGHEST_E8 = (3_030e8 * 10_500) / 10_000;
    uint256 private constant LOWEST_E8 = (3_000e8 * 9_500) / 10_000;

    MockPriceFeed private feed;
    uint256 private observedAt;

    function setUp() public override {
        super.setUp();
        observedAt = VM.getBlockTimestamp();
        feed = new MockPriceFeed(8, PRICE_E8);
        _setFeed(address(feed), FEED_BAND_BPS);
        _setRound(IN_FORCE, PRICE_E8, observedAt - BEGAN_BEFORE);
        _setRound(IN_FORCE + 1, NEXT_E8, observedAt + BEGAN_AFTER);
    }

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
            abi.encodeWithSelector(IKeeperSlashing.NobodyToSlash.selector, oracle.hashReport(report)),
            _signatures(report, 2)
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

    function test_AMarketThatIsWrongTwiceInOneReportCountsOnce() external {
        RiskReport memory report = _reportAt(LOWEST_E8 - 1);
        report.markets[1] = _word(1, LOWEST_E8 - 1);
        bytes[] memory signatures = _signatures(report, 1);
        _prove(report, signatures);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperSlashing.NobodyToSlash.selector, oracle.hashReport(report))
        );
        slashing.proveWrongSpot(report, signatures, 1, IN_FORCE);
    }

    function test_WhoHasNoStakeShieldsNobody() external {
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        staking.slash(VM.addr(keys[0]), 10_000, PROVER);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _prove(report, _signatures(report, 2));
        VM.assertEq(_stakeOf(1), (uint256(MIN_STAKE) * 9) / 10);
    }

    function test_RevertWhen_TheSpotIsInTheBandOfEitherRound() external {
        _expectInside(LOWEST_E8);
        _expectInside(HIGHEST_E8);
        _expectInside(uint256(PRICE_E8));
        // Above the band of the round in force, inside that of the next.
        _expectInside((uint256(PRICE_E8) * 10_500) / 10_000 + 1);
    }

    /// A keeper that signs what the oracle would accept against either round it can have seen is never slashed.
    function testFuzz_WhatTheOracleAcceptsIsNeverWrong(
        uint64 price,
        uint64 next,
        uint256 bandBps,
        uint256 share,
        bool sawNext
    ) external {
        price = uint64(bound(price, 1e6, 1e16));
        next = uint64(bound(next, 1e6, 1e16));
        bandBps = bound(bandBps, 10, 2_000);
        _setFeed(address(feed), bandBps);
        _setRound(IN_FORCE, int256(uint256(price)), observedAt - BEGAN_BEFORE);
        _setRound(IN_FORCE + 1, int256(uint256(next)), observedAt + BEGAN_AFTER);
        uint256 seen = sawNext ? next : price;
        share = bound(share, 10_000 - bandBps, 10_000 + bandBps);
        RiskReport memory report = _reportAt((seen * share) / 10_000);
        bytes[] memory signatures = _signatures(report, 1);
        try slashing.proveWrongSpot(report, signatures, 0, IN_FORCE) {
            VM.assertTrue(false, "an honest keeper was slashed");
        } catch {
            VM.assertEq(_stakeOf(0), MIN_STAKE);
        }
    }

    function test_TheBandGrowsWithTheFeeds() external {
        _setFeed(address(feed), 400);
        uint256 highestE8 = (uint256(NEXT_E8) * 10_800) / 10_000;
        _expectInside(highestE8);
        RiskReport memory report = _reportAt(highestE8 + 1);
        _prove(report, _signatures(report, 1));
    }

    function test_RevertWhen_TheRoundWasNotInForce() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        // Began one second too late.
        _setRound(IN_FORCE, PRICE_E8, observedAt + 1);
        _expectNotInForce(report, observedAt + 1, observedAt + BEGAN_AFTER);
        // The next began with the observation.
        _setRound(IN_FORCE, PRICE_E8, observedAt);
        _setRound(IN_FORCE + 1, NEXT_E8, observedAt);
        _expectNotInForce(report, observedAt, observedAt);
        _setRound(IN_FORCE + 1, NEXT_E8, observedAt + 1);
        _prove(report, _signatures(report, 1));
    }

    function test_RevertWhen_TheNextRoundHasNotBegun() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _setRound(IN_FORCE + 1, 0, 0);
        _expect(
            report,
            abi.encodeWithSelector(IKeeperSlashing.RoundIncomplete.selector, IN_FORCE + 1),
            _signatures(report, 1)
        );
    }

    function test_RevertWhen_TheFeedHadStopped() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        uint256 nextAt = observedAt - BEGAN_BEFORE + HEARTBEAT;
        _setRound(IN_FORCE + 1, NEXT_E8, nextAt + 1);
        _expect(
            report,
            abi.encodeWithSelector(
                IKeeperSlashing.RoundStale.selector,
                IN_FORCE,
                observedAt - BEGAN_BEFORE,
                observedAt
            ),
            _signatures(report, 1)
        );
        _setRound(IN_FORCE + 1, NEXT_E8, nextAt);
        _prove(report, _signatures(report, 1));
    }

    function test_RevertWhen_TheFeedsAnswerIsNone() external {
        _setRound(IN_FORCE, -1, observedAt - BEGAN_BEFORE);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _expect(
            report,
            abi.encodeWithSelector(IKeeperSlashing.FeedInvalid.selector, 1, int256(-1), 8),
            _signatures(report, 1)
        );
    }

    function test_FeedDecimalsAreRead() external {
        feed = new MockPriceFeed(18, PRICE_E8 * 1e10);
        _setFeed(address(feed), FEED_BAND_BPS);
        _setRound(IN_FORCE, PRICE_E8 * 1e10, observedAt - BEGAN_BEFORE);
        _setRound(IN_FORCE + 1, NEXT_E8 * 1e10, observedAt + BEGAN_AFTER);
        _expectInside(HIGHEST_E8);
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _prove(report, _signatures(report, 1));
    }

    function test_AProofHasSevenDays() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        bytes[] memory signatures = _signatures(report, 1);
        VM.warp(observedAt + 7 days + 1);
        _expect(
            report,
            abi.encodeWithSelector(IKeeperSlashing.ProofTooLate.selector, observedAt, observedAt + 1),
            signatures
        );
        VM.warp(observedAt + 7 days);
        _prove(report, signatures);
    }

    function test_RevertWhen_TheMarketHasNoFeedOrIsNone() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        bytes[] memory signatures = _signatures(report, 1);
        VM.expectRevert(abi.encodeWithSelector(IKeeperSlashing.NoFeed.selector, 2));
        slashing.proveWrongSpot(report, signatures, 1, IN_FORCE);
        VM.expectRevert(abi.encodeWithSelector(IKeeperSlashing.BadMarketIndex.selector, 2, 2));
        slashing.proveWrongSpot(report, signatures, 2, IN_FORCE);
        _setFeed(address(0), FEED_BAND_BPS);
        VM.expectRevert(abi.encodeWithSelector(IKeeperSlashing.NoFeed.selector, 1));
        slashing.proveWrongSpot(report, signatures, 0, IN_FORCE);
    }

    function test_RevertWhen_NobodyOrSomeoneElseSigned() external {
        RiskReport memory report = _reportAt(HIGHEST_E8 + 1);
        _expect(
            report,
            abi.encodeWithSelector(IKeeperSlashing.NobodyToSlash.selector, oracle.hashReport(report)),
            new bytes[](0)
        );
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _sign(STANDBY, report);
        _expect(
            report,
            abi.encodeWithSelector(IKeeperRegistry.UnknownSigner.selector, VM.addr(keys[STANDBY])),
            signatures
        );
        // A signature of another report says nothing of this one.
        signatures[0] = _sign(0, _reportAt(uint256(PRICE_E8)));
        VM.expectRevert();
        slashing.proveWrongSpot(report, signatures, 0, IN_FORCE);
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

    function _setFeed(address feed_, uint256 bandBps) private {
        OracleParams memory params;
        params.markets = new MarketOracleParams[](2);
        (params.markets[0].market, params.markets[1].market) = (1, 2);
        params.markets[0].feed = feed_;
        params.markets[0].feedBandBps = uint16(bandBps);
        params.markets[0].feedHeartbeatSeconds = uint32(HEARTBEAT);
        VM.mockCall(
            address(CONFIG),
            abi.encodeWithSelector(CONFIG.oracleParams.selector),
            abi.encode(params)
        );
    }

    function _setRound(uint80 roundId, int256 answer, uint256 updatedAt) private {
        feed.updateRoundData(roundId, answer, updatedAt, updatedAt);
    }

    function _reportAt(uint256 spotE8) private view returns (RiskReport memory report) {
        report = _report();
        report.observedAt = uint40(observedAt);
        report.markets[0] = _word(1, spotE8);
    }

    function _signatures(
        RiskReport memory report,
        uint256 count
    ) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i; i < count; ++i) signatures[i] = _sign(i, report);
    }

    function _prove(RiskReport memory report, bytes[] memory signatures) private {
        VM.prank(PROVER);
        slashing.proveWrongSpot(report, signatures, 0, IN_FORCE);
    }

    function _expect(RiskReport memory report, bytes memory expected, bytes[] memory signatures) private {
        VM.expectRevert(expected);
        _prove(report, signatures);
    }

    function _expectInside(uint256 spotE8) private {
        RiskReport memory report = _reportAt(spotE8);
        bytes[] memory signatures = _signatures(report, 1);
        VM.expectPartialRevert(IKeeperSlashing.SpotInsideBand.selector);
        _prove(report, signatures);
    }

    function _expectNotInForce(RiskReport memory report, uint256 updatedAt, uint256 nextAt) private {
        _expect(
            report,
            abi.encodeWithSelector(
                IKeeperSlashing.RoundNotInForce.selector,
                IN_FORCE,
                updatedAt,
                observedAt,
                nextAt
            ),
            _signatures(report, 1)
        );
    }
}
