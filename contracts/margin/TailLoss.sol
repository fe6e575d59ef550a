// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Cells, Scan, SCENARIO_PNL_BITS, ScenarioCells} from "../libraries/ScenarioCells.sol";
import {TailHeap, TailRisk, TailRule} from "../libraries/TailRisk.sol";
import {BPS} from "../types/Constants.sol";
import {MarginModel} from "../types/MarginTypes.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @notice The joint scenario set in memory (encoding: interfaces/IScenarioStore.sol).
struct ScenarioSet {
    /// Address of the encoded set.
    uint256 data;
    uint256 markets;
    uint256 count;
    /// Address of the first record, and bytes per record.
    uint256 records;
    uint256 stride;
    /// Address of one entry per scenario (see TailRisk): the sum of the group's P&L.
    uint256 joint;
    TailHeap alone;
    TailHeap together;
    TailRule rule;
}

/// @notice Tail loss of one group of markets.
struct GroupTail {
    uint256 jointE6;
    /// After the offset guard.
    uint256 lossE6;
    uint256 worstScenario;
}

/// @title TailLoss: loss of a group of markets over the joint scenario set
library TailLoss {
    uint256 private constant HEADER_BYTES = 3;
    uint256 private constant MARKET_BYTES = 2;
    uint256 private constant WEIGHT_BYTES = 2;
    uint256 private constant PAIR_BYTES = 4;
    uint256 private constant NOT_HELD = type(uint256).max;

    /// @notice Reads the set from a contract's code, behind its leading zero byte. No contract: an empty set.
    function load(ScenarioSet memory set, address pointer) internal view {
        uint256 length = pointer.code.length;
        if (length <= HEADER_BYTES) return;
        uint256 data;
        // Reserves the code's bytes, rounded up to words, and one word more: a record's last bytes are read as a whole word.
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(0x40, add(data, and(add(length, 0x3f), not(0x1f))))
            extcodecopy(pointer, data, 1, sub(length, 1))
        }
        set.data = data;
        // 16-bit count and 8-bit market count: sums stay tiny.
        unchecked {
            set.count = _read16(data);
            set.markets = _read16(data + 1) & 0xff;
            set.stride = WEIGHT_BYTES + PAIR_BYTES * set.markets;
            set.records = data + HEADER_BYTES + MARKET_BYTES * set.markets;
        }
        TailRisk.allocate(set.alone, set.count);
        TailRisk.allocate(set.together, set.count);
        uint256 joint;
        uint256 count = set.count;
        // Reserves the entries, which every group writes before it reads them.
        assembly ("memory-safe") {
            joint := mload(0x40)
            mstore(0x40, add(joint, shl(5, count)))
        }
        set.joint = joint;
    }

    /// @notice True when the set has a column for the market.
    function holds(ScenarioSet memory set, uint256 market) internal pure returns (bool) {
        return _offset(set, market) != NOT_HELD;
    }

    /// @notice L_tail of the book's markets under one model: kappa * joint + (1 - kappa) * sum of the markets alone.
    function lossOf(
        RiskBook memory risk,
        ScenarioSet memory set,
        MarginModel model,
        uint256 members
    ) internal pure returns (GroupTail memory g) {
        bool guarded = members > 1 && risk.params.offsetTrustBps < BPS;
        set.rule = TailRisk.rule(
            _tagEntries(set),
            risk.params.tailMeasure,
            risk.params.varConfidenceBps,
            risk.params.esConfidenceBps
        );
        TailRisk.open(set.together, set.rule);
        uint256 aloneSum;
        for (uint256 i; i < risk.markets.length; ++i) {
            MarketRisk memory m = risk.markets[i];
            if (m.model != model) continue;
            Cells cells = ScenarioCells.create(m.grid, m.stepQ60, m.baseQ104, m.linearQ56);
            if (guarded) TailRisk.open(set.alone, set.rule);
            _addMarket(set, cells, _offset(set, m.id), guarded, --members == 0);
            if (!guarded) continue;
            (uint256 alone, ) = TailRisk.close(set.alone, set.rule);
            aloneSum += alone;
        }
        uint256 joint;
        (joint, g.worstScenario) = TailRisk.close(set.together, set.rule);
        g.jointE6 = _toE6(risk, joint);
        g.lossE6 = g.jointE6;
        if (!guarded) return g;
        // Losses are below 2^83 each, kappa at most 1e4.
        unchecked {
            uint256 trust = risk.params.offsetTrustBps;
            g.lossE6 = _toE6(risk, (trust * joint + (BPS - trust) * aloneSum + BPS - 1) / BPS);
        }
    }

    /// @dev Adds a market's P&L to the joint entries; offers it alone when guarded, and the sums when it is the group's last market.
    function _addMarket(
        ScenarioSet memory set,
        Cells cells,
        uint256 offset,
        bool guarded,
        bool last
    ) private pure {
        Scan memory scan;
        // The cursors run over the set's records and its entries.
        unchecked {
            scan.record = set.records + offset;
            scan.stride = set.stride;
            scan.entry = set.joint;
            scan.end = set.joint + (set.count << 5);
        }
        int256 aloneBar = guarded ? set.alone.bar : type(int256).min;
        int256 jointBar = last ? set.together.bar : type(int256).min;
        while (true) {
            (int256 own, int256 sum) = ScenarioCells.scan(cells, scan, aloneBar, jointBar);
            if (own < aloneBar) {
                TailRisk.enter(set.alone, own);
                aloneBar = set.alone.bar;
            } else if (sum >= jointBar) {
                return;
            }
            if (sum < jointBar) {
                TailRisk.enter(set.together, sum);
                jointBar = set.together.bar;
            }
        }
    }

    /// @dev Sets every entry to P&L zero with its index and weight; returns the total weight.
    function _tagEntries(ScenarioSet memory set) private pure returns (uint256 totalWeight) {
        uint256 record = set.records;
        uint256 stride = set.stride;
        uint256 entry = set.joint;
        uint256 end = set.count << 16;
        // Indices and weights have 16 bits; the cursors run over the set's records and its entries.
        assembly ("memory-safe") {
            for {
                let tag := 0
            } lt(tag, end) {
                tag := add(tag, 0x10000)
            } {
                let weight := shr(240, mload(record))
                mstore(entry, or(tag, weight))
                totalWeight := add(totalWeight, weight)
                record := add(record, stride)
                entry := add(entry, 0x20)
            }
        }
    }

    function _toE6(RiskBook memory risk, uint256 share) private pure returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(share, risk.scaleE6, 1 << SCENARIO_PNL_BITS);
    }

    /// @dev Offset of a market's pair in a record.
    function _offset(ScenarioSet memory set, uint256 market) private pure returns (uint256) {
        unchecked {
            for (uint256 i; i < set.markets; ++i) {
                if (_read16(set.data + HEADER_BYTES + MARKET_BYTES * i) == market)
                    return WEIGHT_BYTES + PAIR_BYTES * i;
            }
        }
        return NOT_HELD;
    }

    /// @dev The two bytes at a memory address, as the encoding writes them.
    function _read16(uint256 cursor) private pure returns (uint256 value) {
        // Reads inside the set's reserved bytes.
        assembly ("memory-safe") {
            value := shr(240, mload(cursor))
        }
    }
}
