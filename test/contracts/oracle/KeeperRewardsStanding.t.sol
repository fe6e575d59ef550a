// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRewards} from "../../../contracts/interfaces/IKeeperRewards.sol";
import {KeeperRegistry} from "../../../contracts/oracle/KeeperRegistry.sol";
import {RiskOracle} from "../../../contracts/oracle/RiskOracle.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {TestEntries} from "../support/TestEntries.sol";
import {LiveOracleFixture} from "./support/LiveOracleFixture.sol";

/// @notice Whose shares are paid: through changes of the configuration, and only with stake behind the key.
contract KeeperRewardsStandingTest is LiveOracleFixture {
    uint256 private constant NEW_KEY = 5;
    uint256 private constant MANY_FAULTS = 4;

    /// Both configurations of an overlap may sign a report for one round; the one that is not accepted earns nothing.
    function test_RevertWhen_AReportOfAnOverlapIsClaimed() external {
        RiskReport memory report = _nextReport();
        oracle.submit(report, _signedBy(report, 0, 1, 2));
        staking.setCandidate(_operator(3), false);
        staking.activate();
        uint256 acceptedAt = VM.getBlockTimestamp();
        uint256 until = acceptedAt + OVERLAP;
        RiskReport memory other = report;
        bytes memory expected = abi.encodeWithSelector(
            IKeeperRewards.AcceptedInOverlap.selector,
            acceptedAt,
            until
        );
        bytes[] memory signatures = _signedBy(report, 0, 1, 2);
        VM.expectRevert(expected);
        rewards.claim(_headOf(report), signatures);
        other.configDigest = registry.configDigest();
        signatures = _signedBy(other, 1, 2, 4);
        VM.expectRevert(expected);
        rewards.claim(_headOf(other), signatures);
        // One accepted after the overlap is claimed again.
        VM.warp(until + 1);
        report = _nextReport();
        oracle.submit(report, _signedBy(report, 0, 1, 4));
        rewards.claim(_headOf(report), _signedBy(report, 0, 1, 4));
        VM.assertEq(rewards.owedUnits(_keyOf(STANDBY)), REWARD);
        VM.assertEq(rewards.totalOwedUnits(), 3 * REWARD);
    }

    function test_InAnOverlapEachReportPaysTheSignersOfItsOwnConfiguration() external {
        bytes32 before = registry.configDigest();
        _carryNext(0);
        staking.setCandidate(_operator(3), false);
        staking.activate();
        VM.warp(VM.getBlockTimestamp() + 1);
        RiskReport memory report = _nextReport();
        report.configDigest = before;
        rewards.submit(report, _signedBy(report, 0, 2, 3), 3);
        VM.warp(VM.getBlockTimestamp() + 1);
        report = _nextReport();
        rewards.submit(report, _signedBy(report, 0, 1, 4), 3);
        VM.assertEq(rewards.owedUnits(_keyOf(0)), (3 + CARRIAGE) * REWARD);
        VM.assertEq(rewards.owedUnits(_keyOf(3)), (1 + CARRIAGE) * REWARD);
        // The fourth position is another key's now.
        VM.assertEq(rewards.owedUnits(_keyOf(STANDBY)), (1 + CARRIAGE) * REWARD);
        for (uint256 i; i <= KEEPERS; ++i) rewards.pay(_keyOf(i));
        VM.assertEq(rewards.totalOwedUnits(), 0);
    }

    function test_AKeyGivenUpIsStillPaid() external {
        _carryNext(0);
        _rotate(0, NEW_KEY);
        VM.warp(VM.getBlockTimestamp() + ROTATION_DELAY);
        staking.activate();
        VM.assertEq(rewards.pay(_keyOf(0)), (1 + CARRIAGE) * REWARD);
        VM.assertEq(token.balanceOf(_payeeOf(0)), (1 + CARRIAGE) * REWARD);
        VM.assertEq(rewards.owedUnits(_keyOf(NEW_KEY)), 0);
    }

    function test_WhoHasNotStakedIsPaidOnceItHas() external {
        _configureNewKey();
        VM.warp(VM.getBlockTimestamp() + 1);
        RiskReport memory report = _nextReport();
        rewards.submit(report, _signedBy(report, 3, 4, NEW_KEY), NOBODY);
        address key = _keyOf(NEW_KEY);
        _expectNotInGoodStanding(key);
        _join(NEW_KEY);
        VM.assertEq(rewards.pay(key), REWARD);
    }

    function test_WhoFellBelowTheLeastStakeIsPaidOnceItIsMadeUp() external {
        _carryNext(0);
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        staking.slash(_keyOf(0), 1_000, PROVER);
        _expectNotInGoodStanding(_keyOf(0));
        _fund(_operator(0), MIN_STAKE / 10);
        VM.prank(_operator(0));
        staking.addStake(MIN_STAKE / 10);
        VM.assertEq(rewards.pay(_keyOf(0)), (1 + CARRIAGE) * REWARD);
    }

    function test_WhoWithdrewItsStakeIsStillPaid() external {
        _carryNext(0);
        _requestLeave(0);
        VM.warp(VM.getBlockTimestamp() + LEAVE_DELAY);
        staking.activate();
        VM.warp(VM.getBlockTimestamp() + OVERLAP + UNBONDING + 1);
        VM.prank(_operator(0));
        staking.withdraw(_operator(0));
        VM.assertEq(rewards.pay(_keyOf(0)), (1 + CARRIAGE) * REWARD);
    }

    function test_AProvenLiarIsNotPaidAndItsClaimIsStruckOutOnceItIsExpelled() external {
        _carryNext(0);
        uint256 total = rewards.totalOwedUnits();
        staking.grantRole(staking.SLASHER_ROLE(), address(this));
        address key = _keyOf(0);
        staking.slash(key, 10_000, PROVER);
        _expectNotInGoodStanding(key);
        staking.expel(key);
        uint256 claimUnits = (1 + CARRIAGE) * REWARD;
        VM.expectEmit(address(rewards));
        emit IKeeperRewards.Forfeited(key, claimUnits);
        VM.assertEq(rewards.pay(key), 0);
        VM.assertEq(rewards.owedUnits(key), 0);
        VM.assertEq(rewards.totalOwedUnits(), total - claimUnits);
        VM.assertEq(token.balanceOf(_payeeOf(0)), 0);
    }

    /// Thirteen keepers take two words.
    function test_KeepersBeyondTheEighthAreCountedInTheNextWord() external {
        (KeeperRegistry many, address[] memory addresses, uint256[] memory secrets) = _manyKeepers();
        oracle = new RiskOracle(many, oracle.config());
        rewards = _newRewards(many);
        RiskReport memory report = _nextReport();
        report.configDigest = many.configDigest();
        bytes[] memory signatures = new bytes[](2 * MANY_FAULTS + 1);
        bytes32 hash = oracle.hashReport(report);
        // Positions 4 to 12.
        for (uint256 i; i < signatures.length; ++i) signatures[i] = _signed(secrets[i + 4], hash);
        rewards.submit(report, signatures, 12);
        for (uint256 i; i < addresses.length; ++i) {
            uint256 shares = (i < 4 ? 0 : 1) + (i == 12 ? CARRIAGE : 0);
            VM.assertEq(rewards.owedUnits(addresses[i]), shares * REWARD);
        }
        VM.assertEq(rewards.totalOwedUnits(), (9 + CARRIAGE) * REWARD);
    }

    /// Tariffs and configurations pile up; a key that was away for long is paid in several calls, and none of its shares is lost.
    function test_ManySourcesArePaidInSeveralCalls() external {
        _carryNext(0);
        for (uint256 i; i < 130; ++i) {
            VM.warp(VM.getBlockTimestamp() + 1);
            rewards.setTariff(REWARD, 0);
            _carryNext(NOBODY);
        }
        uint256 due = rewards.owedUnits(_keyOf(1));
        VM.assertEq(due, 131 * REWARD);
        uint256 paid = rewards.pay(_keyOf(1));
        VM.assertEq(paid, 64 * REWARD);
        paid += rewards.pay(_keyOf(1));
        paid += rewards.pay(_keyOf(1));
        VM.assertEq(paid, due);
        // Who has nothing behind it gets past it too.
        VM.assertEq(rewards.pay(_keyOf(3)), 0);
        VM.assertEq(rewards.pay(_keyOf(3)), 0);
        VM.assertEq(rewards.pay(_keyOf(3)), 0);
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.NothingOwed.selector, _keyOf(3)));
        rewards.pay(_keyOf(3));
        _carryNext(3);
        VM.assertEq(rewards.owedUnits(_keyOf(3)), 0);
        VM.assertEq(rewards.owedUnits(_keyOf(1)), REWARD);
    }

    /// Keys 2 to 5 by decree: the last one's operator has not joined.
    function _configureNewKey() private {
        registry.grantRole(registry.CONFIGURER_ROLE(), address(this));
        address[] memory next = new address[](KEEPERS);
        for (uint256 i; i < KEEPERS; ++i) next[i] = _keyOf(i + 2);
        registry.configure(TestEntries.from(next), 1);
    }

    function _manyKeepers()
        private
        returns (KeeperRegistry many, address[] memory addresses, uint256[] memory secrets)
    {
        uint256 count = 3 * MANY_FAULTS + 1;
        (addresses, secrets) = (new address[](count), new uint256[](count));
        for (uint256 i; i < count; ++i) {
            uint256 secret = 5_000 + i;
            uint256 j = i;
            for (; j > 0 && addresses[j - 1] > VM.addr(secret); --j) {
                (addresses[j], secrets[j]) = (addresses[j - 1], secrets[j - 1]);
            }
            (addresses[j], secrets[j]) = (VM.addr(secret), secret);
        }
        many = new KeeperRegistry(address(this), TestEntries.from(addresses), uint8(MANY_FAULTS), 0, OVERLAP);
    }

    function _expectNotInGoodStanding(address key) private {
        VM.expectRevert(abi.encodeWithSelector(IKeeperRewards.NotInGoodStanding.selector, key));
        rewards.pay(key);
    }
}
