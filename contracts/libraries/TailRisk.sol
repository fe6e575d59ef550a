// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS} from "../types/Constants.sol";
import {TailMeasure} from "../types/RiskParams.sol";

/// @notice The worst scenarios seen so far: the shortest prefix whose weight reaches the target, best P&L at the root.
struct TailHeap {
    /// Only an entry below this can enter: the heap's root once the target is reached, the largest number before.
    int256 bar;
    uint256 weight;
    uint256 target;
    uint256 size;
    int256[] entries;
}

/// @notice Which tails count: the longer one is collected, the shorter one is inside it.
struct TailRule {
    uint256 longTarget;
    /// Zero when only one measure counts.
    uint256 shortTarget;
    /// The longer tail is the expected shortfall's.
    bool shortfallFirst;
}

/// @title TailRisk: value at risk and expected shortfall of weighted scenarios
/// @notice Scenarios sort by P&L, then by index. The tail of a confidence is the shortest prefix whose weight reaches the rest of the
/// total; VaR is minus the P&L of its last element, ES minus the weighted mean of the prefix; both at least 0 and rounded up.
/// An entry is P&L << 32 | index << 16 | weight, so that one signed comparison sorts entries; |P&L| below 2^200, weight at least 1.
/// Each scenario costs one comparison, and O(log k) more when it is among the k worst so far.
library TailRisk {
    uint256 private constant WEIGHT_MASK = 0xffff;

    /// @notice Packs a P&L, the scenario's index (below 2^16) and its weight (below 2^16).
    function entry(int256 pnl, uint256 index, uint256 weight) internal pure returns (int256) {
        // |pnl| < 2^200, so the shift keeps the sign; index and weight fit the low 32 bits.
        unchecked {
            return (pnl << 32) + int256((index << 16) | weight);
        }
    }

    /// @notice The tails to collect at the confidences in force.
    function rule(
        uint256 totalWeight,
        TailMeasure measure,
        uint256 varBps,
        uint256 esBps
    ) internal pure returns (TailRule memory r) {
        uint256 varTarget = _target(totalWeight, varBps);
        uint256 esTarget = _target(totalWeight, esBps);
        if (measure == TailMeasure.ValueAtRisk) esTarget = 0;
        if (measure == TailMeasure.ExpectedShortfall) varTarget = 0;
        r.shortfallFirst = esTarget > varTarget;
        (r.longTarget, r.shortTarget) = r.shortfallFirst ? (esTarget, varTarget) : (varTarget, esTarget);
    }

    /// @notice Room for at most `capacity` entries; the words are written before they are read, so they are not cleared.
    function allocate(TailHeap memory heap, uint256 capacity) internal pure {
        int256[] memory words;
        // Reserves the length word and the entries.
        assembly ("memory-safe") {
            words := mload(0x40)
            mstore(words, capacity)
            mstore(0x40, add(words, shl(5, add(capacity, 1))))
        }
        heap.entries = words;
    }

    /// @notice Empties the heap for a new set of scenarios.
    function open(TailHeap memory heap, TailRule memory r) internal pure {
        heap.bar = type(int256).max;
        heap.weight = 0;
        heap.size = 0;
        heap.target = r.longTarget;
    }

    /// @notice Takes in an entry below the heap's bar, and drops those that the target no longer needs.
    function enter(TailHeap memory heap, int256 e) internal pure {
        // size stays below the number of entries offered, at most the capacity; weights sum to less than 2^32.
        unchecked {
            uint256 target = heap.target;
            uint256 size = heap.size;
            uint256 weight = heap.weight + (uint256(e) & WEIGHT_MASK);
            uint256 rootWeight = uint256(_root(heap.entries)) & WEIGHT_MASK;
            if (size != 0 && weight >= target + rootWeight) {
                // The root goes and the new entry, which is worse, takes its place.
                weight -= rootWeight;
                _siftDown(heap.entries, size, e);
            } else {
                _siftUp(heap.entries, size++, e);
            }
            if (weight >= target) {
                (size, weight) = _shrink(heap.entries, size, weight, target);
                heap.bar = _root(heap.entries);
            }
            heap.size = size;
            heap.weight = weight;
        }
    }

    /// @notice Loss at the measure in force, and the index of the worst scenario; (0, 0) for an empty heap. Uses the heap up.
    function close(
        TailHeap memory heap,
        TailRule memory r
    ) internal pure returns (uint256 loss, uint256 worst) {
        uint256 size = heap.size;
        if (size == 0) return (0, 0);
        int256[] memory entries = heap.entries;
        worst = _worstIndex(entries, size);
        loss = r.shortfallFirst ? _shortfall(entries, size, heap.weight) : _rootLoss(entries);
        if (r.shortTarget == 0) return (loss, worst);
        uint256 weight;
        (size, weight) = _shrink(entries, size, heap.weight, r.shortTarget);
        uint256 other = r.shortfallFirst ? _rootLoss(entries) : _shortfall(entries, size, weight);
        if (other > loss) loss = other;
    }

    /// @dev Weight that the tail of a confidence must reach: at least 1, so that a tail has an element.
    function _target(uint256 totalWeight, uint256 confidenceBps) private pure returns (uint256 target) {
        // The total is a sum of at most 2^16 16-bit weights.
        unchecked {
            target = confidenceBps >= BPS ? 0 : (totalWeight * (BPS - confidenceBps) + BPS - 1) / BPS;
            if (target == 0) target = 1;
        }
    }

    /// @dev Drops roots while the rest still reaches the target, which is at least 1, so that one entry stays.
    function _shrink(
        int256[] memory entries,
        uint256 size,
        uint256 weight,
        uint256 target
    ) private pure returns (uint256, uint256) {
        unchecked {
            while (true) {
                uint256 rootWeight = uint256(_root(entries)) & WEIGHT_MASK;
                if (weight < target + rootWeight) return (size, weight);
                weight -= rootWeight;
                --size;
                _siftDown(entries, size, _word(entries, size));
            }
            return (size, weight);
        }
    }

    /// @dev Entry i, below the capacity.
    function _word(int256[] memory entries, uint256 i) private pure returns (int256 e) {
        assembly ("memory-safe") {
            e := mload(add(add(entries, 0x20), shl(5, i)))
        }
    }

    function _root(int256[] memory entries) private pure returns (int256) {
        return _word(entries, 0);
    }

    /// @dev Puts a new entry at the end, `size`, and moves it up to its place.
    function _siftUp(int256[] memory entries, uint256 size, int256 e) private pure {
        // Word i stands at base + 32 i; i <= size, below the capacity.
        assembly ("memory-safe") {
            let base := add(entries, 0x20)
            let i := size
            for {} i {} {
                let parent := shr(1, sub(i, 1))
                let value := mload(add(base, shl(5, parent)))
                if iszero(slt(value, e)) {
                    break
                }
                mstore(add(base, shl(5, i)), value)
                i := parent
            }
            mstore(add(base, shl(5, i)), e)
        }
    }

    /// @dev Puts an entry in the root's place and moves it down to its own, in a heap of `size` entries.
    function _siftDown(int256[] memory entries, uint256 size, int256 e) private pure {
        // Children are read below size only; i starts at 0.
        assembly ("memory-safe") {
            let base := add(entries, 0x20)
            let i := 0
            for {} 1 {} {
                let child := add(shl(1, i), 1)
                if iszero(lt(child, size)) {
                    break
                }
                let value := mload(add(base, shl(5, child)))
                if lt(add(child, 1), size) {
                    let right := mload(add(base, shl(5, add(child, 1))))
                    if sgt(right, value) {
                        value := right
                        child := add(child, 1)
                    }
                }
                if iszero(sgt(value, e)) {
                    break
                }
                mstore(add(base, shl(5, i)), value)
                i := child
            }
            mstore(add(base, shl(5, i)), e)
        }
    }

    function _rootLoss(int256[] memory entries) private pure returns (uint256) {
        // |P&L| < 2^200: its negative fits.
        unchecked {
            int256 loss = -(_root(entries) >> 32);
            return loss > 0 ? uint256(loss) : 0;
        }
    }

    function _shortfall(
        int256[] memory entries,
        uint256 size,
        uint256 weight
    ) private pure returns (uint256) {
        // |P&L| < 2^200, weights sum to less than 2^32 and to at least 1.
        unchecked {
            int256 sum;
            for (uint256 i; i < size; ++i) {
                int256 e = _word(entries, i);
                sum -= (e >> 32) * int256(uint256(e) & WEIGHT_MASK);
            }
            return sum > 0 ? (uint256(sum) + weight - 1) / weight : 0;
        }
    }

    function _worstIndex(int256[] memory entries, uint256 size) private pure returns (uint256) {
        int256 worst = _root(entries);
        unchecked {
            for (uint256 i = 1; i < size; ++i) {
                int256 e = _word(entries, i);
                if (e < worst) worst = e;
            }
        }
        return (uint256(worst) >> 16) & WEIGHT_MASK;
    }
}
