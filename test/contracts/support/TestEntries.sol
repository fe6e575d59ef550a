// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeeperEntry} from "../../../contracts/types/KeeperTypes.sol";

/// @notice Entries for report keys that need no more: network key, payee and endpoint of their own.
library TestEntries {
    function from(address[] memory reportKeys) internal pure returns (KeeperEntry[] memory entries) {
        entries = new KeeperEntry[](reportKeys.length);
        for (uint256 i; i < reportKeys.length; ++i) entries[i] = one(reportKeys[i]);
    }

    function one(address reportKey) internal pure returns (KeeperEntry memory) {
        bytes32 networkKey = keccak256(abi.encode("network key", reportKey));
        address payee = address(uint160(uint256(keccak256(abi.encode("payee", reportKey)))));
        return KeeperEntry(reportKey, networkKey, payee, string(abi.encodePacked("/dns/", reportKey)));
    }
}
