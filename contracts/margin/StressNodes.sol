// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Black76} from "../libraries/Black76.sol";
import {
    CDF_PIECE_MASK,
    CDF_POSITION_MASK,
    CDF_RANGE_BITS,
    CDF_LAST,
    CDF_VALUE_MASK,
    NormalTable
} from "../libraries/NormalCdf.sol";
import {BPS} from "../types/Constants.sol";
import {StressScenario} from "../types/RiskParams.sol";
import {Slice} from "./SliceTerms.sol";
import {StrikeQuote} from "./StrikePricing.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @notice One strike to reprice under every scenario: sd, sqrt(tau), k sqrt(tau) and k with 60 fractional bits, K/F, the weight, the
/// address behind the last node, and which of a node's two twists applies (its offset).
struct Shock {
    uint256 deviationQ60;
    uint256 rootTauQ60;
    int256 skewQ60;
    uint256 twistOffset;
    int256 logQ60;
    uint256 ratioQ40;
    int256 weightQ40;
    uint256 end;
}

/// @title StressNodes: one market under the named stress scenarios, in full revaluation
/// @notice A node is seven words: log return (60 fractional bits), e^return (40), sum of weight * call (104), then the scenario's vol
/// multiple, vol floor, and twist per unit of k when k is negative (linear less absolute) and when it is positive (their sum), in bps.
library StressNodes {
    uint256 private constant NODE_BYTES = 0xe0;
    uint256 private constant SUM_OFFSET = 0x40;
    uint256 private constant DOWN_TWIST_OFFSET = 0xa0;
    uint256 private constant UP_TWIST_OFFSET = 0xc0;
    uint256 private constant ONE_Q40 = 0x10000000000;
    // Of Black76 and of the table of NormalCdf.
    uint256 private constant MIN_DEVIATION = 1_152_921_505;
    uint256 private constant MAX_DEVIATION = 0x100000000000000000;
    uint256 private constant DEVIATION_RANGE = 0xfffffffffbb47d05f;
    uint256 private constant ONE_Q115 = 0x80000000000000000000000000000;
    uint256 private constant OFFSET_Q115 = 0x400000000000000000000000000000;
    uint256 private constant RANGE_BITS = CDF_RANGE_BITS;
    uint256 private constant LAST = CDF_LAST;
    uint256 private constant PIECE_MASK = CDF_PIECE_MASK;
    uint256 private constant POSITION_MASK = CDF_POSITION_MASK;
    uint256 private constant VALUE_MASK = CDF_VALUE_MASK;
    uint256 private constant BPS_TO_WAD = 1e14;
    int256 private constant SIGNED_BPS = 1e4;

    /// @notice Allocates the market's nodes; a market missing from a scenario's list has return 0.
    function create(RiskBook memory risk, MarketRisk memory m) internal pure {
        StressScenario[] memory scenarios = risk.params.stress;
        uint256 cursor;
        uint256 length = scenarios.length;
        // Reserves the nodes it writes.
        assembly ("memory-safe") {
            cursor := mload(0x40)
            mstore(0x40, add(cursor, mul(length, NODE_BYTES)))
        }
        m.stressNodes = cursor;
        // The nodes of the market before: where its growth is the same, so is the logarithm.
        uint256 before = risk.stressNodes;
        risk.stressNodes = cursor;
        // Returns are 32-bit numbers of bps; below -1e4 + 1 they count as that, so the logarithm exists: |r| < 13.
        unchecked {
            for (uint256 i; i < length; ++i) {
                StressScenario memory s = scenarios[i];
                int256 returnBps =
                    m.paramsIndex < s.returnBps.length ? s.returnBps[m.paramsIndex] : int256(0);
                uint256 growthBps = uint256(FixedPointMathLib.max(returnBps + SIGNED_BPS, 1));
                uint256 growthQ40 = (growthBps << 40) / BPS;
                (int256 r, uint256 growthBefore) = _nodeAt(before + i * NODE_BYTES);
                if (before == 0 || growthBefore != growthQ40)
                    r = Black76.toQ60(FixedPointMathLib.lnWad(int256(growthBps * BPS_TO_WAD)));
                // The four vol fields of a scenario stand one after the other, from its third word on; the twists are 32-bit numbers.
                assembly ("memory-safe") {
                    mstore(cursor, r)
                    mstore(add(cursor, 0x20), growthQ40)
                    mstore(add(cursor, 0x40), 0)
                    mcopy(add(cursor, 0x60), add(s, 0x40), 0x40)
                    let linear := mload(add(s, 0x80))
                    let absolute := mload(add(s, 0xa0))
                    mstore(add(cursor, DOWN_TWIST_OFFSET), sub(linear, absolute))
                    mstore(add(cursor, UP_TWIST_OFFSET), add(linear, absolute))
                }
                cursor += NODE_BYTES;
            }
        }
    }

    function _nodeAt(uint256 node) private pure returns (int256 returnQ60, uint256 growthQ40) {
        // Reads any two words of memory.
        assembly ("memory-safe") {
            returnQ60 := mload(node)
            growthQ40 := mload(add(node, 0x20))
        }
    }

    /// @notice Adds weight * call of one strike under every scenario.
    function add(
        RiskBook memory risk,
        MarketRisk memory m,
        Slice memory slice,
        StrikeQuote memory quote,
        int256 weightQ40
    ) internal pure {
        Shock memory shock;
        // |k| < 2^66, sqrt(tau) < 2^79 at 60 fractional bits: below 2^86. The nodes are one block.
        unchecked {
            shock.deviationQ60 = FixedPointMathLib.min(quote.deviationQ60, Black76.MAX_DEVIATION_Q60);
            shock.rootTauQ60 = slice.rootTauQ60;
            shock.skewQ60 = (quote.logQ60 * int256(slice.rootTauQ60)) >> 60;
            shock.twistOffset = quote.logQ60 < 0 ? DOWN_TWIST_OFFSET : UP_TWIST_OFFSET;
            shock.logQ60 = quote.logQ60;
            shock.ratioQ40 = quote.ratioQ40;
            shock.weightQ40 = weightQ40;
            shock.end = m.stressNodes + risk.params.stress.length * NODE_BYTES;
        }
        _accumulate(risk.table, shock, m.stressNodes);
    }

    /// @dev Black76.terms and Black76.price by hand, as in ScenarioGrid.accumulate, at each scenario's own deviation:
    /// max(floor * sqrt(tau), multiple * sd + (linear * k + absolute * |k|) * sqrt(tau)).
    function _accumulate(NormalTable table, Shock memory shock, uint256 node) private pure {
        // Shares in bps have at most 33 bits, everything they multiply is below 2^86; the floor is not negative, so neither is the deviation,
        // which Black76's bounds bring into [2^30, 2^68]: bounds of what follows as there. |call| < 2^99 (growth below 2^58, table
        // error 2^68) and the weights sum to 2^40. The two evaluations are NormalCdf.phi. Only the nodes' sums are written.
        assembly ("memory-safe") {
            let twisted := mload(add(shock, 0x60))
            let skew := mload(add(shock, 0x40))
            let k := mload(add(shock, 0x80))
            let end := mload(add(shock, 0xe0))
            for {} lt(node, end) {
                node := add(node, NODE_BYTES)
            } {
                let sd := mul(mload(add(node, 0x60)), mload(shock))
                sd := add(sd, mul(mload(add(node, twisted)), skew))
                let x := mul(mload(add(node, 0x80)), mload(add(shock, 0x20)))
                if slt(sd, x) {
                    sd := x
                }
                sd := div(sd, BPS)
                if iszero(lt(sub(sd, MIN_DEVIATION), DEVIATION_RANGE)) {
                    switch lt(sd, MIN_DEVIATION)
                    case 0 {
                        sd := MAX_DEVIATION
                    }
                    default {
                        sd := MIN_DEVIATION
                    }
                }
                x := div(ONE_Q115, sd)
                x := mul(x, sub(mload(node), k))
                x := sar(80, add(x, add(shl(54, sd), OFFSET_Q115)))
                let y := sub(x, shr(25, sd))
                if shr(RANGE_BITS, or(x, y)) {
                    if slt(x, 0) {
                        continue
                    }
                    if slt(y, 0) {
                        y := 0
                    }
                    if gt(x, LAST) {
                        x := LAST
                    }
                    if gt(y, LAST) {
                        y := LAST
                    }
                }
                let w := mload(add(table, and(shr(25, x), PIECE_MASK)))
                x := and(x, POSITION_MASK)
                let a := add(sar(196, w), mul(signextend(2, shr(172, w)), x))
                a := and(add(w, shr(90, mul(x, add(shr(41, w), mul(x, a))))), VALUE_MASK)
                a := mul(mload(add(node, 0x20)), a)
                w := mload(add(table, and(shr(25, y), PIECE_MASK)))
                y := and(y, POSITION_MASK)
                x := add(sar(196, w), mul(signextend(2, shr(172, w)), y))
                x := and(add(w, shr(90, mul(y, add(shr(41, w), mul(y, x))))), VALUE_MASK)
                w := add(node, SUM_OFFSET)
                x := mul(mload(add(shock, 0xc0)), sub(a, mul(mload(add(shock, 0xa0)), x)))
                mstore(w, add(mload(w), x))
            }
        }
    }

    /// @notice Adds the market's P&L under every scenario, as shares of the book's gross value with 120 fractional bits.
    function addTo(int256[] memory pnlQ120, MarketRisk memory m) internal pure {
        uint256 node = m.stressNodes;
        int256 linearQ40 = m.linearQ40;
        int256 baseQ120 = m.baseQ120;
        // One node per element; growth < 2^58 and weights at most 2^40: sums fit 2^140.
        assembly ("memory-safe") {
            let cursor := add(pnlQ120, 0x20)
            for {
                let end := add(cursor, shl(5, mload(pnlQ120)))
            } lt(cursor, end) {
                cursor := add(cursor, 0x20)
            } {
                let move := mul(linearQ40, sub(mload(add(node, 0x20)), ONE_Q40))
                let pnl := add(sub(mload(add(node, SUM_OFFSET)), baseQ120), shl(40, move))
                mstore(cursor, add(mload(cursor), pnl))
                node := add(node, NODE_BYTES)
            }
        }
    }
}
