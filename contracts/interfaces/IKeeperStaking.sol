// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {KeeperEntry, StakeDelays} from "../types/KeeperTypes.sol";
import {IKeeperRegistry} from "./IKeeperRegistry.sol";

/// @title KeeperStaking: who stands to be a keeper, with what at stake
/// @notice Governance says who may join and how many keepers there are; the eldest that qualify are chosen. Anyone may put the choice in
/// force. Who has lost its whole stake can be expelled by anyone, for good: its operator can then never join again.
interface IKeeperStaking {
    /// @notice What is known of an operator.
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

    /// @notice Governance allows the operator as a keeper, or no longer.
    event CandidateSet(address indexed operator, bool allowed);
    /// @notice Whoever has less is not chosen.
    event MinStakeSet(uint96 minStakeUnits);
    /// @notice The next configuration has 3 f + 1 keepers.
    event FaultsSet(uint8 faults);
    /// @notice An operator staked and may be chosen from `eligibleFrom` on.
    event Joined(
        address indexed operator,
        address indexed reportKey,
        uint256 stakeUnits,
        uint256 eligibleFrom
    );
    /// @notice An operator added `units`; it has `stakeUnits` now.
    event StakeAdded(address indexed operator, uint256 units, uint256 stakeUnits);
    /// @notice An operator wants another entry from `pendingFrom` on.
    event RotationRequested(address indexed operator, address indexed reportKey, uint256 pendingFrom);
    /// @notice An operator is not chosen from `leavesAt` on.
    event LeaveRequested(address indexed operator, uint256 leavesAt);
    /// @notice An operator stays after all.
    event LeaveCancelled(address indexed operator);
    /// @notice An operator is gone with its stake.
    event Withdrawn(address indexed operator, address indexed to, uint256 units);
    /// @notice A proof took `slashedUnits`, `proverUnits` of them for the prover.
    event Slashed(
        address indexed operator,
        address indexed reportKey,
        address indexed prover,
        uint256 slashedUnits,
        uint256 proverUnits
    );
    /// @notice An operator without stake lost its place, its network key and its endpoint.
    event OperatorExpelled(address indexed operator, address indexed reportKey);

    /// @notice Governance does not allow this operator.
    error NotAllowed(address operator);
    /// @notice An operator has one place.
    error AlreadyMember(address operator);
    /// @notice The operator has not joined, or has left.
    error NotMember(address operator);
    /// @notice The operator's whole stake is gone.
    error NoStakeLeft(address operator);
    /// @notice The operator still has stake.
    error StakeLeft(address operator, uint256 units);
    /// @notice The operator was expelled, which is for good.
    error Expelled(address operator);
    /// @notice Joining takes the least stake.
    error StakeTooSmall(uint256 units, uint256 minUnits);
    /// @notice Nothing is not an amount.
    error ZeroUnits();
    /// @notice An address is missing.
    error ZeroAddress();
    /// @notice The network key is missing.
    error ZeroNetworkKey();
    /// @notice The endpoint is empty or longer than a multiaddr can be.
    error EndpointLengthOutOfBounds(uint256 length, uint256 min, uint256 max);
    /// @notice A report key serves one operator ever, and not again once it is given up.
    error ReportKeyTaken(address reportKey, address operator);
    /// @notice Another allowed operator named this network key first.
    error NetworkKeyTaken(bytes32 networkKey, address operator);
    /// @notice Another allowed operator named this endpoint first.
    error EndpointTaken(bytes32 endpointHash, address operator);
    /// @notice The report key did not sign for this operator and network key on this chain and contract.
    error NoProofOfPossession(address reportKey);
    /// @notice There are as many members as activate() can walk over.
    error TooManyMembers(uint256 count, uint256 max);
    /// @notice The operator has asked to leave already.
    error AlreadyLeaving(uint256 leavesAt);
    /// @notice The operator has not asked to leave.
    error NotLeaving(address operator);
    /// @notice The stake is bound until then; the largest number while the key is in force.
    error StillBound(uint256 until, uint256 timestamp);
    /// @notice Too few members qualify: the configuration in force stays.
    error NotEnoughKeepers(uint256 eligible, uint256 required);
    /// @notice The choice is in force already.
    error NothingToActivate(bytes32 configDigest);
    /// @notice Nobody ever joined with this report key.
    error UnknownReportKey(address reportKey);
    /// @notice A delay of the deployment is outside its bounds, seconds.
    error DelayOutOfBounds(bytes32 name, uint256 value, uint256 min, uint256 max);
    /// @notice f is outside the protocol's bounds.
    error FaultsOutOfBounds(uint256 faults, uint256 min, uint256 max);
    /// @notice A share, bps of one, is outside its bounds.
    error ShareOutOfBounds(uint256 shareBps, uint256 min, uint256 max);

