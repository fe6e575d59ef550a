// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {KeeperEntry, StakeDelays} from "../types/KeeperTypes.sol";

/// @title KeeperStaking: who stands to be a keeper, with what at stake
/// @notice Governance says who may join and how many keepers there are; the eldest that qualify are chosen. Anyone may put the choice in
/// force. A member without stake left is out for good: its operator can neither add stake, leave nor join again.
interface IKeeperStaking {
    struct Member {
        /// What the next configuration holds of it.
        KeeperEntry entry;
        /// New keys, endpoint or payee (report key zero: none), chosen from this time on.
        KeeperEntry pending;
        uint40 pendingFrom;
        /// May be chosen from this time on.
        uint40 eligibleFrom;
        /// Is no longer chosen from this time on; zero while it stays.
        uint40 leavesAt;
        /// Units of the stake token.
        uint96 stakeUnits;
    }

    event CandidateSet(address indexed operator, bool allowed);
    event MinStakeSet(uint96 minStakeUnits);
    event FaultsSet(uint8 faults);
    event Joined(
        address indexed operator,
        address indexed reportKey,
        uint256 stakeUnits,
        uint256 eligibleFrom
    );
    event StakeAdded(address indexed operator, uint256 units, uint256 stakeUnits);
    event RotationRequested(address indexed operator, address indexed reportKey, uint256 pendingFrom);
    event LeaveRequested(address indexed operator, uint256 leavesAt);
    event Withdrawn(address indexed operator, address indexed to, uint256 units);
    event Slashed(
        address indexed operator,
        address indexed reportKey,
        address indexed prover,
        uint256 slashedUnits,
        uint256 proverUnits
    );

    error NotAllowed(address operator);
    error AlreadyMember(address operator);
    error NotMember(address operator);
    error NoStakeLeft(address operator);
    error StakeTooSmall(uint256 units, uint256 minUnits);
    error ZeroUnits();
    error ZeroAddress();
    error ZeroNetworkKey();
    error EndpointLengthOutOfBounds(uint256 length, uint256 min, uint256 max);
    error ReportKeyTaken(address reportKey, address operator);
    error NetworkKeyTaken(bytes32 networkKey, address operator);
    error EndpointTaken(bytes32 endpointHash, address operator);
    /// @notice The report key did not sign for this operator and network key on this chain and contract.
    error NoProofOfPossession(address reportKey);
    error TooManyMembers(uint256 count, uint256 max);
    error AlreadyLeaving(uint256 leavesAt);
    error NotLeaving(address operator);
    error StillBound(uint256 until, uint256 timestamp);
    error NotEnoughKeepers(uint256 eligible, uint256 required);
    error NothingToActivate(bytes32 configDigest);
    error UnknownReportKey(address reportKey);
    error DelayOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    error FaultsOutOfBounds(uint256 faults, uint256 min, uint256 max);
    error ShareOutOfBounds(uint256 shareBps, uint256 min, uint256 max);

    function token() external view returns (IERC20);
    /// @notice Receives what is slashed beyond the prover's part.
    function sink() external view returns (address);
    function proverShareBps() external view returns (uint256);
    function delays() external view returns (StakeDelays memory);
    function minStakeUnits() external view returns (uint96);
    function faults() external view returns (uint8);
    function isCandidate(address operator) external view returns (bool);
    function member(address operator) external view returns (Member memory);
    /// @notice Operators in the order of their joining.
    function operators() external view returns (address[] memory);
    /// @notice Who has or had the report key; a key serves one operator ever.
    function operatorOf(address reportKey) external view returns (address);
    /// @notice Units that a proof against the report key can still take.
    function atStakeUnits(address reportKey) external view returns (uint256);
    /// @notice The EIP-712 hash that a report key signs to show that its holder agrees.
    function possessionHash(
        address operator,
        address reportKey,
        bytes32 networkKey
    ) external view returns (bytes32);

    /// @notice Stakes and becomes eligible after the delay. The caller is the operator.
    function join(KeeperEntry calldata entry, uint96 units, bytes calldata possession) external;
    function addStake(uint96 units) external;
    /// @notice Asks for another entry, which counts from the first activation after the delay. An earlier wish is replaced.
    function rotate(KeeperEntry calldata entry, bytes calldata possession) external;
    function requestLeave() external;
    /// @notice Pays the stake once the operator has left and the unbonding time is over.
    function withdraw(address to) external;
    /// @notice Puts the eldest 3 f + 1 eligible members in force. Anyone may call.
    function activate() external;

    /// @notice Takes a share of the stake behind a report key, rounded up; part goes to the prover.
    function slash(
        address reportKey,
        uint256 shareBps,
        address prover
    ) external returns (uint256 slashedUnits);

    function setCandidate(address operator, bool allowed) external;
    function setMinStake(uint96 newMinStakeUnits) external;
    function setFaults(uint8 newFaults) external;
}
