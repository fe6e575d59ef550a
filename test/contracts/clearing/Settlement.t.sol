// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../../contracts/clearing/Settlement.sol";
import {ISettlement} from "../../../contracts/interfaces/ISettlement.sol";
import {InstrumentId, InstrumentKind, toInstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {HouseFixture} from "../support/HouseFixture.sol";

contract SettlementTest is HouseFixture {
    uint256 private constant WINDOW = 30 minutes;
    uint256 private constant SAMPLES = 3;
    uint256 private constant DELAY = 2 hours;

    Settlement private settlement;
    uint32 private round = 1;

    function setUp() public override {
        super.setUp();
        settlement = new Settlement(address(house), address(oracle), WINDOW, SAMPLES, DELAY);
        house.grantRole(house.SETTLEMENT_ROLE(), address(settlement));
    }

    function test_TheFixingIsTheMeanOfTheSamplesRoundedDown() external {
        _sampleAt(EXPIRY - WINDOW, 3_000e8);
        _sampleAt(EXPIRY - 10 minutes, 3_100e8);
        _sampleAt(EXPIRY - 1, 3_100e8 + 1);
        _report(EXPIRY + 1, 9_999e8);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), uint256(9_200e8 + 1) / 3);
    }

    function test_AReportObservedAtTheExpiryIsTakenBySettingTheFixing() external {
        _sampleAt(EXPIRY - 2, 3_000e8);
        _sampleAt(EXPIRY - 1, 3_000e8);
        _report(EXPIRY, 3_300e8);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), 3_100e8);
    }

    function test_RevertWhen_AReportIsSampledTwice() external {
        _sampleAt(EXPIRY - 1, 3_000e8);
        VM.expectRevert(
            abi.encodeWithSelector(ISettlement.AlreadySampled.selector, ETH, EXPIRY, uint64(1), round)
        );
        settlement.sample(ETH, EXPIRY);
    }

    function test_RevertWhen_AReportIsOutsideTheWindow() external {
        uint256 from = EXPIRY - WINDOW;
        _report(from - 1, 3_000e8);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.OutsideWindow.selector, from - 1, from, EXPIRY));
        settlement.sample(ETH, EXPIRY);
        _sampleAt(EXPIRY + 1, 3_000e8);
        _report(EXPIRY + 2, 3_001e8);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.OutsideWindow.selector, EXPIRY + 2, from, EXPIRY));
        settlement.sample(ETH, EXPIRY);
    }

    /// A jump that nobody confirmed would stay in the fixing for good.
    function test_RevertWhen_AQuarantinedSpotIsSampled() external {
        _report(EXPIRY - 1, 4_500e8);
        oracle.setQuarantined(ETH, true);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.UnconfirmedSpot.selector, ETH));
        settlement.sample(ETH, EXPIRY);
    }

    function test_AQuarantinedSpotEntersNoFixingBySettingItEither() external {
        _sampleAt(EXPIRY - 3, 3_000e8);
        _sampleAt(EXPIRY - 2, 3_000e8);
        _sampleAt(EXPIRY - 1, 3_000e8);
        _report(EXPIRY, 4_500e8);
        oracle.setQuarantined(ETH, true);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), 3_000e8);
    }

    function test_RevertWhen_TheMarketIsUnknown() external {
        _report(EXPIRY - 1, 3_000e8);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.UnknownMarket.selector, uint16(9)));
        settlement.sample(9, EXPIRY);
    }

    function test_RevertWhen_TheFixingIsSetBeforeTheExpiry() external {
        VM.warp(EXPIRY - 1);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.NotExpired.selector, EXPIRY, EXPIRY - 1));
        settlement.setFixing(ETH, EXPIRY);
    }

    function test_RevertWhen_SamplesMayStillCome() external {
        _sampleAt(EXPIRY - 3, 3_000e8);
        _sampleAt(EXPIRY - 2, 3_000e8);
        _sampleAt(EXPIRY - 1, 3_000e8);
        VM.warp(EXPIRY + 5);
        VM.expectRevert(
            abi.encodeWithSelector(ISettlement.SamplingOpen.selector, EXPIRY - 1, EXPIRY + DELAY)
        );
        settlement.setFixing(ETH, EXPIRY);
        // When the oracle never speaks again, the samples that are there count after the delay.
        VM.warp(EXPIRY + DELAY);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), 3_000e8);
    }

    function test_TheFixingIsWrittenOnce() external {
        _fix(3_500e8);
        bytes memory already = abi.encodeWithSelector(ISettlement.AlreadyFixed.selector, ETH, EXPIRY);
        VM.expectRevert(already);
        settlement.setFixing(ETH, EXPIRY);
        VM.expectRevert(already);
        settlement.sample(ETH, EXPIRY);
    }

    function test_WithTooFewSamplesTheFirstReportAfterTheExpiryFixesAfterTheDelay() external {
        _sampleAt(EXPIRY - 1, 3_000e8);
        _sampleAt(EXPIRY + 7, 3_070e8);
        _report(EXPIRY + 60, 3_600e8);
        VM.warp(EXPIRY + DELAY - 1);
        VM.expectRevert(
            abi.encodeWithSelector(ISettlement.FallbackNotDue.selector, 1, SAMPLES, EXPIRY + DELAY)
        );
        settlement.setFixing(ETH, EXPIRY);
        VM.warp(EXPIRY + DELAY);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), 3_070e8);
    }

    function test_AReportObservedAtTheExpiryIsTheFallbackToo() external {
        _sampleAt(EXPIRY, 3_005e8);
        _report(EXPIRY + 60, 3_600e8);
        (uint256 samples, uint256 fallbackE8) = settlement.samplesOf(ETH, EXPIRY);
        VM.assertEq(samples, 1);
        VM.assertEq(fallbackE8, 3_005e8);
        VM.warp(EXPIRY + DELAY);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), 3_005e8);
    }

    function test_AnUnshownFallbackIsTheCurrentReport() external {
        _report(EXPIRY + DELAY, 3_600e8);
        settlement.setFixing(ETH, EXPIRY);
        VM.assertEq(settlement.fixingE8(ETH, EXPIRY), 3_600e8);
    }

    function test_RevertWhen_ThereIsNeitherEnoughSamplesNorALaterReport() external {
        _sampleAt(EXPIRY - 1, 3_000e8);
        VM.warp(EXPIRY + DELAY);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.TooFewSamples.selector, 1, SAMPLES));
        settlement.setFixing(ETH, EXPIRY);
    }

    function test_AnyoneSettlesAnAccountAtItsPayoff() external {
        (uint256 a, uint256 b) = _traded();
        _fix(3_500e8);
        VM.prank(carol);
        settlement.settle(a, call);
        VM.assertEq(house.cashE6(a), int256(10_400 * USD));
        VM.assertEq(house.sizeOf(a, call), 0);
        settlement.settle(b, call);
        VM.assertEq(house.cashE6(b), int256(9_600 * USD));
        VM.assertEq(_cashErrorE16(), 0);
    }

    function test_AnAccountsExpiredPositionsSettleTogether() external {
        (uint256 a, uint256 b) = _traded();
        _trade(a, b, put, UNIT, uint128(MARK_E8));
        _trade(a, b, future, UNIT, uint128(FUTURE_MARK_E8));
        oracle.addExpiry(ETH, EXPIRY + 1 days);
        InstrumentId later = toInstrumentId(ETH, uint40(EXPIRY + 1 days), 3_000e8, InstrumentKind.Call);
        _list(later);
        _trade(a, b, later, UNIT, 0);
        VM.assertEq(settlement.settleAccount(a), 0);
        _fix(2_400e8);
        VM.assertEq(settlement.settleAccount(a), 3);
        VM.assertEq(house.positions(a).length, 1);
        // 10,000 - 100 - 100 - 3,010, and back 0 + 600 + 2,400.
        VM.assertEq(house.cashE6(a), int256(9_790 * USD));
        VM.assertEq(settlement.settleAccount(b), 3);
        VM.assertEq(house.pendingSettlementE16(), 0);
        VM.assertEq(_cashErrorE16(), 0);
    }

    function test_ABatchPassesOverAccountsWithoutAPosition() external {
        (uint256 a, uint256 b) = _traded();
        _fix(3_500e8);
        uint256[] memory accounts = new uint256[](4);
        (accounts[0], accounts[1], accounts[2], accounts[3]) = (a, 99, b, a);
        settlement.settleBatch(accounts, call);
        VM.assertEq(house.cashE6(a), int256(10_400 * USD));
        VM.assertEq(house.cashE6(b), int256(9_600 * USD));
    }

    function test_RevertWhen_ABatchIsTooLarge() external {
        _fix(3_500e8);
        uint256 max = settlement.MAX_BATCH();
        VM.expectRevert(abi.encodeWithSelector(ISettlement.BatchTooLarge.selector, max + 1, max));
        settlement.settleBatch(new uint256[](max + 1), call);
    }

    function test_RevertWhen_SettlingWithoutAFixingOrAPosition() external {
        (uint256 a, ) = _traded();
        VM.expectRevert(abi.encodeWithSelector(ISettlement.NotFixed.selector, ETH, EXPIRY));
        settlement.settle(a, call);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.NotFixed.selector, ETH, EXPIRY));
        settlement.settleBatch(new uint256[](1), call);
        _fix(3_500e8);
        settlement.settle(a, call);
        VM.expectRevert(abi.encodeWithSelector(ISettlement.NothingToSettle.selector, a, call));
        settlement.settle(a, call);
    }

    function test_SettlementPassesAPauseAMarginCallAndAStaleReport() external {
        (uint256 a, ) = _traded();
        _fix(3_500e8);
        house.pauseRiskIncrease(block.timestamp + 1 hours);
        house.setReduceOnly(a, true);
        engine.setAge(2 hours);
        settlement.settle(a, call);
        VM.assertEq(house.cashE6(a), int256(10_400 * USD));
    }

    function testFuzz_ACallLessAPutPaysFixingLessStrike(uint64 fixing, uint64 strike) external view {
        InstrumentId c = toInstrumentId(ETH, uint40(EXPIRY), strike, InstrumentKind.Call);
        InstrumentId p = toInstrumentId(ETH, uint40(EXPIRY), strike, InstrumentKind.Put);
        InstrumentId f = toInstrumentId(ETH, uint40(EXPIRY), 0, InstrumentKind.Future);
        uint256 callPays = settlement.payoffE8(c, fixing);
        uint256 putPays = settlement.payoffE8(p, fixing);
        VM.assertEq(int256(callPays) - int256(putPays), int256(uint256(fixing)) - int256(uint256(strike)));
        VM.assertTrue(callPays == 0 || putPays == 0);
        VM.assertEq(settlement.payoffE8(f, fixing), fixing);
    }

    function test_RevertWhen_AParameterIsOutOfBoundsByOne() external {
        uint256 day = 1 days;
        _expectBounds("windowSeconds", 59, 60, day);
        new Settlement(address(house), address(oracle), 59, SAMPLES, DELAY);
        _expectBounds("windowSeconds", day + 1, 60, day);
        new Settlement(address(house), address(oracle), day + 1, SAMPLES, DELAY);
        _expectBounds("minSamples", 0, 1, 1_440);
        new Settlement(address(house), address(oracle), WINDOW, 0, DELAY);
        _expectBounds("minSamples", 1_441, 1, 1_440);
        new Settlement(address(house), address(oracle), WINDOW, 1_441, DELAY);
        _expectBounds("fallbackSeconds", 59, 60, 7 days);
        new Settlement(address(house), address(oracle), WINDOW, SAMPLES, 59);
        _expectBounds("fallbackSeconds", 7 days + 1, 60, 7 days);
        new Settlement(address(house), address(oracle), WINDOW, SAMPLES, 7 days + 1);
    }

    function test_RevertWhen_SettlementIsBuiltOnNobody() external {
        bytes memory zero = abi.encodeWithSelector(ISettlement.ZeroAddress.selector);
        VM.expectRevert(zero);
        new Settlement(address(0), address(oracle), WINDOW, SAMPLES, DELAY);
        VM.expectRevert(zero);
        new Settlement(address(house), address(0), WINDOW, SAMPLES, DELAY);
    }

    function _traded() private returns (uint256 a, uint256 b) {
        a = _open(alice, 10_000 * USD);
        b = _open(bob, 10_000 * USD);
        _trade(a, b, call, UNIT, uint128(MARK_E8));
    }

    function _fix(uint64 spotE8) private {
        for (uint256 i = SAMPLES; i > 0; --i) _sampleAt(EXPIRY - i, spotE8);
        _report(EXPIRY + 1, spotE8);
        settlement.setFixing(ETH, EXPIRY);
    }

    function _sampleAt(uint256 observedAt, uint64 spotE8) private {
        _report(observedAt, spotE8);
        settlement.sample(ETH, EXPIRY);
    }

    function _report(uint256 observedAt, uint64 spotE8) private {
        VM.warp(observedAt);
        oracle.setSpot(ETH, spotE8);
        // The test's clock fits 40 bits.
        oracle.setHeader(1, ++round, uint40(observedAt));
    }

    function _expectBounds(bytes32 name, uint256 value, uint256 min, uint256 max) private {
        VM.expectRevert(
            abi.encodeWithSelector(ISettlement.ParameterOutOfBounds.selector, name, value, min, max)
        );
    }
}
