// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IRiskConfig} from "../../../../contracts/interfaces/IRiskConfig.sol";
import {KeeperRegistry} from "../../../../contracts/oracle/KeeperRegistry.sol";
import {KeeperRewards} from "../../../../contracts/oracle/KeeperRewards.sol";
import {KeeperSlashing} from "../../../../contracts/oracle/KeeperSlashing.sol";
import {RiskOracle} from "../../../../contracts/oracle/RiskOracle.sol";
import {ReportHead} from "../../../../contracts/types/KeeperTypes.sol";
import {MarketOracleParams, OracleParams} from "../../../../contracts/types/RiskParams.sol";
import {RiskReport} from "../../../../contracts/types/RiskReport.sol";
import {KeeperFixture} from "./KeeperFixture.sol";
import {PhasedFeed} from "./PhasedFeed.sol";

/// @notice Stands in for RiskConfig: the oracle's parameters, in force since the deployment.
contract OracleRulesStandIn {
    address public immutable oracleParamsPointer;
    uint256 public immutable oracleParamsSetAt;

    constructor(OracleParams memory params) {
        oracleParamsPointer = SSTORE2.write(abi.encode(params));
        oracleParamsSetAt = block.timestamp;
    }

    function oracleParams() external view returns (OracleParams memory) {
        return abi.decode(SSTORE2.read(oracleParamsPointer), (OracleParams));
    }
}

/// @notice The real oracle, registry, staking, slashing and rewards about one market with a feed; five operators have joined, four are in force.
abstract contract LiveOracleFixture is KeeperFixture {
    uint256 internal constant STANDBY = 4;
    uint256 internal constant QUORUM = 3;
    uint16 internal constant PHASE = 1;
    int256 internal constant PRICE_E8 = 3_000e8;
    uint256 internal constant FEED_BAND_BPS = 200;
    uint256 internal constant HEARTBEAT = 1 hours;
    uint256 internal constant REWARD = 1e18;
    uint256 internal constant CARRIAGE = 4;
    /// No position: the carrier's shares go to nobody.
    uint256 internal constant NOBODY = type(uint256).max;

    PhasedFeed internal feed;
    RiskOracle internal oracle;
    KeeperSlashing internal slashing;
    KeeperRewards internal rewards;
    uint32 internal round;

    function setUp() public virtual override {
        super.setUp();
        feed = new PhasedFeed(8, PHASE);
        feed.push(PHASE, PRICE_E8, VM.getBlockTimestamp());
        IRiskConfig config = IRiskConfig(address(new OracleRulesStandIn(_params())));
        oracle = new RiskOracle(registry, config);
        slashing = new KeeperSlashing(registry, staking, oracle, config);
        staking.grantRole(staking.SLASHER_ROLE(), address(slashing));
        rewards = _newRewards(registry);
        token.mint(address(rewards), 1_000 * REWARD);
        _joinAndWait(KEEPERS + 1);
    }

    function _newRewards(KeeperRegistry registry_) internal returns (KeeperRewards) {
        return new KeeperRewards(registry_, staking, oracle, token, address(this), REWARD, CARRIAGE);
    }

    /// The next round's report, observed now, under the configuration in force.
    function _nextReport() internal returns (RiskReport memory report) {
        feed.push(PHASE, PRICE_E8, VM.getBlockTimestamp());
        report.configDigest = registry.configDigest();
        (report.epoch, report.round) = (7, ++round);
        report.observedAt = uint40(VM.getBlockTimestamp());
        report.blockNumber = uint64(block.number - 1);
        report.blockHash = blockhash(block.number - 1);
        report.pegBps = 10_000;
        report.markets = new uint256[](1);
        report.markets[0] = _word(uint256(PRICE_E8));
        report.smiles = new uint256[](0);
    }

    function _word(uint256 spotE8) internal pure returns (uint256) {
        return 1 | (35_000_000 << 40) | (60_000_000 << 72) | (spotE8 << 192);
    }

    function _headOf(RiskReport memory report) internal pure returns (ReportHead memory) {
        return
            ReportHead({
                configDigest: report.configDigest,
                epoch: report.epoch,
                round: report.round,
                observedAt: report.observedAt,
                blockNumber: report.blockNumber,
                blockHash: report.blockHash,
                payloadHash: keccak256(
                    abi.encode(report.pegBps, report.accountRoot, report.markets, report.smiles)
                )
            });
    }

    /// Signatures of the keys numbered a, b and c, which rise.
    function _signedBy(
        RiskReport memory report,
        uint256 a,
        uint256 b,
        uint256 c
    ) internal view returns (bytes[] memory signatures) {
        bytes32 hash = oracle.hashReport(report);
        signatures = new bytes[](QUORUM);
        signatures[0] = _signed(keys[a], hash);
        signatures[1] = _signed(keys[b], hash);
        signatures[2] = _signed(keys[c], hash);
    }

    /// A second later, a report of keys 0, 1 and 2, carried for a position.
    function _carryNext(uint256 carrier) internal returns (RiskReport memory report) {
        VM.warp(VM.getBlockTimestamp() + 1);
        report = _nextReport();
        rewards.submit(report, _signedBy(report, 0, 1, 2), carrier);
    }

    function _keyOf(uint256 i) internal view returns (address) {
        return VM.addr(keys[i]);
    }

    function _payeeOf(uint256 i) internal view returns (address) {
        return _entry(i).payee;
    }

    function _params() private view returns (OracleParams memory params) {
        (params.maxReportAgeSeconds, params.maxClockDriftSeconds) = (600, 15);
        (params.minPegBps, params.maxPegBps) = (8_000, 10_500);
        params.markets = new MarketOracleParams[](1);
        MarketOracleParams memory m = params.markets[0];
        m.market = 1;
        (m.minSpotE8, m.maxSpotE8, m.maxSpotChangeBps) = (10e8, 1_000_000e8, 3_000);
        (m.jumpSigmasBps, m.jumpFloorBps) = (50_000, 100);
        (m.minSigmaE9, m.maxSigmaE9, m.maxSigmaUpBps) = (5_000_000, 300_000_000, 20_000);
        (m.maxSigmaDownBpsPerHour, m.maxDispersionBps) = (100, 500);
        (m.minPsiE9, m.maxPsiE9) = (5_000_000, 500_000_000);
        (m.minForwardRatioE8, m.maxForwardRatioE8) = (50_000_000, 200_000_000);
        (m.minDiscountE9, m.maxDiscountE9) = (500_000_000, 1_100_000_000);
        (m.minAtmVolBps, m.maxAtmVolBps) = (500, 50_000);
        (m.feed, m.feedBandBps) = (address(feed), uint16(FEED_BAND_BPS));
        m.feedHeartbeatSeconds = uint32(HEARTBEAT);
    }
}
