// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS} from "../types/Constants.sol";
import {TailMeasure} from "../types/RiskParams.sol";
import {ENTRY_WEIGHT_MASK, TailSelection} from "./TailSelection.sol";

/// @notice Which tails of a scenario set count.
struct TailRule {
    TailMeasure measure;
    uint256 varBps;
    uint256 esBps;
}

/// @notice The scenarios whose tails are asked for: their number, weights and the memory to select tails in.
struct Sample {
    uint256 count;
    uint256 totalWeight;
    /// Address of the first record, which begins with the scenario's 16-bit weight, and bytes per record.
    uint256 records;
    uint256 stride;
    /// Address of room for the entries of a tail, as allocateEntries gives it.
    uint256 entries;
}

/// @title TailRisk: value at risk and expected shortfall of weighted scenarios
/// @notice Scenarios sort by P&L, then by index. The tail of a confidence is the shortest prefix whose weight reaches the rest of the
/// total; VaR is minus the P&L of its last element, ES minus the weighted mean of the prefix; both at least 0 and rounded up.
/// A tail is a small part of the scenarios: those below a guess are gathered as entries (all of them, when the guess was too low), and the
/// tail is selected among these (see TailSelection). |P&L| below 2^200, weights at least 1.
library TailRisk {
    uint256 private constant WEIGHT_MASK = ENTRY_WEIGHT_MASK;
    /// Above every P&L.
    int256 private constant MAX_PNL = 1 << 200;

    /// @notice Reserves a word of P&L per scenario, and fills the block of four up with numbers that are in no tail.
    function allocate(uint256 count) internal pure returns (uint256 pnl) {
        // Reserves count words rounded up to four and writes those behind the count.
        assembly ("memory-safe") {
            pnl := mload(0x40)
            let end := add(pnl, shl(7, shr(2, add(count, 3))))
            mstore(0x40, end)
            for {
                let pad := add(pnl, shl(5, count))
            } lt(pad, end) {
                pad := add(pad, 0x20)
            } {
                mstore(pad, not(shl(255, 1)))
            }
        }
    }

    /// @notice Reserves room for `count` entries.
    function allocateEntries(uint256 count) internal pure returns (uint256 entries) {
        assembly ("memory-safe") {
            entries := mload(0x40)
            mstore(0x40, add(entries, shl(5, count)))
        }
    }

    /// @notice Loss at the measure in force, and the index of the worst scenario; (0, 0) without scenarios.
    /// @param pnl address of the scenarios' P&L, as allocate gives it
    /// @param deep a P&L a little below the tail's end, @param bound one a little above it: they decide the cost, not the result
    function tailLoss(
        Sample memory s,
        uint256 pnl,
        TailRule memory rule,
        int256 deep,
        int256 bound
    ) internal pure returns (uint256 loss, uint256 worst) {
        if (s.count == 0) return (0, 0);
        uint256 first = s.entries;
        uint256 end = _tail(
            s,
            pnl,
            _target(s.totalWeight, rule.measure == TailMeasure.ValueAtRisk ? rule.varBps : rule.esBps),
            deep,
            bound
        );
        (loss, worst) = _shortfall(first, end);
        if (rule.measure == TailMeasure.ValueAtRisk) return (_lastLoss(end), worst);
        if (rule.measure == TailMeasure.ExpectedShortfall) return (loss, worst);
        // The greater of both is VaR when the scenarios that lose more than ES weigh enough for VaR's tail, and only then.
        uint256 target = _target(s.totalWeight, rule.varBps);
        if (_weightBeyond(first, end, loss) >= target)
            loss = _lastLoss(TailSelection.select(first, end, target));
    }

    /// @dev Gathers the tail of a weight at the front of the entries; returns the address behind it.
    function _tail(
        Sample memory s,
        uint256 pnl,
        uint256 target,
        int256 deep,
        int256 bound
    ) private pure returns (uint256) {
        uint256 first = s.entries;
        (uint256 deepEnd, uint256 middle, uint256 weight) = _gather(s, pnl, deep, bound);
        if (weight >= target) return TailSelection.select(first, deepEnd, target);
        // target > weight; middle is at most the buffer's end.
        unchecked {
            uint256 end = TailSelection.select(middle, first + (s.count << 5), target - weight);
            if (end != 0) {
                // Both parts lie in the buffer, the second one behind the first.
                assembly ("memory-safe") {
                    mcopy(deepEnd, middle, sub(end, middle))
                }
                return deepEnd + (end - middle);
            }
        }
        // The bound was too low.
        (deepEnd, , ) = _gather(s, pnl, MAX_PNL, MAX_PNL);
        return TailSelection.select(first, deepEnd, target);
    }

    /// @dev Writes the entries of the scenarios below a bound: those below `deep` from the buffer's front, the others from its end down.
    /// @return deepEnd address behind the deep entries
    /// @return middle address of the first other one
    /// @return weight sum of the deep entries' weights
    function _gather(
        Sample memory s,
        uint256 pnl,
        int256 deep,
        int256 bound
    ) private pure returns (uint256 deepEnd, uint256 middle, uint256 weight) {
        (uint256 records, uint256 stride) = (s.records, s.stride);
        deepEnd = s.entries;
        uint256 last;
        unchecked {
            last = pnl + (s.count << 5);
            middle = deepEnd + (s.count << 5);
        }
        // Reads blocks of four P&L words, which allocate has filled up with numbers that are below no bound, and the records; writes at most
        // one entry per scenario. |P&L| < 2^200 shifts by 32.
        assembly ("memory-safe") {
            function entryOf(x, scenario, record) -> entry {
                entry := or(shl(32, x), or(shl(16, scenario), shr(240, mload(record))))
            }
            deep := shl(32, deep)
            let index := 0
            let e
            for {} lt(pnl, last) {
                pnl := add(pnl, 0x80)
            } {
                e := mload(pnl)
                if slt(e, bound) {
                    e := entryOf(e, index, records)
                    switch slt(e, deep)
                    case 0 {
                        middle := sub(middle, 0x20)
                        mstore(middle, e)
                    }
                    default {
                        weight := add(weight, and(e, WEIGHT_MASK))
                        mstore(deepEnd, e)
                        deepEnd := add(deepEnd, 0x20)
                    }
                }
                e := mload(add(pnl, 0x20))
                if slt(e, bound) {
                    e := entryOf(e, add(index, 1), add(records, stride))
                    switch slt(e, deep)
                    case 0 {
                        middle := sub(middle, 0x20)
                        mstore(middle, e)
                    }
                    default {
                        weight := add(weight, and(e, WEIGHT_MASK))
                        mstore(deepEnd, e)
                        deepEnd := add(deepEnd, 0x20)
                    }
                }
                e := mload(add(pnl, 0x40))
                if slt(e, bound) {
                    e := entryOf(e, add(index, 2), add(records, shl(1, stride)))
                    switch slt(e, deep)
                    case 0 {
                        middle := sub(middle, 0x20)
                        mstore(middle, e)
                    }
                    default {
                        weight := add(weight, and(e, WEIGHT_MASK))
                        mstore(deepEnd, e)
                        deepEnd := add(deepEnd, 0x20)
                    }
                }
                e := mload(add(pnl, 0x60))
                if slt(e, bound) {
                    e := entryOf(e, add(index, 3), add(records, mul(3, stride)))
                    switch slt(e, deep)
                    case 0 {
                        middle := sub(middle, 0x20)
                        mstore(middle, e)
                    }
                    default {
                        weight := add(weight, and(e, WEIGHT_MASK))
                        mstore(deepEnd, e)
                        deepEnd := add(deepEnd, 0x20)
                    }
                }
                index := add(index, 4)
                records := add(records, shl(2, stride))
            }
        }
    }

    /// @dev Weight that the tail of a confidence must reach: at least 1, so that a tail has an element.
    function _target(uint256 totalWeight, uint256 confidenceBps) private pure returns (uint256 target) {
        // The total is a sum of at most 2^16 16-bit weights.
        unchecked {
            target = confidenceBps >= BPS ? 0 : (totalWeight * (BPS - confidenceBps) + BPS - 1) / BPS;
            if (target == 0) target = 1;
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

    /// @dev Weight of the entries that lose more than a loss.
    function _weightBeyond(uint256 first, uint256 end, uint256 loss) private pure returns (uint256 weight) {
        // Only words of the range are read; a loss is below 2^200.
        assembly ("memory-safe") {
            let pivot := shl(32, sub(0, loss))
            for {} lt(first, end) {
                first := add(first, 0x20)
            } {
                let e := mload(first)
                weight := add(weight, mul(slt(e, pivot), and(e, WEIGHT_MASK)))
            }
        }
    }

    /// @dev Weighted mean loss of a range that is not empty, rounded up, and the index of its worst entry.
    function _shortfall(uint256 first, uint256 end) private pure returns (uint256 shortfall, uint256 worst) {
        int256 sum;
        uint256 weight;
        int256 least = type(int256).max;
        // |P&L| < 2^200, weights sum to less than 2^32 and to at least 1; only words of the range are read.
        assembly ("memory-safe") {
            for {} lt(first, end) {
                first := add(first, 0x20)
            } {
                let e := mload(first)
                let w := and(e, WEIGHT_MASK)
                sum := sub(sum, mul(sar(32, e), w))
                weight := add(weight, w)
                if slt(e, least) {
                    least := e
                }
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
