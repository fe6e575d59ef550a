// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperRewards} from "../../../contracts/interfaces/IKeeperRewards.sol";
import {IRiskOracle} from "../../../contracts/interfaces/IRiskOracle.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {LiveOracleFixture} from "./support/LiveOracleFixture.sol";

/// @notice Who signed an accepted report gets a share, once; who carried it some; who did neither nothing.
contract KeeperRewardsTest is LiveOracleFixture {
    function test_SignersAndTheCarrierAreCountedAndWhoSleptIsNot() external {
        _carryNext(1);
        VM.assertEq(uint256(oracle.header().round), 1);
        VM.assertEq(rewards.owedUnits(_keyOf(0)), REWARD);
        VM.assertEq(rewards.owedUnits(_keyOf(1)), (1 + CARRIAGE) * REWARD);
        VM.assertEq(rewards.owedUnits(_keyOf(2)), REWARD);
        VM.assertEq(rewards.owedUnits(_keyOf(3)), 0);
        VM.assertEq(rewards.totalOwedUnits(), (3 + CARRIAGE) * REWARD);
        // Downtime costs no stake.
        VM.assertEq(_stakeOf(3), MIN_STAKE);
    }

    function test_WhoCarriesNeedNotSignAndNobodyNeedGetTheCarriage() external {
        _carryNext(3);
        VM.assertEq(rewards.owedUnits(_keyOf(3)), CARRIAGE * REWARD);
        _carryNext(NOBODY);
        // One beyond the four positions of the configuration, in the same word.
        _carryNext(KEEPERS);
        VM.assertEq(rewards.totalOwedUnits(), (3 * 3 + CARRIAGE) * REWARD);
        uint256 sum;
        for (uint256 i; i < KEEPERS; ++i) sum += rewards.owedUnits(_keyOf(i));
        VM.assertEq(sum, rewards.totalOwedUnits());
    }

    function test_RevertWhen_TheOracleRefusesTheReport() external {
        RiskReport memory report = _carryNext(NOBODY);
        bytes[] memory signatures = _signedBy(report, 0, 1, 2);
        VM.expectRevert(abi.encodeWithSelector(IRiskOracle.EpochRoundNotRising.selector, 7, round, 7, round));
        rewards.submit(report, signatures, 0);
        VM.assertEq(rewards.totalOwedUnits(), 3 * REWARD);
    }

    function test_ManyReportsArePaidAtOnceToThePayeeAndOnce() external {
        for (uint256 i; i < 5; ++i) _carryNext(0);
        address key = _keyOf(0);
        uint256 due = 5 * (1 + CARRIAGE) * REWARD;
        VM.expectEmit(address(rewards));
        emit IKeeperRewards.Paid(key, _payeeOf(0), due, 0);
        VM.prank(PROVER);
        VM.assertEq(rewards.pay(key), due);
        VM.assertEq(token.balanceOf(_payeeOf(0)), due);
        VM.assertEq(token.balanceOf(key), 0);
        VM.assertEq(rewards.owedUnits(key), 0);
        VM.assertEq(rewards.totalOwedUnits(), 5 * 2 * REWARD);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.NothingOwed.selector, key));
        rewards.pay(key);
        // The others' shares are still there.
        VM.assertEq(rewards.pay(_keyOf(1)), 5 * REWARD);
    }

    function test_SharesKeepTheTariffOfTheirTime() external {
        _carryNext(0);
        VM.warp(VM.getBlockTimestamp() + 1);
        rewards.setTariff(3 * REWARD, 2);
        VM.assertEq(rewards.unitsPerSignature(), 3 * REWARD);
        VM.assertEq(rewards.carriageShares(), 2);
        _carryNext(0);
        uint256 due = (1 + CARRIAGE) * REWARD + (1 + 2) * 3 * REWARD;
        VM.assertEq(rewards.owedUnits(_keyOf(0)), due);
        VM.assertEq(rewards.totalOwedUnits(), due + 2 * (REWARD + 3 * REWARD));
        VM.assertEq(rewards.pay(_keyOf(0)), due);
    }

    function test_WhatAnotherCarriedIsClaimedOnceForEachSigner() external {
        RiskReport memory report = _nextReport();
        oracle.submit(report, _signedBy(report, 0, 1, 2));
        VM.prank(PROVER);
        rewards.claim(_headOf(report), _signedBy(report, 0, 1, 2));
        for (uint256 i; i < QUORUM; ++i) VM.assertEq(rewards.owedUnits(_keyOf(i)), REWARD);
        // Who was left out is counted by another showing, the others not again.
        rewards.claim(_headOf(report), _signedBy(report, 1, 2, 3));
        for (uint256 i; i < KEEPERS; ++i) VM.assertEq(rewards.owedUnits(_keyOf(i)), REWARD);
        VM.assertEq(rewards.totalOwedUnits(), KEEPERS * REWARD);
        _expectNobodyToCredit(report, _signedBy(report, 0, 2, 3));
    }

    function test_WhatWasCarriedThroughHereIsNotCountedAgain() external {
        RiskReport memory report = _carryNext(0);
        _expectNobodyToCredit(report, _signedBy(report, 0, 1, 2));
        rewards.pay(_keyOf(0));
        _expectNobodyToCredit(report, _signedBy(report, 0, 1, 2));
        rewards.claim(_headOf(report), _signedBy(report, 0, 1, 3));
        VM.assertEq(rewards.owedUnits(_keyOf(3)), REWARD);
        VM.assertEq(rewards.owedUnits(_keyOf(0)), 0);
    }

    function test_RevertWhen_TheReportIsNotTheLast() external {
        RiskReport memory report = _carryNext(NOBODY);
        report.round += 1;
        _expectNotLast(report);
        report.round -= 1;
        // The same round number in another epoch is another report.
        report.epoch += 1;
        _expectNotLast(report);
        report.epoch -= 1;
        report.observedAt -= 1;
        _expectNotLast(report);
    }

    function test_RevertWhen_TheSignaturesAreNoQuorum() external {
        RiskReport memory report = _carryNext(NOBODY);
        bytes[] memory two = new bytes[](2);
        (two[0], two[1]) = (_signedBy(report, 0, 1, 3)[0], _signedBy(report, 0, 1, 3)[1]);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.WrongSignatureCount.selector, 2, QUORUM));
        rewards.claim(_headOf(report), two);
        bytes[] memory signatures = _signedBy(report, 0, 3, 3);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperRegistry.DuplicateOrUnorderedSigner.selector, _keyOf(3), _keyOf(3))
        );
        rewards.claim(_headOf(report), signatures);
        // The quorum signed, but something else.
        signatures = _signedBy(report, 0, 1, 3);
        report.pegBps += 1;
        VM.expectRevert();
        rewards.claim(_headOf(report), signatures);
    }

    /// A report counted before the change would be counted again under the new tariff.
    function test_RevertWhen_TheReportIsOfAnotherTariff() external {
        RiskReport memory report = _carryNext(NOBODY);
        rewards.setTariff(REWARD, 0);
        uint256 now_ = VM.getBlockTimestamp();
        bytes[] memory signatures = _signedBy(report, 0, 1, 3);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.AcceptedUnderOtherTariff.selector, now_, now_));
        rewards.claim(_headOf(report), signatures);
        report = _carryNext(NOBODY);
        rewards.claim(_headOf(report), _signedBy(report, 0, 1, 3));
    }

    function test_WhatIsMissingStaysADebtBesideWhatIsOwedMeanwhile() external {
        rewards.recover(SINK);
        token.mint(address(rewards), 5 * REWARD);
        _carryNext(0);
        // Seven are owed, five are there: the carrier takes its five.
        VM.assertEq(rewards.pay(_keyOf(0)), 5 * REWARD);
        address key = _keyOf(1);
        VM.expectEmit(address(rewards));
        emit IKeeperRewards.Paid(key, _payeeOf(1), 0, REWARD);
        VM.assertEq(rewards.pay(key), 0);
        _carryNext(1);
        token.mint(address(rewards), 2 * REWARD);
        VM.assertEq(rewards.owedUnits(key), (2 + CARRIAGE) * REWARD);
        VM.assertEq(rewards.pay(key), 2 * REWARD);
        VM.assertEq(rewards.owedUnits(key), CARRIAGE * REWARD);
        // Two of key 2 and one of key 0 beside it.
        VM.assertEq(rewards.totalOwedUnits(), (CARRIAGE + 3) * REWARD);
        token.mint(address(rewards), 100 * REWARD);
        VM.assertEq(rewards.pay(key), CARRIAGE * REWARD);
        VM.assertEq(token.balanceOf(_payeeOf(1)), (2 + CARRIAGE) * REWARD);
    }

    function test_GovernanceTakesBackWhatNobodyIsOwed() external {
        _carryNext(0);
        uint256 owed = (3 + CARRIAGE) * REWARD;
        VM.assertEq(rewards.recover(SINK), 1_000 * REWARD - owed);
        VM.assertEq(token.balanceOf(SINK), 1_000 * REWARD - owed);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.NothingToRecover.selector, owed, owed));
        rewards.recover(SINK);
        for (uint256 i; i < QUORUM; ++i) rewards.pay(_keyOf(i));
        VM.assertEq(token.balanceOf(address(rewards)), 0);
    }

    function test_RevertWhen_SomeoneElseGovernsOrTheTariffIsOutOfBounds() external {
        bytes memory expected = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector,
            PROVER,
            bytes32(0)
        );
        VM.startPrank(PROVER);
        VM.expectRevert(expected);
        rewards.setTariff(1, 1);
        VM.expectRevert(expected);
        rewards.recover(PROVER);
        VM.stopPrank();
        VM.expectRevert(
            abi.encodeWithSelector(
                IKeeperRewards.TariffOutOfBounds.selector,
                bytes32("unitsPerSignature"),
                1e24 + 1,
                1e24
            )
        );
        rewards.setTariff(1e24 + 1, 0);
        VM.expectRevert(
            abi.encodeWithSelector(
                IKeeperRewards.TariffOutOfBounds.selector,
                bytes32("carriageShares"),
                22,
                21
            )
        );
        rewards.setTariff(0, 22);
        rewards.setTariff(1e24, 21);
        VM.assertEq(rewards.unitsPerSignature(), 1e24);
    }

    /// The keys' claims add up to the total whatever happens, and what is paid leaves it.
    function testFuzz_TheTotalIsTheSumOfTheClaims(uint8[20] memory steps, uint96 funds) external {
        rewards.recover(SINK);
        token.mint(address(rewards), bound(funds, 0, 40 * REWARD));
        for (uint256 i; i < steps.length; ++i) {
            uint256 step = steps[i];
            if (step % 4 == 0) _carryNext(step / 4);
            if (step % 4 == 1) rewards.setTariff((step / 4) * REWARD, step % 7);
            if (step % 4 == 2) try rewards.pay(_keyOf((step / 4) % KEEPERS)) {} catch {}
            if (step % 4 == 3) {
                VM.warp(VM.getBlockTimestamp() + 1);
                RiskReport memory report = _nextReport();
                oracle.submit(report, _signedBy(report, 0, 1, 2));
                if (step > 127) rewards.claim(_headOf(report), _signedBy(report, 1, 2, 3));
            }
            uint256 sum;
            for (uint256 k; k < KEEPERS; ++k) sum += rewards.owedUnits(_keyOf(k));
            VM.assertEq(sum, rewards.totalOwedUnits());
        }
    }

    function _expectNotLast(RiskReport memory report) private {
        bytes[] memory signatures = _signedBy(report, 0, 1, 3);
        VM.expectRevert(
            abi.encodeWithSelector(
                IKeeperRewards.NotLastReport.selector,
                report.epoch,
                report.round,
                7,
                round
            )
        );
        rewards.claim(_headOf(report), signatures);
    }

    function _expectNobodyToCredit(RiskReport memory report, bytes[] memory signatures) private {
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperRewards.NobodyToCredit.selector, report.epoch, report.round)
        );
        rewards.claim(_headOf(report), signatures);
    }
}
