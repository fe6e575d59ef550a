// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperStaking} from "../../../contracts/interfaces/IKeeperStaking.sol";
import {KeeperStaking} from "../../../contracts/oracle/KeeperStaking.sol";
import {KeeperEntry, StakeDelays} from "../../../contracts/types/KeeperTypes.sol";
import {TestEntries} from "../support/TestEntries.sol";
import {KeeperFixture} from "./support/KeeperFixture.sol";

/// @notice Joining: what is taken, what is refused, and what a proof of possession proves.
contract KeeperStakingTest is KeeperFixture {
    uint256 private constant MAX_MEMBERS = 62;
    uint256 private constant CHAIN_ID = 31_337;
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function test_JoiningTakesTheStakeAndReservesTheKeys() external {
        _join(0);
        IKeeperStaking.Member memory m = staking.member(_operator(0));
        VM.assertEq(m.stakeUnits, MIN_STAKE);
        VM.assertEq(m.eligibleFrom, NOW + JOIN_DELAY);
        VM.assertEq(m.entry.reportKey, VM.addr(keys[0]));
        VM.assertEq(token.balanceOf(address(staking)), MIN_STAKE);
        VM.assertEq(staking.operatorOf(VM.addr(keys[0])), _operator(0));
        VM.assertEq(staking.operators()[0], _operator(0));
    }

    function test_RevertWhen_TheOperatorIsNoCandidate() external {
        staking.setCandidate(_operator(0), false);
        _expectJoin(
            0,
            _entry(0),
            keys[0],
            abi.encodeWithSelector(IKeeperStaking.NotAllowed.selector, _operator(0))
        );
    }

    function test_RevertWhen_TheOperatorIsAMember() external {
        _join(0);
        _expectJoin(
            0,
            _entry(1),
            keys[1],
            abi.encodeWithSelector(IKeeperStaking.AlreadyMember.selector, _operator(0))
        );
    }

    function test_RevertWhen_TheStakeIsOneUnitShort() external {
        bytes memory possession = _possession(keys[0], _operator(0), _entry(0));
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperStaking.StakeTooSmall.selector, MIN_STAKE - 1, MIN_STAKE)
        );
        VM.prank(_operator(0));
        staking.join(_entry(0), MIN_STAKE - 1, possession);
    }

    function test_RevertWhen_AKeyOrAnEndpointServesAnother() external {
        _join(0);
        KeeperEntry memory taken = _entry(0);
        _expectJoin(
            1,
            taken,
            keys[0],
            abi.encodeWithSelector(IKeeperStaking.ReportKeyTaken.selector, taken.reportKey, _operator(0))
        );
        KeeperEntry memory entry = _entry(1);
        entry.networkKey = taken.networkKey;
        _expectJoin(
            1,
            entry,
            keys[1],
            abi.encodeWithSelector(IKeeperStaking.NetworkKeyTaken.selector, taken.networkKey, _operator(0))
        );
        entry = _entry(1);
        entry.endpoint = taken.endpoint;
        bytes32 endpointHash = keccak256(bytes(taken.endpoint));
        _expectJoin(
            1,
            entry,
            keys[1],
            abi.encodeWithSelector(IKeeperStaking.EndpointTaken.selector, endpointHash, _operator(0))
        );
    }

    function test_RevertWhen_TheEntryIsNotWhole() external {
        KeeperEntry memory entry = _entry(0);
        entry.payee = address(0);
        _expectJoin(0, entry, keys[0], abi.encodeWithSelector(IKeeperStaking.ZeroAddress.selector));
        entry = _entry(0);
        entry.networkKey = 0;
        _expectJoin(0, entry, keys[0], abi.encodeWithSelector(IKeeperStaking.ZeroNetworkKey.selector));
        entry = _entry(0);
        entry.endpoint = "";
        _expectJoin(
            0,
            entry,
            keys[0],
            abi.encodeWithSelector(IKeeperStaking.EndpointLengthOutOfBounds.selector, 0, 1, 256)
        );
        entry.endpoint = string(new bytes(257));
        _expectJoin(
            0,
            entry,
            keys[0],
            abi.encodeWithSelector(IKeeperStaking.EndpointLengthOutOfBounds.selector, 257, 1, 256)
        );
    }

    function test_RevertWhen_ThePossessionIsForSomethingElse() external {
        KeeperEntry memory entry = _entry(0);
        address operator = _operator(0);
        _expectNoPossession(entry, _possession(keys[0], _operator(1), entry));
        _expectNoPossession(entry, _possession(keys[1], operator, entry));
        KeeperEntry memory other = _entry(0);
        other.networkKey = keccak256("another network key");
        _expectNoPossession(entry, _possession(keys[0], operator, other));
        // Another contract of the same kind.
        bytes32 elsewhere = _newStaking(PROVER_SHARE_BPS, _delays()).possessionHash(
            operator,
            entry.reportKey,
            entry.networkKey
        );
        _expectNoPossession(entry, _signed(keys[0], elsewhere));
        // The same contract on another chain.
        VM.chainId(CHAIN_ID + 1);
        bytes memory ofOtherChain = _possession(keys[0], operator, entry);
        VM.chainId(CHAIN_ID);
        _expectNoPossession(entry, ofOtherChain);
        _expectNoPossession(
            entry,
            _malleable(keys[0], staking.possessionHash(operator, entry.reportKey, entry.networkKey))
        );
        // Nobody holds the zero key, which a broken signature would recover to.
        entry.reportKey = address(0);
        _expectNoPossession(entry, new bytes(65));
    }

    function _malleable(uint256 key, bytes32 hash) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, hash);
        return abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }

    function _expectNoPossession(KeeperEntry memory entry, bytes memory possession) private {
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.NoProofOfPossession.selector, entry.reportKey));
        VM.prank(_operator(0));
        staking.join(entry, MIN_STAKE, possession);
    }

    function _expectJoin(
        uint256 operator,
        KeeperEntry memory entry,
        uint256 key,
        bytes memory expected
    ) private {
        bytes memory possession = _possession(key, _operator(operator), entry);
        VM.expectRevert(expected);
        VM.prank(_operator(operator));
        staking.join(entry, MIN_STAKE, possession);
    }

    function test_RevertWhen_DelaysOrSharesAreOutOfBounds() external {
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ShareOutOfBounds.selector, 2_501, 0, 2_500));
        this.deployStaking(2_501, _delays());
        StakeDelays memory delays = _delays();
        delays.unbondingSeconds = 14 days - 1;
        VM.expectRevert(
            abi.encodeWithSelector(
                IKeeperStaking.DelayOutOfBounds.selector,
                bytes32("unbonding"),
                14 days - 1,
                14 days,
                90 days
            )
        );
        this.deployStaking(PROVER_SHARE_BPS, delays);
        delays = _delays();
        delays.joinSeconds = 30 days + 1;
        VM.expectRevert(
            abi.encodeWithSelector(
                IKeeperStaking.DelayOutOfBounds.selector,
                bytes32("join"),
                30 days + 1,
                0,
                30 days
            )
        );
        this.deployStaking(PROVER_SHARE_BPS, delays);
    }

    function deployStaking(uint256 proverShareBps, StakeDelays calldata delays) external {
        _newStaking(proverShareBps, delays);
    }

    function test_RevertWhen_MembersAreTooMany() external {
        for (uint256 i; i < MAX_MEMBERS; ++i) _joinAs(address(uint160(0x1000 + i)), 1_000 + i);
        VM.expectRevert(
            abi.encodeWithSelector(IKeeperStaking.TooManyMembers.selector, MAX_MEMBERS, MAX_MEMBERS)
        );
        VM.prank(_operator(0));
        staking.join(_entry(0), MIN_STAKE, "");
    }

    function test_RevertWhen_TheSinkOrACandidateIsZero() external {
        address[] memory none = new address[](0);
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ZeroAddress.selector));
        new KeeperStaking(
            registry,
            token,
            address(0),
            address(this),
            PROVER_SHARE_BPS,
            _delays(),
            MIN_STAKE,
            none
        );
        VM.expectRevert(abi.encodeWithSelector(IKeeperStaking.ZeroAddress.selector));
        staking.setCandidate(address(0), true);
    }

    function _joinAs(address operator, uint256 key) private {
        staking.setCandidate(operator, true);
        _fund(operator, MIN_STAKE);
        KeeperEntry memory entry = TestEntries.one(VM.addr(key));
        bytes memory possession = _possession(key, operator, entry);
        VM.prank(operator);
        staking.join(entry, MIN_STAKE, possession);
    }
}
