// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperSlashing} from "../../../contracts/interfaces/IKeeperSlashing.sol";
import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {ReportHash} from "../../../contracts/libraries/ReportHash.sol";
import {RiskOracle} from "../../../contracts/oracle/RiskOracle.sol";
import {ReportHead} from "../../../contracts/types/KeeperTypes.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {TestEntries} from "../support/TestEntries.sol";
import {ProofFixture} from "./support/ProofFixture.sol";

/// @notice Two reports of one round under one key: what proves it, and what does not.
contract KeeperSlashingTest is ProofFixture {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant LIAR = 1;
    uint256 private constant NEW_KEY = 5;
    uint256 private constant PROOF_WINDOW = 7 days;

    struct Proof {
        ReportHead first;
        bytes firstSignature;
        ReportHead second;
        bytes secondSignature;
    }

    function test_TwoReportsForOneRoundTakeTheWholeStake() external {
        _prove(_equivocation(LIAR));
        VM.assertEq(_stakeOf(LIAR), 0);
        VM.assertEq(token.balanceOf(PROVER), (uint256(MIN_STAKE) * PROVER_SHARE_BPS) / 10_000);
        VM.assertEq(token.balanceOf(PROVER) + token.balanceOf(SINK), MIN_STAKE);
        for (uint256 i; i < KEEPERS; ++i) if (i != LIAR) VM.assertEq(_stakeOf(i), MIN_STAKE);
        staking.activate();
        VM.assertFalse(registry.isKeeper(VM.addr(keys[LIAR])));
    }

    function test_ReplayedItTakesNothingMore() external {
        Proof memory proof = _equivocation(LIAR);
        _prove(proof);
        bytes memory expected = abi.encodeWithSelector(IKeeperStaking.NoStakeLeft.selector, _operator(LIAR));
        _expect(proof, expected);
        (proof.first, proof.second) = (proof.second, proof.first);
        (proof.firstSignature, proof.secondSignature) = (proof.secondSignature, proof.firstSignature);
        _expect(proof, expected);
        VM.assertEq(token.balanceOf(PROVER) + token.balanceOf(SINK), MIN_STAKE);
    }

    function test_LeavingFirstIsNoWayOut() external {
        _requestLeave(LIAR);
        Proof memory proof = _equivocation(LIAR);
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY);
        staking.activate();
        VM.warp(VM.getBlockTimestamp() + OVERLAP + PROOF_WINDOW);
        _prove(proof);
        VM.assertEq(_stakeOf(LIAR), 0);
    }

    /// A key given up long ago may be a thief's: what it signs says nothing of its operator any more.
    function test_AKeyGivenUpAnswersForSevenDays() external {
        RiskReport memory report = _report();
        _rotate(LIAR, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        Proof memory proof = _equivocationOn(report, LIAR);
        address key = VM.addr(keys[LIAR]);
        uint256 until = registry.countsUntil(key) + PROOF_WINDOW;
        VM.warp(until + 1);
        _expect(proof, abi.encodeWithSelector(IKeeperSlashing.KeyTooOld.selector, key, until, until + 1));
        VM.warp(registry.countsUntil(key) + 3 * 365 days);
        VM.expectPartialRevert(IKeeperSlashing.KeyTooOld.selector);
        _prove(proof);
        VM.assertEq(_stakeOf(LIAR), MIN_STAKE);
        VM.warp(until);
        _prove(proof);
        VM.assertEq(_stakeOf(LIAR), 0);
    }

    function test_AKeyThatCountsAnswersHoweverOldTheProof() external {
        Proof memory proof = _equivocation(LIAR);
        VM.warp(VM.getBlockTimestamp() + 3 * 365 days);
        _prove(proof);
        VM.assertEq(_stakeOf(LIAR), 0);
    }

    function test_NeitherIsAnotherKey() external {
        _rotate(LIAR, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        RiskReport memory report = _report();
        staking.activate();
        // Signed in the overlap, by the old key under the old configuration.
        VM.warp(VM.getBlockTimestamp() + OVERLAP);
        _prove(_equivocationOn(report, LIAR));
        VM.assertEq(_stakeOf(LIAR), 0);
    }

    function test_RevertWhen_TheReportIsTheSame() external {
        Proof memory proof = _equivocation(LIAR);
        (proof.second, proof.secondSignature) = (proof.first, proof.firstSignature);
        bytes32 hash = oracle.hashReport(_report());
        bytes memory expected = abi.encodeWithSelector(IKeeperSlashing.SameReport.selector, hash);
        _expect(proof, expected);
        // Nor with the other signature of the same hash that the curve allows.
        proof.secondSignature = _malleable(LIAR, hash);
        _expect(proof, expected);
    }

    function test_RevertWhen_ASignatureIsMalleable() external {
        Proof memory proof = _equivocation(LIAR);
        proof.secondSignature = _malleable(LIAR, ReportHash.hashOf(proof.second, address(oracle)));
        _expect(proof, abi.encodeWithSelector(IKeeperRegistry.BadSignature.selector, 0));
    }

    function test_RevertWhen_TheRoundsOrConfigurationsDiffer() external {
        RiskReport memory report = _report();
        RiskReport memory other = _report();
        other.round = 4;
        _expectDifferent(report, other);
        other = _report();
        other.epoch = 8;
        _expectDifferent(report, other);
        other = _report();
        other.configDigest = keccak256("another configuration");
        _expectDifferent(report, other);
    }

    function test_RevertWhen_TheConfigurationNeverWas() external {
        RiskReport memory report = _report();
        report.configDigest = keccak256("never");
        _expect(
            _equivocationOn(report, LIAR),
            abi.encodeWithSelector(IKeeperRegistry.UnknownConfigDigest.selector, report.configDigest)
        );
    }

    function test_RevertWhen_TheSignerWasNoKeeperOfIt() external {
        _expect(
            _equivocation(STANDBY),
            abi.encodeWithSelector(IKeeperRegistry.UnknownSigner.selector, VM.addr(keys[STANDBY]))
        );
    }

    function test_RevertWhen_TwoKeepersSigned() external {
        Proof memory proof = _equivocation(0);
        proof.secondSignature = _equivocation(1).secondSignature;
        _expect(
            proof,
            abi.encodeWithSelector(
                IKeeperSlashing.DifferentSigners.selector,
                VM.addr(keys[0]),
                VM.addr(keys[1])
            )
        );
    }

    function test_RevertWhen_TheSignaturesAreForAnotherOracleOrChain() external {
        Proof memory proof = _equivocation(LIAR);
        RiskOracle other = _newOracle();
        proof.firstSignature = _signed(keys[LIAR], ReportHash.hashOf(proof.first, address(other)));
        _expectAnyRefusal(proof);
        proof = _equivocation(LIAR);
        VM.chainId(CHAIN_ID + 1);
        _expectAnyRefusal(proof);
        VM.chainId(CHAIN_ID);
        _prove(proof);
    }

    function test_RevertWhen_TheKeeperHasNoStakeBehindIt() external {
        // A key of the first configuration that never joined.
        registry.grantRole(registry.CONFIGURER_ROLE(), address(this));
        _configureLastFour();
        _expect(
            _equivocation(CANDIDATES - 1),
            abi.encodeWithSelector(IKeeperStaking.UnknownReportKey.selector, VM.addr(keys[CANDIDATES - 1]))
        );
    }

    /// What one honest signature is worth to whoever wants to slash its author: nothing, whatever is claimed beside it.
    function testFuzz_OneHonestSignatureProvesNothing(ReportHead memory claimed, bool sameRound) external {
        RiskReport memory report = _report();
        ReportHead memory head = _headOf(report);
        claimed.configDigest = head.configDigest;
        if (sameRound) (claimed.epoch, claimed.round) = (head.epoch, head.round);
        bytes memory honest = _sign(0, report);
        try slashing.proveEquivocation(head, honest, claimed, honest) {
            VM.assertTrue(false, "an honest keeper was slashed");
        } catch {
            VM.assertEq(_stakeOf(0), MIN_STAKE);
        }
        // Beside a signature of a keeper that helps.
        bytes memory helper = _signed(keys[1], ReportHash.hashOf(claimed, address(oracle)));
        try slashing.proveEquivocation(head, honest, claimed, helper) {
            VM.assertTrue(false, "an honest keeper was slashed");
        } catch {
            VM.assertEq(_stakeOf(0), MIN_STAKE);
        }
    }

    function testFuzz_TheHeadHashesToWhatTheOracleHashes(RiskReport memory report) external view {
        VM.assertEq(ReportHash.hashOf(_headOf(report), address(oracle)), oracle.hashReport(report));
    }

    function _configureLastFour() private {
        address[] memory last = new address[](KEEPERS);
        for (uint256 i; i < KEEPERS; ++i) last[i] = VM.addr(keys[CANDIDATES - KEEPERS + i]);
        registry.configure(TestEntries.from(last), 1);
    }

    function _equivocation(uint256 i) private view returns (Proof memory) {
        return _equivocationOn(_report(), i);
    }

    function _equivocationOn(RiskReport memory report, uint256 i) private view returns (Proof memory proof) {
        (proof.first, proof.firstSignature) = (_headOf(report), _sign(i, report));
        uint256 pegBps = report.pegBps;
        report.pegBps = uint16(pegBps - 1);
        (proof.second, proof.secondSignature) = (_headOf(report), _sign(i, report));
        report.pegBps = uint16(pegBps);
    }

    function _prove(Proof memory proof) private {
        VM.prank(PROVER);
        slashing.proveEquivocation(proof.first, proof.firstSignature, proof.second, proof.secondSignature);
    }

    function _expect(Proof memory proof, bytes memory expected) private {
        VM.expectRevert(expected);
        _prove(proof);
    }

    function _expectAnyRefusal(Proof memory proof) private {
        VM.expectRevert();
        _prove(proof);
        VM.assertEq(_stakeOf(LIAR), MIN_STAKE);
    }

    function _expectDifferent(RiskReport memory report, RiskReport memory other) private {
        Proof memory proof = Proof(_headOf(report), _sign(LIAR, report), _headOf(other), _sign(LIAR, other));
        _expect(
            proof,
            abi.encodeWithSelector(
                IKeeperSlashing.DifferentRounds.selector,
                report.configDigest,
                other.configDigest,
                (uint256(report.epoch) << 32) | report.round,
                (uint256(other.epoch) << 32) | other.round
            )
        );
    }

    function _malleable(uint256 i, bytes32 hash) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keys[i], hash);
        return abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }
}
