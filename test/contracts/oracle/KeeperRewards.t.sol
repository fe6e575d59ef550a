// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperRewards} from "../../../contracts/interfaces/IKeeperRewards.sol";
import {IRiskOracle} from "../../../contracts/interfaces/IRiskOracle.sol";
import {KeeperRewards} from "../../../contracts/oracle/KeeperRewards.sol";
import {ReportHead} from "../../../contracts/types/KeeperTypes.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {ProofFixture} from "./support/ProofFixture.sol";

/// @notice Who signed the last accepted report is credited once; who did not is not.
contract KeeperRewardsTest is ProofFixture {
    uint128 private constant REWARD = 1e18;
    uint256 private constant QUORUM = 3;

    KeeperRewards private rewards;

    function setUp() public override {
        super.setUp();
        rewards = new KeeperRewards(registry, oracle, token, address(this), REWARD);
        token.mint(address(rewards), 100 * REWARD);
        _accept(_report());
    }

    function test_SignersAreCreditedAndWhoSleptIsNot() external {
        _claim(_report(), 0);
        for (uint256 i; i < QUORUM; ++i) VM.assertEq(rewards.owedUnits(VM.addr(keys[i])), REWARD);
        VM.assertEq(rewards.owedUnits(VM.addr(keys[3])), 0);
        VM.assertEq(rewards.totalOwedUnits(), QUORUM * REWARD);
        // Downtime costs no stake.
        VM.assertEq(_stakeOf(3), MIN_STAKE);
    }

    function test_WhoWasLeftOutIsCreditedByAnotherShowing() external {
        _claim(_report(), 0);
        _claim(_report(), 1);
        for (uint256 i; i < KEEPERS; ++i) VM.assertEq(rewards.owedUnits(VM.addr(keys[i])), REWARD);
        VM.assertEq(rewards.totalOwedUnits(), KEEPERS * REWARD);
    }

    function test_RevertWhen_EveryoneWasCredited() external {
        _claim(_report(), 0);
        RiskReport memory report = _report();
        bytes[] memory signatures = _signatures(report, 0);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperRewards.NobodyToCredit.selector, report.epoch, report.round)
        );
        rewards.claim(_headOf(report), signatures);
    }

    function test_EachAcceptedReportIsPaid() external {
        _claim(_report(), 0);
        RiskReport memory next = _report();
        next.round = 4;
        _accept(next);
        _claim(next, 0);
        VM.assertEq(rewards.owedUnits(VM.addr(keys[0])), 2 * REWARD);
    }

    function test_RevertWhen_TheReportIsNotTheLast() external {
        RiskReport memory report = _report();
        report.round = 2;
        _expectNotLast(report);
        report = _report();
        report.epoch = 8;
        _expectNotLast(report);
        report = _report();
        report.observedAt -= 1;
        _expectNotLast(report);
    }

    function test_RevertWhen_TheSignaturesAreNoQuorum() external {
        RiskReport memory report = _report();
        bytes[] memory two = new bytes[](2);
        (two[0], two[1]) = (_sign(0, report), _sign(1, report));
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.WrongSignatureCount.selector, 2, QUORUM));
        rewards.claim(_headOf(report), two);
        bytes[] memory signatures = _signatures(report, 0);
        signatures[2] = signatures[1];
        VM.expectRevert(
            abi.encodeWithSelector(
                IKeeperRegistry.DuplicateOrUnorderedSigner.selector,
                VM.addr(keys[1]),
                VM.addr(keys[1])
            )
        );
        rewards.claim(_headOf(report), signatures);
    }

    function test_PayingIsForThePayeeAndOnce() external {
        _claim(_report(), 0);
        address key = VM.addr(keys[0]);
        VM.prank(PROVER);
        rewards.pay(key);
        VM.assertEq(token.balanceOf(key), REWARD);
        VM.assertEq(rewards.totalOwedUnits(), (QUORUM - 1) * REWARD);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.NothingOwed.selector, key));
        rewards.pay(key);
        // Paid out, it is not credited again for the same report.
        RiskReport memory report = _report();
        bytes[] memory signatures = _signatures(report, 0);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperRewards.NobodyToCredit.selector, report.epoch, report.round)
        );
        rewards.claim(_headOf(report), signatures);
    }

    function test_RevertWhen_TheFundsDoNotReach() external {
        rewards.setReward(50 * REWARD);
        RiskReport memory report = _report();
        bytes[] memory signatures = _signatures(report, 0);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperRewards.Underfunded.selector, 100 * REWARD, 150 * REWARD)
        );
        rewards.claim(_headOf(report), signatures);
        token.mint(address(rewards), 50 * REWARD);
        _claim(report, 0);
        VM.assertEq(rewards.totalOwedUnits(), 150 * REWARD);
    }

    function test_RevertWhen_SomeoneElseSetsTheReward() external {
        VM.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                PROVER,
                bytes32(0)
            )
        );
        VM.prank(PROVER);
        rewards.setReward(1);
    }

    /// What is owed is always there to be paid.
    function testFuzz_OwedIsBacked(uint8[16] memory steps) external {
        RiskReport memory report = _report();
        for (uint256 i; i < steps.length; ++i) {
            if (steps[i] % 4 == 0) report.round += 1;
            _accept(report);
            bytes[] memory signatures = _signatures(report, steps[i] % 2);
            ReportHead memory head = _headOf(report);
            try rewards.claim(head, signatures) {} catch {}
            try rewards.pay(VM.addr(keys[steps[i] % KEEPERS])) {} catch {}
            uint256 sum;
            for (uint256 k; k < KEEPERS; ++k) sum += rewards.owedUnits(VM.addr(keys[k]));
            VM.assertEq(sum, rewards.totalOwedUnits());
            VM.assertGe(token.balanceOf(address(rewards)), sum);
        }
    }

    function _expectNotLast(RiskReport memory report) private {
        bytes[] memory signatures = _signatures(report, 0);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperRewards.NotLastReport.selector, report.epoch, report.round, 7, 3)
        );
        rewards.claim(_headOf(report), signatures);
    }

    function _accept(RiskReport memory report) private {
        IRiskOracle.Header memory header = IRiskOracle.Header({
            epoch: report.epoch,
            round: report.round,
            observedAt: report.observedAt,
            acceptedAt: report.observedAt,
            pegBps: report.pegBps
        });
        VM.mockCall(address(oracle), abi.encodeWithSelector(IRiskOracle.header.selector), abi.encode(header));
    }

    function _claim(RiskReport memory report, uint256 from) private {
        rewards.claim(_headOf(report), _signatures(report, from));
    }

    function _signatures(
        RiskReport memory report,
        uint256 from
    ) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](QUORUM);
        for (uint256 i; i < QUORUM; ++i) signatures[i] = _sign(from + i, report);
    }
}
