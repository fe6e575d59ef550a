// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS} from "../types/Constants.sol";
import {TailMeasure} from "../types/RiskParams.sol";

/// @notice Which tails of a scenario set count.
struct TailRule {
    TailMeasure measure;
    uint256 varBps;
    uint256 esBps;
}

/// @title TailRisk: value at risk and expected shortfall of weighted scenarios
/// @notice Scenarios sort by P&L, then by index. The tail of a confidence is the shortest prefix whose weight reaches the rest of the
/// total; VaR is minus the P&L of its last element, ES minus the weighted mean of the prefix; both at least 0 and rounded up.
/// An entry is P&L << 32 | index << 16 | weight, so that one signed comparison sorts entries and no two are equal; |P&L| below 2^200,
/// weights at least 1. The tail is selected, not sorted (Hoare 1961): a few steps per scenario, however the entries lie, because a range
/// that does not shrink is sorted after a fixed number of splits.
library TailRisk {
    uint256 private constant WEIGHT_MASK = 0xffff;
    /// Ranges up to 8 entries are sorted, and any range after so many splits.
    uint256 private constant SORTED_BYTES = 0x100;
    uint256 private constant MAX_SPLITS = 20;

    /// @notice Reserves `count` entries, with a word before and a word behind them that end any search.
    function allocate(uint256 count) internal pure returns (uint256 first) {
        // Reserves count + 2 words and writes the outer two: the smallest and the largest number.
        assembly ("memory-safe") {
            first := add(mload(0x40), 0x20)
            mstore(sub(first, 0x20), shl(255, 1))
            let end := add(first, shl(5, count))
            mstore(end, not(shl(255, 1)))
            mstore(0x40, add(end, 0x20))
        }
    }

    /// @notice Loss at the measure in force, and the index of the worst scenario; (0, 0) without scenarios. Reorders the entries.
    /// @param first address of the first entry, as allocate gives it; @param end address behind the last one
    /// @param guess an entry near the tail's end, as good as it may be: it decides the cost, not the result
    function tailLoss(
        uint256 first,
        uint256 end,
        uint256 totalWeight,
        TailRule memory rule,
        int256 guess
    ) internal pure returns (uint256 loss, uint256 worst) {
        if (first == end) return (0, 0);
        uint256 varTarget = rule.measure == TailMeasure.ExpectedShortfall ? 0 : _target(totalWeight, rule.varBps);
        uint256 esTarget = rule.measure == TailMeasure.ValueAtRisk ? 0 : _target(totalWeight, rule.esBps);
        // The longer tail holds the shorter one: it is selected first, the other inside it.
        bool shortfallFirst = esTarget > varTarget;
        end = _select(first, end, shortfallFirst ? esTarget : varTarget, guess);
        uint256 shortfall;
        (shortfall, worst) = _shortfall(first, end);
        loss = shortfallFirst ? shortfall : _lastLoss(end);
        uint256 shorter = shortfallFirst ? varTarget : esTarget;
        if (shorter == 0) return (loss, worst);
        end = _select(first, end, shorter, _middleOf(first, end));
        if (shortfallFirst) shortfall = _lastLoss(end);
        else (shortfall, ) = _shortfall(first, end);
        if (shortfall > loss) loss = shortfall;
    }

    /// @dev Weight that the tail of a confidence must reach: at least 1, so that a tail has an element.
    function _target(uint256 totalWeight, uint256 confidenceBps) private pure returns (uint256 target) {
        // The total is a sum of at most 2^16 16-bit weights.
        unchecked {
            target = confidenceBps >= BPS ? 0 : (totalWeight * (BPS - confidenceBps) + BPS - 1) / BPS;
            if (target == 0) target = 1;
        }
    }

    /// @dev Moves the shortest prefix (in sorted order) whose weight reaches the target to the front, its greatest entry last; returns the
    /// address behind it. The target is at least 1 and at most the entries' weight.
    function _select(uint256 first, uint256 end, uint256 target, int256 pivot) private pure returns (uint256) {
        // Addresses in [first, end]; what is taken off the target is below it.
        unchecked {
            for (uint256 splits; end - first > SORTED_BYTES && splits < MAX_SPLITS; ++splits) {
                (uint256 middle, uint256 weight) = _split(first, end, pivot);
                if (weight >= target) {
                    end = middle;
                } else {
                    target -= weight;
                    first = middle;
                }
                pivot = _middleOf(first, end);
            }
            _sort(first, end);
            while (true) {
                uint256 weight = uint256(_load(first)) & WEIGHT_MASK;
                first += 0x20;
                if (weight >= target || first >= end) return first;
                target -= weight;
            }
            return first;
        }
    }

    /// @dev Splits a range by a pivot: smaller entries before `middle`, the others from there on.
    /// @return middle between first and end
    /// @return weight sum of the smaller entries' weights
    function _split(uint256 first, uint256 end, int256 pivot) private pure returns (uint256 middle, uint256 weight) {
        // The word before a range is smaller than all in it and not greater than any pivot, the word behind it greater: both searches stop at
        // them at the latest (the outer words are allocate's, the inner ones come from earlier splits).
        assembly ("memory-safe") {
            middle := first
            for { } 1 { } {
                for { } slt(mload(middle), pivot) { middle := add(middle, 0x20) } { }
                end := sub(end, 0x20)
                for { } iszero(slt(mload(end), pivot)) { end := sub(end, 0x20) } { }
                if iszero(lt(middle, end)) { break }
                let e := mload(middle)
                mstore(middle, mload(end))
                mstore(end, e)
            }
            for { } lt(first, middle) { first := add(first, 0x20) } {
                weight := add(weight, and(mload(first), WEIGHT_MASK))
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
                if sgt(last, other) { pivot := other }
            }
        }
    }

    /// @dev Sorts a range: Shell (1959) with gaps that halve.
    function _sort(uint256 first, uint256 end) private pure {
        // i runs over the range, j stays between first + gap and i: only words of the range are read and written.
        assembly ("memory-safe") {
            for { let gap := and(shr(1, sub(end, first)), not(0x1f)) } gap { gap := and(shr(1, gap), not(0x1f)) } {
                let lowest := add(first, gap)
                for { let i := lowest } lt(i, end) { i := add(i, 0x20) } {
                    let e := mload(i)
                    let j := i
                    for { } iszero(lt(j, lowest)) { } {
                        let previous := mload(sub(j, gap))
                        if iszero(sgt(previous, e)) { break }
                        mstore(j, previous)
                        j := sub(j, gap)
                    }
                    mstore(j, e)
                }
            }
        }
    }

    /// @dev Loss of the last entry before `end`.
    function _lastLoss(uint256 end) private pure returns (uint256) {
        // |P&L| < 2^200: its negative fits.
        unchecked {
            int256 loss = -(_load(end - 0x20) >> 32);
            return loss > 0 ? uint256(loss) : 0;
        }
    }

    /// @dev Weighted mean loss of a range that is not empty, rounded up, and the index of its worst entry.
    function _shortfall(uint256 first, uint256 end) private pure returns (uint256 shortfall, uint256 worst) {
        int256 sum;
        uint256 weight;
        int256 least = type(int256).max;
        // |P&L| < 2^200, weights sum to less than 2^32 and to at least 1; only words of the range are read.
        assembly ("memory-safe") {
            for { } lt(first, end) { first := add(first, 0x20) } {
                let e := mload(first)
                let w := and(e, WEIGHT_MASK)
                sum := sub(sum, mul(sar(32, e), w))
                weight := add(weight, w)
                if slt(e, least) { least := e }
            }
        }
        unchecked {
            worst = (uint256(least) >> 16) & WEIGHT_MASK;
            if (sum > 0) shortfall = (uint256(sum) + weight - 1) / weight;
        }
    }

    /// @dev The entry at an address.
    function _load(uint256 cursor) private pure returns (int256 e) {
        assembly ("memory-safe") {
            e := mload(cursor)
        }
    }
}
