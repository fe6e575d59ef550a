// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title BallastToken: votes on the rules of the house
/// @notice Fixed supply, minted once. Votes are counted by timestamp, so that delays mean the same on every chain.
contract BallastToken is ERC20, ERC20Permit, ERC20Votes {
    /// 100 million tokens of 18 decimals.
    uint256 public constant SUPPLY = 100_000_000e18;

    constructor(address holder) ERC20("Ballast", "BLST") ERC20Permit("Ballast") {
        _mint(holder, SUPPLY);
    }

    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // The name is ERC-6372's.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
