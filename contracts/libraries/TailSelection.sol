// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// The low 16 bits of an entry.
uint256 constant ENTRY_WEIGHT_MASK = 0xffff;

/// @title TailSelection: the smallest entries of a range whose weights reach a target
/// @notice An entry is P&L << 32 | index << 16 | weight, so that one signed comparison sorts entries and no two are equal. A tail is selected,
/// not sorted (Hoare 1961): a few steps per entry, however they lie, because a range that does not shrink is sorted after a fixed number of splits.
library TailSelection {
    /// Ranges up to 8 entries are sorted, and any range after so many splits.
    uint256 private constant SORTED_BYTES = 0x100;
    uint256 private constant MAX_SPLITS = 20;

    /// @notice Moves the shortest prefix (in sorted order) whose weight reaches the target to the front, its greatest entry last; returns the
    /// address behind it, or 0 when all entries together do not reach it. The target is at least 1.
    function select(uint256 first, uint256 end, uint256 target) internal pure returns (uint256) {
        // Addresses in [first, end]; what is taken off the target is below it.
        unchecked {
            for (uint256 splits; end - first > SORTED_BYTES && splits < MAX_SPLITS; ++splits) {
                (uint256 middle, uint256 weight) = _split(first, end, _middleOf(first, end));
                if (weight >= target) {
                    end = middle;
                } else {
                    target -= weight;
                    first = middle;
                }
            }
            _sort(first, end);
            for (; first < end; first += 0x20) {
                uint256 weight = uint256(_load(first)) & ENTRY_WEIGHT_MASK;
                if (weight >= target) return first + 0x20;
                target -= weight;
            }
            return 0;
        }
    }

    /// @dev Splits a range by a pivot: smaller entries before `middle`, the others from there on (Lomuto).
    /// @return middle between first and end
    /// @return weight sum of the smaller entries' weights
    function _split(
        uint256 first,
        uint256 end,
        int256 pivot
    ) private pure returns (uint256 middle, uint256 weight) {
        // middle follows first: only words of the range are read and written.
        assembly ("memory-safe") {
            middle := first
            for {} lt(first, end) {
                first := add(first, 0x20)
            } {
                let e := mload(first)
                if slt(e, pivot) {
                    weight := add(weight, and(e, ENTRY_WEIGHT_MASK))
                    mstore(first, mload(middle))
                    mstore(middle, e)
                    middle := add(middle, 0x20)
                }
            }
        }
    }

    /// @dev The median of a range's entries at a quarter, a half and three quarters: never its least one. Any entry for a range below four.
    function _middleOf(uint256 first, uint256 end) private pure returns (int256 pivot) {
        // Addresses in [first, end); the word at `first` exists even when the range is empty.
        assembly ("memory-safe") {
            let quarter := and(shr(2, sub(end, first)), not(0x1f))
            first := add(first, quarter)
            pivot := mload(first)
            first := add(first, quarter)
            let other := mload(first)
            let last := mload(add(first, quarter))
            if sgt(pivot, other) {
                let greater := pivot
                pivot := other
                other := greater
            }
            // pivot <= other: the median is `last` between them, else the one it exceeds or undercuts.
            if sgt(last, pivot) {
                pivot := last
                if sgt(last, other) {
                    pivot := other
                }
            }
        }
    }

    /// @dev Sorts a range: Shell (1959) with gaps that halve.
    function _sort(uint256 first, uint256 end) private pure {
        // i runs over the range, j stays between first + gap and i: only words of the range are read and written.
        assembly ("memory-safe") {
            for {
                let gap := and(shr(1, sub(end, first)), not(0x1f))
            } gap {
                gap := and(shr(1, gap), not(0x1f))
            } {
                let lowest := add(first, gap)
                for {
                    let i := lowest
                } lt(i, end) {
                    i := add(i, 0x20)
                } {
                    let e := mload(i)
                    let j := i
                    for {} iszero(lt(j, lowest)) {} {
                        let previous := mload(sub(j, gap))
                        if iszero(sgt(previous, e)) {
                            break
                        }
                        mstore(j, previous)
                        j := sub(j, gap)
                    }
                    mstore(j, e)
                }
            }
        }
    }

    function _load(uint256 cursor) private pure returns (int256 e) {
        assembly ("memory-safe") {
            e := mload(cursor)
        }
    }
}
