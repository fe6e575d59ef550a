// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReportHead} from "../types/KeeperTypes.sol";
import {RiskReport} from "../types/RiskReport.sol";
import {IKeeperRegistry} from "./IKeeperRegistry.sol";
import {IKeeperStaking} from "./IKeeperStaking.sol";
import {IRiskOracle} from "./IRiskOracle.sol";

/// @title KeeperRewards: pay for the signatures of accepted reports, and for carrying them
/// @notice Who carries a report through here counts a share for each of its signers, and some for itself; a share is worth the tariff of its
/// time. A report only moves counts, packed by position in its configuration; a key collects seldom, for many reports at once. What the
/// contract cannot pay stays owed. Who did not sign gets nothing and loses nothing. Anyone may fund the contract by a transfer.
interface IKeeperRewards {
    /// @notice Shares counted from now on are worth this; who carries a report gets `carriageShares` of them.
    event TariffSet(uint16 indexed tariff, uint256 unitsPerSignature, uint256 carriageShares);
    /// @notice The key's payee got `units`; for want of money `debtUnits` stay owed.
    event Paid(address indexed reportKey, address indexed payee, uint256 units, uint256 debtUnits);
    /// @notice The operator behind the key was expelled: what it was owed is free again.
    event Forfeited(address indexed reportKey, uint256 units);
    /// @notice Governance took back what nobody is owed.
    event Recovered(address indexed to, uint256 units);

    /// @notice The head is not that of the last accepted report.
    error NotLastReport(uint64 epoch, uint32 round, uint64 lastEpoch, uint32 lastRound);
    /// @notice Two configurations counted when the report was accepted, and both may have signed one for the round.
    error AcceptedInOverlap(uint256 acceptedAt, uint256 overlapUntil);
    /// @notice The report was accepted before the present tariff, under which it may have been counted.
    error AcceptedUnderOtherTariff(uint256 acceptedAt, uint256 tariffSince);
    /// @notice All of these signers were counted for the report.
    error NobodyToCredit(uint64 epoch, uint32 round);
    /// @notice Nothing was counted for the key since the last time, and there is no debt.
    error NothingOwed(address reportKey);
    /// @notice Nobody has staked for the key, or less than the least stake is behind it: make it up, then collect.
    error NotInGoodStanding(address reportKey);
    /// @notice All that the contract holds is owed.
    error NothingToRecover(uint256 balanceUnits, uint256 owedUnits);
    /// @notice A number of the tariff is above its bound.
    error TariffOutOfBounds(bytes32 name, uint256 value, uint256 max);

    /// @notice Says who signed, and who is paid for a key.
    function registry() external view returns (IKeeperRegistry);
    /// @notice Says which keys may be paid.
    function staking() external view returns (IKeeperStaking);
    /// @notice The oracle whose reports are paid.
    function oracle() external view returns (IRiskOracle);
    /// @notice What is paid in.
    function token() external view returns (IERC20);
    /// @notice What a signature that is counted now is worth.
    function unitsPerSignature() external view returns (uint256);
    /// @notice As many shares, each worth a signature, has who carries a report.
    function carriageShares() external view returns (uint256);
    /// @notice What a key is owed: its debt, and the shares counted since it was paid last, each at the tariff of its time.
    function owedUnits(address reportKey) external view returns (uint256);
    /// @notice Owed to all keys together, counted or as debts; the contract may hold less.
    function totalOwedUnits() external view returns (uint256);

    /// @notice Submits a report to the oracle and counts a share for each signer and the carrier's shares; the oracle's refusal is this one's.
    /// @param carrier Position of the key in the report's configuration (IKeeperRegistry.keysOf) that the carrier's shares go to; one beyond
    /// it gives them to nobody.
    function submit(RiskReport calldata report, bytes[] calldata signatures, uint256 carrier) external;

    /// @notice Counts signers of the last accepted report that were not counted for it: when it was not carried through here, or with other
    /// signatures. Not for one that was accepted while two configurations counted. Nobody gets shares for carrying it.
    /// @param signatures A quorum of the report's configuration, in rising order of signer.
    function claim(ReportHead calldata head, bytes[] calldata signatures) external;

    /// @notice Pays a key's payee what the key is owed, as far as the contract holds it; what is missing stays as a debt. Anyone may call. Of an
    /// expelled operator's key the claim is struck out.
    function pay(address reportKey) external returns (uint256 paidUnits);

    /// @notice Governance only: what shares counted from now on are worth. Earlier ones keep their worth.
    function setTariff(uint256 newUnitsPerSignature, uint256 newCarriageShares) external;
    /// @notice Governance only: takes back what the contract holds beyond what it owes.
    function recover(address to) external returns (uint256 units);
}
