// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ShareCounts: the shares of eight keepers in one slot
/// @notice From the low end: when the last report counted here was observed (40 bits), which of the eight it counted (8), then a count for each
/// (26). The observation names a report, because no two that the oracle accepts share one. A count that is full counts no further.
library ShareCounts {
    uint256 internal constant LANES = 8;
    uint256 internal constant MAX_COUNT = 2 ** COUNT_BITS - 1;
    uint256 private constant LANE_MASK = 2 ** LANES - 1;
    uint256 private constant OBSERVED_BITS = 40;
    uint256 private constant OBSERVED_MASK = 2 ** OBSERVED_BITS - 1;
    uint256 private constant COUNTS_AT = OBSERVED_BITS + LANES;
    uint256 private constant COUNT_BITS = 26;

    /// @notice A share for each of the keepers that signed the report and were not counted for it before.
    /// @param signers One bit for each of the eight; higher bits are ignored.
    /// @return word The counts after it; as before when nobody is new.
    /// @return added How many shares it gave.
    function addSigners(
        uint256 counts,
        uint256 observedAt,
        uint256 signers
    ) internal pure returns (uint256 word, uint256 added) {
        signers &= LANE_MASK;
        uint256 counted = counts & OBSERVED_MASK == observedAt ? (counts >> OBSERVED_BITS) & LANE_MASK : 0;
        uint256 fresh = signers & ~counted;
        if (fresh == 0) return (counts, 0);
        word = (counts >> COUNTS_AT) << COUNTS_AT;
        word |= observedAt | ((counted | fresh) << OBSERVED_BITS);
        // At most eight lanes, each raised by one when it is not full: nothing spills.
        unchecked {
            for (uint256 shift = COUNTS_AT; fresh != 0; (shift, fresh) = (shift + COUNT_BITS, fresh >> 1)) {
                if (fresh & 1 == 0 || (word >> shift) & MAX_COUNT == MAX_COUNT) continue;
                word += 1 << shift;
                ++added;
            }
        }
    }

    /// @notice Shares for one keeper, as many as its count still holds.
    function addShares(
        uint256 counts,
        uint256 lane,
        uint256 shares
    ) internal pure returns (uint256 word, uint256 added) {
        uint256 room = MAX_COUNT - countOf(counts, lane);
        added = shares < room ? shares : room;
        word = counts + (added << _shiftOf(lane));
    }

    function countOf(uint256 counts, uint256 lane) internal pure returns (uint256) {
        return (counts >> _shiftOf(lane)) & MAX_COUNT;
    }

    /// @notice The counts without one keeper's.
    function cleared(uint256 counts, uint256 lane) internal pure returns (uint256) {
        return counts & ~(MAX_COUNT << _shiftOf(lane));
    }

    function _shiftOf(uint256 lane) private pure returns (uint256) {
        return COUNTS_AT + COUNT_BITS * lane;
    }
}