    /// @notice The role that takes stake: the contract that checks proofs.
    function SLASHER_ROLE() external view returns (bytes32);
    /// @notice Where the choice is put in force.
    function registry() external view returns (IKeeperRegistry);
    /// @notice What is staked.
    function token() external view returns (IERC20);
    /// @notice Receives what is slashed beyond the prover's part.
    function sink() external view returns (address);
    /// @notice The prover's part of what is slashed, bps of one.
    function proverShareBps() external view returns (uint256);
    /// @notice The delays fixed at deployment.
    function delays() external view returns (StakeDelays memory);
    /// @notice The least stake to join and to be chosen with.
    function minStakeUnits() external view returns (uint96);
    /// @notice f of the next configuration.
    function faults() external view returns (uint8);
    /// @notice Whether governance allows the operator as a keeper.
    function isCandidate(address operator) external view returns (bool);
    /// @notice Whether the operator lost its whole stake and its place.
    function isExpelled(address operator) external view returns (bool);
    /// @notice What is known of an operator; zeros when it is no member.
    function member(address operator) external view returns (Member memory);
    /// @notice Operators in the order of their joining.
    function operators() external view returns (address[] memory);
    /// @notice Who has or had the report key; a key serves one operator ever.
    function operatorOf(address reportKey) external view returns (address);
    /// @notice Units that a proof against the report key can still take.
    function atStakeUnits(address reportKey) external view returns (uint256);
    /// @notice Whether the operator behind the key has the least stake, or had its stake until it withdrew: only then the key is paid.
    function isInGoodStanding(address reportKey) external view returns (bool);
    /// @notice The EIP-712 hash that a report key signs to show that its holder agrees.
    function possessionHash(
        address operator,
        address reportKey,
        bytes32 networkKey
    ) external view returns (bytes32);

    /// @notice Stakes and becomes eligible after the delay. The caller is the operator.
    function join(KeeperEntry calldata entry, uint96 units, bytes calldata possession) external;
    /// @notice Adds to the caller's stake.
    function addStake(uint96 units) external;
    /// @notice Asks for another entry, which counts from the first activation after the delay. An earlier wish is replaced. Who leaves may
    /// rotate too: it serves until it is replaced, and must be able to give up a key that leaked.
    function rotate(KeeperEntry calldata entry, bytes calldata possession) external;
    /// @notice Asks to be chosen no longer, after the delay.
    function requestLeave() external;
    /// @notice Stays after all: without a successor a leaver serves on, and only who is chosen gets a new entry in force.
    function cancelLeave() external;
    /// @notice Pays the stake once the operator has left and the unbonding time is over.
    function withdraw(address to) external;
    /// @notice Puts the eldest 3 f + 1 eligible members in force. Anyone may call.
    function activate() external;
    /// @notice Takes the key of an operator without stake, and the one it has in force, out of the quorum at once, and the operator's place, network
    /// key and endpoint from it. Anyone may call; again for an older key that still counts.
    function expel(address reportKey) external;

    /// @notice Slasher only: takes a share of the stake behind a report key, rounded up; part goes to the prover.
    function slash(
        address reportKey,
        uint256 shareBps,
        address prover
    ) external returns (uint256 slashedUnits);

    /// @notice Governance only: allows an operator as a keeper, or no longer.
    function setCandidate(address operator, bool allowed) external;
    /// @notice Governance only: the least stake from now on.
    function setMinStake(uint96 newMinStakeUnits) external;
    /// @notice Governance only: f of the next configuration.
    function setFaults(uint8 newFaults) external;
}
