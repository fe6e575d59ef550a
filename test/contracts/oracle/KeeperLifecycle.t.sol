// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IKeeperRewards} from "../../../contracts/interfaces/IKeeperRewards.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {LiveOracleFixture} from "./support/LiveOracleFixture.sol";

/// @notice One keeper's life with every contract as it is: it rotates, is activated, signs what the oracle takes, lies and is slashed.
contract KeeperLifecycleTest is LiveOracleFixture {
    uint256 private constant OPERATOR = 1;
    uint256 private constant NEW_KEY = 5;

    /// The operator's new key is in force; it comes after the others by address.
    function setUp() public override {
        super.setUp();
        _rotate(OPERATOR, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
    }

    function test_TheNewKeySignsWhatTheOracleTakesAndTheOldOneNoMore() external {
        RiskReport memory report = _nextReport();
        rewards.submit(report, _signedBy(report, 0, 2, NEW_KEY), NOBODY);
        VM.assertEq(uint256(oracle.header().round), report.round);
        VM.assertEq(rewards.owedUnits(_keyOf(NEW_KEY)), REWARD);
        VM.warp(VM.getBlockTimestamp() + 1);
        report = _nextReport();
        bytes[] memory signatures = _signedBy(report, 0, OPERATOR, 2);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRegistry.UnknownSigner.selector, _keyOf(OPERATOR)));
        rewards.submit(report, signatures, NOBODY);
    }

    function test_TwoReportsForOneRoundCostTheStakeThePayAndTheSeat() external {
        RiskReport memory report = _nextReport();
        rewards.submit(report, _signedBy(report, 0, 2, NEW_KEY), 3);
        RiskReport memory other = _changed(report);
        bytes memory signature = _signedBy(report, 0, 2, NEW_KEY)[2];
        bytes memory second = _signedBy(other, 0, 2, NEW_KEY)[2];
        VM.prank(PROVER);
        slashing.proveEquivocation(_headOf(report), signature, _headOf(other), second);
        VM.assertEq(_stakeOf(OPERATOR), 0);
        VM.assertEq(token.balanceOf(PROVER), (uint256(MIN_STAKE) * PROVER_SHARE_BPS) / 10_000);
        address liar = _keyOf(NEW_KEY);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.NotInGoodStanding.selector, liar));
        rewards.pay(liar);
        staking.expel(liar);
        // The rest go on at once, and with a successor once the overlap is over.
        VM.warp(VM.getBlockTimestamp() + 1);
        report = _nextReport();
        rewards.submit(report, _signedBy(report, 0, 2, 3), NOBODY);
        VM.warp(VM.getBlockTimestamp() + OVERLAP + 1);
        staking.activate();
        report = _nextReport();
        rewards.submit(report, _signedBy(report, 0, 2, STANDBY), NOBODY);
        VM.assertEq(uint256(oracle.header().round), report.round);
    }

    function test_AWrongSpotOfTheNewKeyCostsATenth() external {
        RiskReport memory report = _nextReport();
        report.markets[0] = _word((uint256(PRICE_E8) * 11) / 10);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _signedBy(report, 0, 2, NEW_KEY)[2];
        // In force a minute before, and one more after a minute.
        uint80 first = feed.idOf(PHASE, 1);
        feed.change(first, PRICE_E8, report.observedAt - 60);
        VM.warp(report.observedAt + 61);
        feed.push(PHASE, PRICE_E8, report.observedAt + 61);
        slashing.proveWrongSpot(report, signatures, 0, first);
        VM.assertEq(_stakeOf(OPERATOR), (uint256(MIN_STAKE) * 9) / 10);
    }

    function _changed(RiskReport memory report) private pure returns (RiskReport memory changed) {
        changed = RiskReport(
            report.configDigest,
            report.epoch,
            report.round,
            report.observedAt,
            report.blockNumber,
            report.blockHash,
            report.pegBps + 1,
            report.accountRoot,
            report.markets,
            report.smiles
        );
    }
}
