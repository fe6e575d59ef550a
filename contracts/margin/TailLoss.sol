// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Cells, SCENARIO_PNL_UNIT, ScenarioCells} from "../libraries/ScenarioCells.sol";
import {FLAT_VOL, ScenarioGrid} from "../libraries/ScenarioGrid.sol";
import {Sample, TailRisk, TailRule} from "../libraries/TailRisk.sol";
import {BPS} from "../types/Constants.sol";
import {MarginModel} from "../types/MarginTypes.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @notice The joint scenario set in memory (encoding: interfaces/IScenarioStore.sol).
struct ScenarioSet {
    /// Address of the encoded set.
    uint256 data;
    uint256 markets;
    Sample sample;
    /// Addresses of one P&L word per scenario: one market's own, and the sum of a group's.
    uint256 own;
    uint256 joint;
}

/// @notice Four times the P&L around which tails end, as shares with 38 fractional bits, when the spot falls and when it rises.
struct Guess {
    int256 deepDown;
    int256 deepUp;
    int256 boundDown;
    int256 boundUp;
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
    /// Spot nodes z = -3 and z = 1: the first ones of the two threes around which tails begin.
    uint256 private constant NODE_THREE_DOWN = 3;
    uint256 private constant NODE_ONE_UP = 7;
    /// From 38 fractional bits to a quarter of SCENARIO_PNL_UNIT.
    int256 private constant QUARTER_TO_SCENARIO = 10 << 22;
    uint256 private constant NOT_HELD = type(uint256).max;

    /// @notice Reads the set from a contract's code, behind its leading zero byte; totalWeight is the sum of its weights. No contract: an empty set.
    function load(ScenarioSet memory set, address pointer, uint256 totalWeight) internal view {
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
        Sample memory s = set.sample;
        uint256 count = _read16(data);
        // 16-bit count and 8-bit market count: sums stay tiny.
        unchecked {
            set.markets = _read16(data + 1) & 0xff;
            s.stride = WEIGHT_BYTES + PAIR_BYTES * set.markets;
            s.records = data + HEADER_BYTES + MARKET_BYTES * set.markets;
        }
        s.count = count;
        s.totalWeight = totalWeight;
        s.entries = TailRisk.allocateEntries(count);
        set.own = TailRisk.allocate(count);
        set.joint = TailRisk.allocate(count);
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
        TailRule memory rule = TailRule({
            measure: risk.params.tailMeasure,
            varBps: risk.params.varConfidenceBps,
            esBps: risk.params.esConfidenceBps
        });
        bool guarded = members > 1 && risk.params.offsetTrustBps < BPS;
        _clear(set);
        uint256 aloneSum;
        Guess memory sum;
        for (uint256 i; i < risk.markets.length; ++i) {
            MarketRisk memory m = risk.markets[i];
            if (m.model != model) continue;
            _walk(set, m);
            _addGuess(sum, m);
            if (!guarded) continue;
            Guess memory own;
            _addGuess(own, m);
            (uint256 alone, ) = _tail(set, set.own, rule, own);
            aloneSum += alone;
        }
        uint256 joint;
        (joint, g.worstScenario) = _tail(set, set.joint, rule, sum);
        g.jointE6 = _toE6(risk, joint);
        g.lossE6 = g.jointE6;
        if (!guarded) return g;
        // Losses are below 2^99 each, kappa at most 1e4.
        unchecked {
            uint256 trust = risk.params.offsetTrustBps;
            g.lossE6 = _toE6(risk, (trust * joint + (BPS - trust) * aloneSum + BPS - 1) / BPS);
        }
    }

    /// @dev Writes a market's own P&L and adds it to the joint one.
    function _walk(ScenarioSet memory set, MarketRisk memory m) private pure {
        Cells cells = ScenarioCells.create(m.grid, m.stepQ60, m.baseQ120, m.linearQ40);
        Sample memory s = set.sample;
        ScenarioCells.walk(cells, s.records + _offset(set, m.id), s.stride, s.count, set.own, set.joint);
    }

    /// @dev Adds four times a market's P&L at two places of each side: 1.75 and 2.5 standard moves away.
    function _addGuess(Guess memory g, MarketRisk memory m) private pure {
        // P&L is below 2^44 at 38 fractional bits.
        unchecked {
            int256 two = _nodePnl(m, NODE_THREE_DOWN + 1);
            g.boundDown += 3 * two + _nodePnl(m, NODE_THREE_DOWN + 2);
            g.deepDown += 2 * (two + _nodePnl(m, NODE_THREE_DOWN));
            two = _nodePnl(m, NODE_ONE_UP + 1);
            g.boundUp += 3 * two + _nodePnl(m, NODE_ONE_UP);
            g.deepUp += 2 * (two + _nodePnl(m, NODE_ONE_UP + 2));
        }
    }

    function _nodePnl(MarketRisk memory m, uint256 node) private pure returns (int256) {
        return ScenarioGrid.pnl(m.grid, FLAT_VOL, node, m.baseQ120, m.linearQ40);
    }

    /// @dev Tail loss of scenarios whose tail is expected to end between both guesses of the worse side.
    function _tail(
        ScenarioSet memory set,
        uint256 pnl,
        TailRule memory rule,
        Guess memory g
    ) private pure returns (uint256 loss, uint256 worst) {
        // Guesses are below 2^60.
        unchecked {
            int256 deep = FixedPointMathLib.min(FixedPointMathLib.min(g.deepDown, g.deepUp), 0);
            int256 bound = FixedPointMathLib.min(FixedPointMathLib.min(g.boundDown, g.boundUp), 0);
            return
                TailRisk.tailLoss(
                    set.sample,
                    pnl,
                    rule,
                    deep * QUARTER_TO_SCENARIO,
                    bound * QUARTER_TO_SCENARIO
                );
        }
    }

    /// @dev Sets the joint P&L to zero.
    function _clear(ScenarioSet memory set) private pure {
        uint256 joint = set.joint;
        uint256 size = set.sample.count << 5;
        // Only the scenarios' words; what lies beyond the call data reads as zero.
        assembly ("memory-safe") {
            calldatacopy(joint, calldatasize(), size)
        }
    }

    function _toE6(RiskBook memory risk, uint256 share) private pure returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(share, risk.scaleE6, SCENARIO_PNL_UNIT);
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
