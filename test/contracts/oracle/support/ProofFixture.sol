// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry} from "../../../../contracts/interfaces/IKeeperRegistry.sol";
import {IRiskConfig} from "../../../../contracts/interfaces/IRiskConfig.sol";
import {KeeperSlashing} from "../../../../contracts/oracle/KeeperSlashing.sol";
import {RiskOracle} from "../../../../contracts/oracle/RiskOracle.sol";
import {ReportHead} from "../../../../contracts/types/KeeperTypes.sol";
import {MarketOracleParams, OracleParams} from "../../../../contracts/types/RiskParams.sol";
import {RiskReport} from "../../../../contracts/types/RiskReport.sol";
import {KeeperFixture} from "./KeeperFixture.sol";

/// @notice Four staked keepers in force, a fifth standing by, and the contract that takes proofs against them.
abstract contract ProofFixture is KeeperFixture {
    uint256 internal constant CHAIN_ID = 31_337;
    uint256 internal constant STANDBY = 4;
    IRiskConfig internal constant CONFIG = IRiskConfig(address(0xC0F16));

    RiskOracle internal oracle;
    KeeperSlashing internal slashing;

    function setUp() public virtual override {
        super.setUp();
        oracle = _newOracle();
        _setFeed(address(0), 0, 0);
        _setRulesSince(NOW);
        slashing = _newSlashing();
        staking.grantRole(staking.SLASHER_ROLE(), address(slashing));
        _joinAndWait(KEEPERS + 1);
    }

    /// Two markets; the first has the feed, or none.
    function _setFeed(address feed, uint256 bandBps, uint256 heartbeatSeconds) internal {
        OracleParams memory params;
        params.markets = new MarketOracleParams[](2);
        (params.markets[0].market, params.markets[1].market) = (1, 2);
        params.markets[0].feed = feed;
        params.markets[0].feedBandBps = uint16(bandBps);
        params.markets[0].feedHeartbeatSeconds = uint32(heartbeatSeconds);
        VM.mockCall(
            address(CONFIG),
            abi.encodeWithSelector(CONFIG.oracleParams.selector),
            abi.encode(params)
        );
    }

    function _setRulesSince(uint256 timestamp) internal {
        VM.mockCall(
            address(CONFIG),
            abi.encodeWithSelector(CONFIG.oracleParamsSetAt.selector),
            abi.encode(timestamp)
        );
    }

    function _newSlashing() internal returns (KeeperSlashing) {
        return new KeeperSlashing(registry, staking, oracle, CONFIG);
    }

    function _newOracle() internal returns (RiskOracle) {
        return new RiskOracle(IKeeperRegistry(address(registry)), CONFIG);
    }

    function _report() internal view returns (RiskReport memory report) {
        report.configDigest = registry.configDigest();
        (report.epoch, report.round) = (7, 3);
        report.observedAt = uint40(VM.getBlockTimestamp());
        (report.blockNumber, report.blockHash) = (12, keccak256("block"));
        report.pegBps = 10_000;
        report.markets = new uint256[](2);
        report.smiles = new uint256[](0);
        (report.markets[0], report.markets[1]) = (_word(1, 3_000e8), _word(2, 90_000e8));
    }

    function _word(uint256 market, uint256 spotE8) internal pure returns (uint256) {
        return market | (spotE8 << 192);
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

    function _sign(uint256 i, RiskReport memory report) internal view returns (bytes memory) {
        return _signed(keys[i], oracle.hashReport(report));
    }
}
