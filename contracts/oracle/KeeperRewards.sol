// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IKeeperRewards} from "../interfaces/IKeeperRewards.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {ReportHash} from "../libraries/ReportHash.sol";
import {ReportHead} from "../types/KeeperTypes.sol";

/// @title KeeperRewards
contract KeeperRewards is IKeeperRewards, AccessControl {
    using SafeERC20 for IERC20;

    /// One slot a key: what it is owed and the report it was last credited for.
    struct Credit {
        uint160 owedUnits;
        uint64 epoch;
        uint32 round;
    }

    IKeeperRegistry public immutable registry;
    IRiskOracle public immutable oracle;
    /// @inheritdoc IKeeperRewards
    IERC20 public immutable token;

    /// @inheritdoc IKeeperRewards
    uint128 public unitsPerSignature;
    /// @inheritdoc IKeeperRewards
    uint256 public totalOwedUnits;
    mapping(address reportKey => Credit) private _credits;

    constructor(
        IKeeperRegistry registry_,
        IRiskOracle oracle_,
        IERC20 token_,
        address admin,
        uint128 unitsPerSignature_
    ) {
        (registry, oracle, token) = (registry_, oracle_, token_);
        _setReward(unitsPerSignature_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IKeeperRewards
    function claim(ReportHead calldata head, bytes[] calldata signatures) external {
        IRiskOracle.Header memory last = oracle.header();
        // Two quorums of one configuration cannot sign different reports of one round, so the round tells which report was accepted.
        bool isLast =
            head.epoch == last.epoch && head.round == last.round && head.observedAt == last.observedAt;
        if (!isLast) revert NotLastReport(head.epoch, head.round, last.epoch, last.round);
        bytes32 hash = ReportHash.hashOf(head, address(oracle));
        registry.requireQuorum(head.configDigest, hash, signatures);
        uint256 units = unitsPerSignature;
        uint256 credited;
        for (uint256 i; i < signatures.length; ++i) {
            address signer = ECDSA.recoverCalldata(hash, signatures[i]);
            Credit memory credit = _credits[signer];
            if (credit.epoch == head.epoch && credit.round == head.round) continue;
            // No token has 2^128 units for each of 2^32 credits.
            _credits[signer] = Credit(credit.owedUnits + uint160(units), head.epoch, head.round);
            credited += units;
            emit Credited(signer, head.epoch, head.round, units);
        }
        if (credited == 0) revert NobodyToCredit(head.epoch, head.round);
        uint256 owed = totalOwedUnits + credited;
        uint256 balance = token.balanceOf(address(this));
        if (balance < owed) revert Underfunded(balance, owed);
        totalOwedUnits = owed;
    }

    /// @inheritdoc IKeeperRewards
    function pay(address reportKey) external {
        uint256 units = _credits[reportKey].owedUnits;
        if (units == 0) revert NothingOwed(reportKey);
        _credits[reportKey].owedUnits = 0;
        totalOwedUnits -= units;
        address payee = registry.payeeOf(reportKey);
        emit Paid(reportKey, payee, units);
        token.safeTransfer(payee, units);
    }

    /// @inheritdoc IKeeperRewards
    function setReward(uint128 newUnitsPerSignature) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setReward(newUnitsPerSignature);
    }

    /// @inheritdoc IKeeperRewards
    function owedUnits(address reportKey) external view returns (uint256) {
        return _credits[reportKey].owedUnits;
    }

    function _setReward(uint128 newUnitsPerSignature) private {
        unitsPerSignature = newUnitsPerSignature;
        emit RewardSet(newUnitsPerSignature);
    }
}
