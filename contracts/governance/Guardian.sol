// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {IGuardian} from "../interfaces/IGuardian.sol";

/// @title Guardian
contract Guardian is AccessControl, IGuardian {
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");
    /// Long enough for an emergency vote to be seen, short enough that only a vote can make it last.
    uint256 public constant MAX_PAUSE = 3 days;
    /// Longer than the pause: the house is open more than half of the time against any guardian.
    uint256 public constant COOL_DOWN = 4 days;

    IClearingHouse public immutable house;

    uint256 private _pausedUntil;

    constructor(IClearingHouse house_, address governance, address guardian) {
        house = house_;
        _grantRole(DEFAULT_ADMIN_ROLE, governance);
        _grantRole(GUARDIAN_ROLE, guardian);
    }

    /// @inheritdoc IGuardian
    function pause(uint256 duration) external onlyRole(GUARDIAN_ROLE) {
        if (duration == 0) revert ZeroDuration();
        if (duration > MAX_PAUSE) revert PauseTooLong(duration, MAX_PAUSE);
        uint256 from = usableFrom();
        if (block.timestamp < from) revert CoolingDown(from, block.timestamp);
        uint256 until = block.timestamp + duration;
        _pausedUntil = until;
        emit Paused(msg.sender, until);
        house.pauseRiskIncrease(until);
    }

    /// @inheritdoc IGuardian
    function lift() external {
        if (!hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) _checkRole(GUARDIAN_ROLE);
        if (block.timestamp >= _pausedUntil) revert NotPaused(_pausedUntil, block.timestamp);
        emit PauseLifted(msg.sender);
        house.pauseRiskIncrease(block.timestamp);
    }

    /// @inheritdoc IGuardian
    function usableFrom() public view returns (uint256) {
        return _pausedUntil == 0 ? 0 : _pausedUntil + COOL_DOWN;
    }
}
