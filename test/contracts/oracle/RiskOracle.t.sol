// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {IKeeperRegistry} from "../../../contracts/interfaces/IKeeperRegistry.sol";
import {IRiskConfig} from "../../../contracts/interfaces/IRiskConfig.sol";
import {IRiskOracle} from "../../../contracts/interfaces/IRiskOracle.sol";
import {KeeperRegistry} from "../../../contracts/oracle/KeeperRegistry.sol";
import {RiskOracle} from "../../../contracts/oracle/RiskOracle.sol";
import {CodeBlob} from "../../../contracts/libraries/CodeBlob.sol";
import {MarketOracleParams, OracleParams} from "../../../contracts/types/RiskParams.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {TestBase} from "../support/TestBase.sol";
import {TestEntries} from "../support/TestEntries.sol";

/// @notice Stands in for RiskConfig: only the pointer that the oracle reads.
contract OracleParamsStandIn {
    address public oracleParamsPointer;

    constructor(OracleParams memory params) {
        oracleParamsPointer = SSTORE2.write(abi.encode(params));
    }
}

contract RiskOracleFuzzTest is TestBase {
    uint256 internal constant KEEPERS = 4;
    uint256 internal constant QUORUM = 3;
    uint256 internal constant NOW = 1_770_000_000;
    uint256 internal constant MUTATIONS = 10;
    uint32 internal constant CLOCK_DRIFT = 15;

    KeeperRegistry internal registry;
    RiskOracle internal oracle;
    OracleParamsStandIn internal config;
    uint256[] internal keys;

    function setUp() external {
        VM.warp(NOW);
        address[] memory keepers = new address[](KEEPERS);
        for (uint256 key = 1; keys.length < KEEPERS; ++key) keys.push(key);
        _sortKeys();
        for (uint256 i; i < KEEPERS; ++i) keepers[i] = VM.addr(keys[i]);
        registry = new KeeperRegistry(address(this), TestEntries.from(keepers), 1, 0, 1 hours);
        config = new OracleParamsStandIn(_params(2));
        oracle = new RiskOracle(IKeeperRegistry(address(registry)), IRiskConfig(address(config)));
    }

    function testFuzz_epochsStrictlyRise(uint64[4] memory epochs, uint32[4] memory rounds) external {
        uint64 lastEpoch;
        uint32 lastRound;
        for (uint256 i; i < epochs.length; ++i) {
            // A small range makes equal epochs and rounds common.
            epochs[i] %= 3;
            rounds[i] %= 3;
            VM.warp(NOW + i + 1);
            RiskReport memory report = _report();
            (report.epoch, report.round, report.observedAt) = (epochs[i], rounds[i], uint40(NOW + i + 1));
            bytes[] memory signatures = _sign(oracle.hashReport(report));
            bool rises = epochs[i] > lastEpoch || (epochs[i] == lastEpoch && rounds[i] > lastRound);
            if (!rises) {
                VM.expectRevert(
                    abi.encodeWithSelector(
                        IRiskOracle.EpochRoundNotRising.selector,
                        epochs[i],
                        rounds[i],
                        lastEpoch,
                        lastRound
                    )
                );
            }
            oracle.submit(report, signatures);
            if (rises) (lastEpoch, lastRound) = (epochs[i], rounds[i]);
            VM.assertEq(uint256(oracle.header().epoch), lastEpoch);
            VM.assertEq(uint256(oracle.header().round), lastRound);
        }
    }

    function test_AReportMayLeadTheClockByTheWholeDrift() external {
        RiskReport memory report = _report();
        report.observedAt = uint40(NOW + CLOCK_DRIFT);
        oracle.submit(report, _sign(oracle.hashReport(report)));
        VM.assertEq(uint256(oracle.header().observedAt), NOW + CLOCK_DRIFT);
    }

    /// Nobody can change any field of a signed report, whatever the change.
    function testFuzz_noMutationOfASignedReportIsAccepted(
        uint256 field,
        uint256 bit,
        uint256 index
    ) external {
        RiskReport memory report = _report();
        bytes[] memory signatures = _sign(oracle.hashReport(report));
        _mutate(report, field % MUTATIONS, bit, index);
        try oracle.submit(report, signatures) {
            VM.assertTrue(false, "a changed report was accepted");
        } catch {
            VM.assertEq(uint256(oracle.header().epoch), 0);
        }
        // The report as it was signed is accepted.
        _mutate(report, field % MUTATIONS, bit, index);
        oracle.submit(report, signatures);
    }

    function testFuzz_parametersReadWithoutDecodingAreTheDecodedOnes(uint256 count, uint256 seed) external {
        OracleParams memory params = _params(bound(count, 0, 8));
        params.maxReportAgeSeconds = uint32(seed);
        params.sequencerFeed = address(uint160(seed));
        for (uint256 i; i < params.markets.length; ++i) {
            params.markets[i].feed = address(uint160(uint256(keccak256(abi.encode(seed, i)))));
            params.markets[i].minDiscountE9 = uint32(seed >> i);
        }
        address pointer = SSTORE2.write(abi.encode(params));
        // Memory that is not zero where the reader allocates.
        bytes memory dirt = new bytes(64);
        for (uint256 i; i < dirt.length; ++i) dirt[i] = 0xff;
        OracleParams memory read = CodeBlob.oracleParams(pointer);
        bytes memory after_ = abi.encode(seed);
        VM.assertEq(keccak256(abi.encode(read)), keccak256(abi.encode(params)));
        VM.assertEq(keccak256(after_), keccak256(abi.encode(seed)));
    }

    /// Flips one bit of one field; doing it twice restores the report.
    function _mutate(RiskReport memory report, uint256 field, uint256 bit, uint256 index) private pure {
        if (field == 0) report.configDigest ^= bytes32(1 << (bit % 256));
        if (field == 1) report.epoch ^= uint64(1 << (bit % 64));
        if (field == 2) report.round ^= uint32(1 << (bit % 32));
        if (field == 3) report.observedAt ^= uint40(1 << (bit % 40));
        if (field == 4) report.blockNumber ^= uint64(1 << (bit % 64));
        if (field == 5) report.blockHash ^= bytes32(1 << (bit % 256));
        if (field == 6) report.pegBps ^= uint16(1 << (bit % 16));
        if (field == 7) report.accountRoot ^= bytes32(1 << (bit % 256));
        if (field == 8) report.markets[index % report.markets.length] ^= 1 << (bit % 256);
        if (field == 9) report.smiles[index % report.smiles.length] ^= 1 << (bit % 256);
    }

    function _report() private view returns (RiskReport memory report) {
        report.configDigest = registry.configDigest();
        report.epoch = 1;
        report.round = 1;
        report.observedAt = uint40(NOW);
        report.blockNumber = uint64(block.number - 1);
        report.blockHash = blockhash(block.number - 1);
        report.pegBps = 10_000;
        report.markets = new uint256[](2);
        report.smiles = new uint256[](2);
        for (uint256 i; i < 2; ++i) {
            report.markets[i] =
                (i + 1) |
                (1 << 16) |
                (5 << 24) |
                (35_000_000 << 40) |
                (60_000_000 << 72) |
                (3_000e8 << 192);
            uint256 expiryHour = NOW / 1 hours + 720;
            report.smiles[i] =
                expiryHour |
                (1e8 << 24) |
                (1e9 << 56) |
                (250_000_000 << 88) |
                (40_000_000 << 128) |
                (2e8 << 224);
        }
    }

    function _params(uint256 count) private pure returns (OracleParams memory params) {
        params.maxReportAgeSeconds = 600;
        params.maxClockDriftSeconds = CLOCK_DRIFT;
        (params.minPegBps, params.maxPegBps) = (8_000, 10_500);
        params.markets = new MarketOracleParams[](count);
        for (uint256 i; i < count; ++i) {
            MarketOracleParams memory m = params.markets[i];
            m.market = uint16(i + 1);
            (m.minSpotE8, m.maxSpotE8, m.maxSpotChangeBps) = (10e8, 1_000_000e8, 3_000);
            (m.jumpSigmasBps, m.jumpFloorBps) = (50_000, 100);
            (m.minSigmaE9, m.maxSigmaE9, m.maxSigmaUpBps) = (5_000_000, 300_000_000, 20_000);
            (m.maxSigmaDownBpsPerHour, m.maxDispersionBps) = (100, 500);
            (m.minPsiE9, m.maxPsiE9) = (5_000_000, 500_000_000);
            (m.minForwardRatioE8, m.maxForwardRatioE8) = (50_000_000, 200_000_000);
            (m.minDiscountE9, m.maxDiscountE9) = (500_000_000, 1_100_000_000);
            (m.minAtmVolBps, m.maxAtmVolBps) = (500, 50_000);
        }
    }

    function _sign(bytes32 hash) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](QUORUM);
        for (uint256 i; i < QUORUM; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = VM.sign(keys[i], hash);
            signatures[i] = abi.encodePacked(r, s, v);
        }
    }

    /// Insertion sort by address.
    function _sortKeys() private {
        for (uint256 i = 1; i < keys.length; ++i) {
            for (uint256 j = i; j > 0 && VM.addr(keys[j]) < VM.addr(keys[j - 1]); --j) {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
            }
        }
    }
}
