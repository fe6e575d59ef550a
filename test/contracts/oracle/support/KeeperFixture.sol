// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IKeeperRegistry} from "../../../../contracts/interfaces/IKeeperRegistry.sol";
import {KeeperRegistry} from "../../../../contracts/oracle/KeeperRegistry.sol";
import {KeeperStaking} from "../../../../contracts/oracle/KeeperStaking.sol";
import {KeeperEntry, StakeDelays} from "../../../../contracts/types/KeeperTypes.sol";
import {TestBase} from "../../support/TestBase.sol";
import {TestEntries} from "../../support/TestEntries.sol";
import {TestToken} from "../../support/TestToken.sol";

/// @notice A registry whose first four keepers have no stake, and a staking contract that eight operators may join.
abstract contract KeeperFixture is TestBase {
    uint256 internal constant NOW = 1_770_000_000;
    uint256 internal constant CANDIDATES = 8;
    uint256 internal constant KEEPERS = 4;
    uint96 internal constant MIN_STAKE = 100_000e18;
    uint256 internal constant PROVER_SHARE_BPS = 500;
    uint256 internal constant OVERLAP = 1 hours;
    uint32 internal constant JOIN_DELAY = 2 days;
    uint32 internal constant LEAVE_DELAY = 3 days;
    uint32 internal constant ROTATION_DELAY = 1 days;
    uint32 internal constant UNBONDING = 21 days;
    address internal constant SINK = address(0x51CC);
    address internal constant PROVER = address(0x9207E2);

    TestToken internal token;
    KeeperRegistry internal registry;
    KeeperStaking internal staking;
    /// Rising by address.
    uint256[] internal keys;

    function setUp() public virtual {
        VM.warp(NOW);
        token = _newToken();
        for (uint256 key = 1; keys.length < CANDIDATES; ++key) keys.push(key);
        _sortKeys();
        address[] memory first = new address[](KEEPERS);
        for (uint256 i; i < KEEPERS; ++i) first[i] = VM.addr(keys[i]);
        registry = new KeeperRegistry(address(this), TestEntries.from(first), 1, 0, OVERLAP);
        staking = _newStaking(PROVER_SHARE_BPS, _delays());
        registry.grantRole(registry.CONFIGURER_ROLE(), address(staking));
    }

    function _newToken() internal virtual returns (TestToken) {
        return new TestToken("BLST", 18);
    }

    function _newStaking(uint256 proverShareBps, StakeDelays memory delays) internal returns (KeeperStaking) {
        address[] memory candidates = new address[](CANDIDATES);
        for (uint256 i; i < CANDIDATES; ++i) candidates[i] = _operator(i);
        return
            new KeeperStaking(
                IKeeperRegistry(address(registry)),
                IERC20(address(token)),
                SINK,
                address(this),
                proverShareBps,
                delays,
                MIN_STAKE,
                candidates
            );
    }

    function _delays() internal pure returns (StakeDelays memory) {
        return StakeDelays(JOIN_DELAY, LEAVE_DELAY, ROTATION_DELAY, UNBONDING);
    }

    function _operator(uint256 i) internal pure returns (address) {
        return address(uint160(0x0900 + i));
    }

    function _entry(uint256 i) internal view returns (KeeperEntry memory) {
        return TestEntries.one(VM.addr(keys[i]));
    }

    function _signed(uint256 key, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }

    function _possession(
        uint256 key,
        address operator,
        KeeperEntry memory entry
    ) internal view returns (bytes memory) {
        return _signed(key, staking.possessionHash(operator, entry.reportKey, entry.networkKey));
    }

    function _fund(address operator, uint256 units) internal {
        token.mint(operator, units);
        VM.prank(operator);
        token.approve(address(staking), type(uint256).max);
    }

    function _join(uint256 i) internal {
        address operator = _operator(i);
        _fund(operator, MIN_STAKE);
        bytes memory possession = _possession(keys[i], operator, _entry(i));
        VM.prank(operator);
        staking.join(_entry(i), MIN_STAKE, possession);
    }

    /// Operators join, the first four with the keys of the first configuration, which is thereby staked; the others stand by.
    function _joinAndWait(uint256 count) internal {
        for (uint256 i; i < count; ++i) _join(i);
        VM.warp(VM.getBlockTimestamp() + JOIN_DELAY);
    }

    function _stakeOf(uint256 i) internal view returns (uint256) {
        return staking.member(_operator(i)).stakeUnits;
    }

    /// Asks for an entry of the key numbered `next` for the operator numbered `i`.
    function _rotate(uint256 i, uint256 next) internal {
        bytes memory possession = _possession(keys[next], _operator(i), _entry(next));
        VM.prank(_operator(i));
        staking.rotate(_entry(next), possession);
    }

    function _requestLeave(uint256 i) internal {
        VM.prank(_operator(i));
        staking.requestLeave();
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
