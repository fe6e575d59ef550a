// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Cells, SCENARIO_PNL_UNIT, ScenarioCells} from "../libraries/ScenarioCells.sol";
import {FLAT_VOL, ScenarioGrid} from "../libraries/ScenarioGrid.sol";
import {TailRisk, TailRule} from "../libraries/TailRisk.sol";
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
    /// Addresses of one entry per scenario (see TailRisk): the sum of a group's P&L so far, and one market's own.
    uint256 joint;
    uint256 own;
    uint256 totalWeight;
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
    /// Spot nodes z = -2 and z = 2.
    uint256 private constant NODE_TWO_DOWN = 4;
    uint256 private constant NODE_TWO_UP = 8;
    /// From 38 fractional bits to SCENARIO_PNL_UNIT.
    int256 private constant GRID_TO_SCENARIO = 10 << 24;
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
        set.joint = TailRisk.allocate(set.count);
        set.own = TailRisk.allocate(set.count);
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
        int256 guess;
        for (uint256 i; i < risk.markets.length; ++i) {
            MarketRisk memory m = risk.markets[i];
            if (m.model != model) continue;
            _walk(set, m);
            int256 own = _guess(m);
            if (guarded) aloneSum += _ownLoss(set, rule, own);
            // Guesses are below 2^80.
            unchecked {
                guess += own;
            }
        }
        uint256 joint;
        (joint, g.worstScenario) = TailRisk.tailLoss(set.joint, _endOf(set, set.joint), set.totalWeight, rule, guess << 32);
        g.jointE6 = _toE6(risk, joint);
        g.lossE6 = g.jointE6;
        if (!guarded) return g;
        // Losses are below 2^99 each, kappa at most 1e4.
        unchecked {
            uint256 trust = risk.params.offsetTrustBps;
            g.lossE6 = _toE6(risk, (trust * joint + (BPS - trust) * aloneSum + BPS - 1) / BPS);
        }
    }

    function _ownLoss(ScenarioSet memory set, TailRule memory rule, int256 guess) private pure returns (uint256 loss) {
        (loss, ) = TailRisk.tailLoss(set.own, _endOf(set, set.own), set.totalWeight, rule, guess << 32);
    }

    /// @dev Adds a market's P&L to the joint entries and writes its own ones.
    function _walk(ScenarioSet memory set, MarketRisk memory m) private pure {
        Cells cells = ScenarioCells.create(m.grid, m.stepQ60, m.baseQ120, m.linearQ40);
        set.totalWeight = ScenarioCells.walk(
            cells,
            set.records,
            _offset(set, m.id),
            set.stride,
            set.count,
            set.joint,
            set.own
        );
    }

    /// @dev Where a market's tail may begin: the worst P&L two standard moves away or at rest, in SCENARIO_PNL_UNIT.
    function _guess(MarketRisk memory m) private pure returns (int256) {
        int256 down = ScenarioGrid.pnl(m.grid, FLAT_VOL, NODE_TWO_DOWN, m.baseQ120, m.linearQ40);
        int256 up = ScenarioGrid.pnl(m.grid, FLAT_VOL, NODE_TWO_UP, m.baseQ120, m.linearQ40);
        // P&L is below 2^44 at 38 fractional bits.
        unchecked {
            return FixedPointMathLib.min(FixedPointMathLib.min(down, up), 0) * GRID_TO_SCENARIO;
        }
    }

    function _endOf(ScenarioSet memory set, uint256 first) private pure returns (uint256) {
        unchecked {
            return first + (set.count << 5);
        }
    }

    /// @dev Sets the joint entries to zero.
    function _clear(ScenarioSet memory set) private pure {
        uint256 joint = set.joint;
        uint256 size = set.count << 5;
        // Only the entries; what lies beyond the call data reads as zero.
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
