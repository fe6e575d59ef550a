// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskOracle} from "../../../../contracts/interfaces/IRiskOracle.sol";
import {KeeperRegistry} from "../../../../contracts/oracle/KeeperRegistry.sol";
import {KeeperSlashing} from "../../../../contracts/oracle/KeeperSlashing.sol";
import {KeeperStaking} from "../../../../contracts/oracle/KeeperStaking.sol";
import {ReportHash} from "../../../../contracts/libraries/ReportHash.sol";
import {PriceGuard} from "../../../../contracts/oracle/PriceGuard.sol";
import {KeeperEntry, ReportHead} from "../../../../contracts/types/KeeperTypes.sol";
import {RiskReport} from "../../../../contracts/types/RiskReport.sol";
import {TestBase} from "../../support/TestBase.sol";
import {TestEntries} from "../../support/TestEntries.sol";
import {TestToken} from "../../support/TestToken.sol";
import {PhasedFeed} from "./PhasedFeed.sol";

/// @notice Operators that join, add stake, rotate, leave, stay after all and withdraw in any order while time passes; some also sign two reports for a
/// round or a spot of their own, everyone tries to prove the others guilty, and anyone expels whoever has lost everything.
contract KeeperHandler is TestBase {
    uint256 public constant OPERATORS = 8;
    address public constant PROVER = address(0x9207E2);
    uint256 private constant STRANGERS_KEY = 999;
    uint256 private constant GUILTY_EVERY = 4;
    uint256 private constant MAX_STEP_SECONDS = 30 days;
    uint16 private constant PHASE = 1;
    uint256 private constant FEED_BAND_BPS = 200;
    uint256 private constant HEARTBEAT = 1 hours;

    TestToken private _token;
    KeeperRegistry private _registry;
    KeeperStaking private _staking;
    KeeperSlashing private _slashing;
    IRiskOracle private _oracle;
    PhasedFeed private _feed;
    PriceGuard private _guard = new PriceGuard();
    uint256 private _rounds;
    uint32 private _reportRound;

    uint256 private _lastKey = 1_000;
    /// Every key an operator ever asked to use; guilty or honest by the operator's number.
    mapping(uint256 operatorIndex => uint256[]) private _keysOf;
    mapping(bytes32 digest => bool) private _knownDigest;
    bytes32[] private _digests;

    uint256 public mintedUnits;
    uint256 public slashedUnits;
    uint256 public withdrawnUnits;
    uint256 public slashCount;
    uint256 public withdrawCount;
    uint256 public activationCount;
    uint256 public spotSlashCount;
    uint256 public expulsionCount;

    constructor(
        TestToken token,
        KeeperRegistry registry,
        KeeperStaking staking,
        KeeperSlashing slashing,
        PhasedFeed feed
    ) {
        (_token, _registry, _staking, _slashing) = (token, registry, staking, slashing);
        (_oracle, _feed) = (slashing.oracle(), feed);
    }

    function operator(uint256 i) public pure returns (address) {
        return address(uint160(0x0900 + i));
    }

    function isGuilty(uint256 i) public pure returns (bool) {
        return i % GUILTY_EVERY == 1;
    }

    function join(uint256 i, uint96 extra) external {
        i %= OPERATORS;
        uint96 units = uint96(bound(extra, 0, 1e30)) + _staking.minStakeUnits();
        (KeeperEntry memory entry, bytes memory possession, uint256 key) = _newEntry(i);
        _mint(i, units);
        VM.prank(operator(i));
        try _staking.join(entry, units, possession) {
            _keysOf[i].push(key);
        } catch {
            _unmint(i, units);
        }
    }

    function addStake(uint256 i, uint96 units) external {
        i %= OPERATORS;
        units = uint96(bound(units, 0, 1e30));
        _mint(i, units);
        VM.prank(operator(i));
        try _staking.addStake(units) {} catch {
            _unmint(i, units);
        }
    }

    function rotate(uint256 i) external {
        i %= OPERATORS;
        (KeeperEntry memory entry, bytes memory possession, uint256 key) = _newEntry(i);
        VM.prank(operator(i));
        try _staking.rotate(entry, possession) {
            _keysOf[i].push(key);
        } catch {}
    }

    function requestLeave(uint256 i) external {
        VM.prank(operator(i % OPERATORS));
        try _staking.requestLeave() {} catch {}
    }

    function cancelLeave(uint256 i) external {
        VM.prank(operator(i % OPERATORS));
        try _staking.cancelLeave() {} catch {}
    }

    function expel(uint256 i, uint256 keyIndex) external {
        uint256[] storage all = _keysOf[i % OPERATORS];
        if (all.length == 0) return;
        bool wasExpelled = _staking.isExpelled(operator(i % OPERATORS));
        try _staking.expel(VM.addr(all[keyIndex % all.length])) {
            if (!wasExpelled) ++expulsionCount;
        } catch {}
    }

    function withdraw(uint256 i) external {
        address from = operator(i % OPERATORS);
        uint256 units = _staking.member(from).stakeUnits;
        VM.prank(from);
        try _staking.withdraw(address(this)) {
            withdrawnUnits += units;
            ++withdrawCount;
        } catch {}
    }

    function activate() external {
        try _staking.activate() {
            ++activationCount;
        } catch {}
    }

    function pass(uint256 secondsPassed) external {
        VM.warp(VM.getBlockTimestamp() + bound(secondsPassed, 1, MAX_STEP_SECONDS));
    }

    /// A proof against any key that any operator ever had, under any configuration of the last ones. Honest operators sign only the first head.
    function prove(uint256 i, uint256 keyIndex, uint256 digestIndex, uint64 epoch, uint32 round) external {
        i %= OPERATORS;
        if (_keysOf[i].length == 0) return;
        _rememberDigest();
        uint256 key = _keysOf[i][keyIndex % _keysOf[i].length];
        ReportHead memory first = ReportHead({
            configDigest: _digests[digestIndex % _digests.length],
            epoch: epoch,
            round: round,
            observedAt: 1,
            blockNumber: 1,
            blockHash: 0,
            payloadHash: keccak256("first")
        });
        ReportHead memory second = ReportHead(first.configDigest, epoch, round, 1, 1, 0, keccak256("second"));
        address oracle = address(_oracle);
        bytes memory signature = _signed(key, ReportHash.hashOf(first, oracle));
        // Whoever accuses an honest keeper has only a signature of another keeper to show beside the honest one.
        uint256 secondKey = isGuilty(i) ? key : _keyOfAnother(i);
        bytes memory other = _signed(secondKey, ReportHash.hashOf(second, oracle));
        uint256 before = _token.balanceOf(address(_staking));
        VM.prank(PROVER);
        try _slashing.proveEquivocation(first, signature, second, other) {
            ++slashCount;
            slashedUnits += before - _token.balanceOf(address(_staking));
        } catch {}
    }

    /// A report of one signature: an honest operator signs a spot that the guard accepts ten seconds after the observation, while the feed moves; any
    /// other what it likes. Everyone tries every round as the first of the proof.
    function signSpot(uint256 i, uint256 keyIndex, uint256 move, uint256 share) external {
        i %= OPERATORS;
        if (_keysOf[i].length == 0) return;
        uint256 key = _keysOf[i][keyIndex % _keysOf[i].length];
        _tick(3_000e8);
        _wait(2 minutes);
        RiskReport memory report = _emptyReport();
        _wait(2);
        _tick((3_000e8 * bound(move, 9_000, 11_000)) / 10_000);
        _wait(3);
        _tick((3_000e8 * bound(move >> 128, 8_500, 11_500)) / 10_000);
        _wait(5);
        uint256 spotE8 = isGuilty(i) ? bound(share, 1_000e8, 9_000e8) : _acceptedSpot(share);
        if (spotE8 == 0) return;
        report.markets[0] = 1 | (spotE8 << 192);
        _wait(3 minutes);
        _tick(3_000e8);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = _signed(key, _oracle.hashReport(report));
        for (uint256 back = 1; back <= 5 && back < _rounds; ++back) {
            uint256 before = _token.balanceOf(address(_staking));
            uint80 first = _feed.idOf(PHASE, _rounds - back);
            VM.prank(PROVER);
            try _slashing.proveWrongSpot(report, signatures, 0, first) {
                ++spotSlashCount;
                slashedUnits += before - _token.balanceOf(address(_staking));
            } catch {}
        }
    }

    /// Within the band of the feed's latest round, zero when the guard does not take it for rounding.
    function _acceptedSpot(uint256 share) private view returns (uint256 spotE8) {
        (, int256 answer, , , ) = _feed.latestRoundData();
        share = bound(share, 10_000 - FEED_BAND_BPS, 10_000 + FEED_BAND_BPS);
        spotE8 = (uint256(answer) * share) / 10_000;
        try _guard.requireWithinBand(1, spotE8, address(_feed), FEED_BAND_BPS, HEARTBEAT) {} catch {
            spotE8 = 0;
        }
    }

    function _emptyReport() private returns (RiskReport memory report) {
        report.configDigest = _registry.configDigest();
        (report.epoch, report.round) = (2, ++_reportRound);
        report.observedAt = uint40(VM.getBlockTimestamp());
        report.markets = new uint256[](1);
        report.smiles = new uint256[](0);
    }

    function _tick(uint256 priceE8) private {
        _feed.push(PHASE, int256(priceE8), VM.getBlockTimestamp());
        ++_rounds;
    }

    function _wait(uint256 secondsPassed) private {
        VM.warp(VM.getBlockTimestamp() + secondsPassed);
    }

    /// Of a stranger when the next operator has none.
    function _keyOfAnother(uint256 i) private view returns (uint256) {
        uint256[] storage others = _keysOf[(i + 1) % OPERATORS];
        return others.length == 0 ? STRANGERS_KEY : others[others.length - 1];
    }

    function _rememberDigest() private {
        bytes32 digest = _registry.configDigest();
        if (_knownDigest[digest]) return;
        _knownDigest[digest] = true;
        _digests.push(digest);
    }

    function _newEntry(
        uint256 i
    ) private returns (KeeperEntry memory entry, bytes memory possession, uint256 key) {
        key = ++_lastKey;
        entry = TestEntries.one(VM.addr(key));
        bytes32 hash = _staking.possessionHash(operator(i), entry.reportKey, entry.networkKey);
        possession = _signed(key, hash);
    }

    function _mint(uint256 i, uint256 units) private {
        _token.mint(operator(i), units);
        mintedUnits += units;
    }

    /// What the call did not take.
    function _unmint(uint256 i, uint256 units) private {
        mintedUnits -= units;
        VM.prank(operator(i));
        _token.transfer(address(0xdead), units);
    }

    function _signed(uint256 key, bytes32 hash) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }
}
