// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Black76} from "../libraries/Black76.sol";
import {NormalTable} from "../libraries/NormalCdf.sol";
import {BPS} from "../types/Constants.sol";
import {StressScenario} from "../types/RiskParams.sol";
import {Slice} from "./SliceTerms.sol";
import {StrikeQuote} from "./StrikePricing.sol";
import {MarketRisk, RiskBook} from "./RiskBook.sol";

/// @notice What a strike's shocked deviation needs: sd, sqrt(tau) and k * sqrt(tau), 60 fractional bits.
struct Shock {
    uint256 deviationQ60;
    uint256 rootTauQ60;
    int256 skewQ60;
}

/// @title StressNodes: one market under the named stress scenarios, in full revaluation
/// @notice A node is seven words: log return (60 fractional bits), e^return (48), sum of weight * call (104), then the scenario's vol
/// multiple, vol floor, linear and absolute twist in bps.
library StressNodes {
    uint256 private constant NODE_BYTES = 0xe0;
    uint256 private constant SUM_OFFSET = 0x40;
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
        // Returns are 32-bit numbers of bps; below -1e4 + 1 they count as that, so the logarithm exists: |r| < 13.
        unchecked {
            for (uint256 i; i < length; ++i) {
                StressScenario memory s = scenarios[i];
                int256 returnBps =
                    m.paramsIndex < s.returnBps.length ? s.returnBps[m.paramsIndex] : int256(0);
                uint256 growthBps = uint256(FixedPointMathLib.max(returnBps + SIGNED_BPS, 1));
                int256 r = Black76.toQ60(FixedPointMathLib.lnWad(int256(growthBps * BPS_TO_WAD)));
                uint256 growthQ48 = (growthBps << 48) / BPS;
                // The four vol fields of a scenario stand one after the other, from its third word on.
                assembly ("memory-safe") {
                    mstore(cursor, r)
                    mstore(add(cursor, 0x20), growthQ48)
                    mstore(add(cursor, 0x40), 0)
                    mcopy(add(cursor, 0x60), add(s, 0x40), 0x80)
                }
                cursor += NODE_BYTES;
            }
        }
    }

    /// @notice Adds weight * call of one strike under every scenario.
    function add(
        RiskBook memory risk,
        MarketRisk memory m,
        Slice memory slice,
        StrikeQuote memory quote,
        int256 weightQ56
    ) internal pure {
        NormalTable table = risk.table;
        uint256 ratioQ48 = quote.ratioQ48;
        int256 logQ60 = quote.logQ60;
        Shock memory shock;
        // |k| < 2^66, sqrt(tau) < 2^79 at 60 fractional bits: below 2^86.
        unchecked {
            shock.deviationQ60 = FixedPointMathLib.min(quote.deviationQ60, Black76.MAX_DEVIATION_Q60);
            shock.rootTauQ60 = slice.rootTauQ60;
            shock.skewQ60 = (logQ60 * int256(slice.rootTauQ60)) >> 60;
        }
        uint256 cursor = m.stressNodes;
        // The nodes are one block; |call| < 2^67 (growth below 2^66, table error 2^37) and the weights sum to 2^56.
        unchecked {
            uint256 end = cursor + risk.params.stress.length * NODE_BYTES;
            for (; cursor < end; cursor += NODE_BYTES) {
                int256 callQ48 = _call(table, ratioQ48, logQ60, _shocked(shock, cursor), cursor);
                assembly ("memory-safe") {
                    let sum := add(cursor, SUM_OFFSET)
                    mstore(sum, add(mload(sum), mul(weightQ56, callQ48)))
                }
            }
        }
    }

    function _call(
        NormalTable table,
        uint256 ratioQ48,
        int256 logQ60,
        uint256 sdQ60,
        uint256 cursor
    ) private pure returns (int256 callQ48) {
        int256 r;
        uint256 growthQ48;
        // cursor is a node.
        assembly ("memory-safe") {
            r := mload(cursor)
            growthQ48 := mload(add(cursor, 0x20))
        }
        (uint256 inverse, int256 intercept, uint256 deviation) = Black76.terms(logQ60, sdQ60);
        (callQ48, ) = Black76.price(table, ratioQ48, inverse, intercept, deviation, r, growthQ48);
    }

    /// @dev max(floor * sqrt(tau), multiple * sd + (linear * k + absolute * |k|) * sqrt(tau)): the shocked vol times sqrt(tau).
    function _shocked(Shock memory shock, uint256 cursor) private pure returns (uint256 sdQ60) {
        // Shares in bps have 32 bits, everything else is below 2^86; the floor is not negative, so neither is the result.
        assembly ("memory-safe") {
            let skew := mload(add(shock, 0x40))
            let sign := sar(255, skew)
            sdQ60 := mul(mload(add(cursor, 0x60)), mload(shock))
            sdQ60 := add(sdQ60, mul(mload(add(cursor, 0xa0)), skew))
            sdQ60 := add(sdQ60, mul(mload(add(cursor, 0xc0)), sub(xor(skew, sign), sign)))
            let floor := mul(mload(add(cursor, 0x80)), mload(add(shock, 0x20)))
            if slt(sdQ60, floor) {
                sdQ60 := floor
            }
            sdQ60 := div(sdQ60, BPS)
        }
    }

    /// @notice P&L of the market under scenario i as a share of the book's gross value, 104 fractional bits.
    function pnlQ104(MarketRisk memory m, uint256 i) internal pure returns (int256 pnl) {
        uint256 cursor;
        // i is below the number of scenarios; growth < 2^66 and weights at most 2^56: sums fit 2^124.
        unchecked {
            cursor = m.stressNodes + i * NODE_BYTES;
            int256 growthQ48;
            assembly ("memory-safe") {
                growthQ48 := mload(add(cursor, 0x20))
                pnl := mload(add(cursor, SUM_OFFSET))
            }
            pnl += m.linearQ56 * (growthQ48 - (1 << 48)) - m.baseQ104;
        }
    }
}
