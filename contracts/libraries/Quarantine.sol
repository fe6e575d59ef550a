// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPS} from "../types/Constants.sol";
import {JUMPED_UP_BIT, MarketWord, QUARANTINED_BIT} from "../types/RiskReport.sol";

/// @title Quarantine: marks a spot that jumped until a later epoch confirms it
/// @notice A jump is a move beyond k sigma sqrt(dt) + j from the spot before, with the volatility forecast before, so that a report cannot widen
/// its own band. Of a quarantined market:
/// - the first report of a later epoch without a jump ends the quarantine: the spot stayed;
/// - so does one that jumps on in the same direction: the move was real, and a crash that goes on may not hold up liquidation;
/// - one that jumps back begins it anew, and so does any jump in the same epoch: nobody else has looked yet.
library Quarantine {
    uint256 internal constant E9 = 1e9;
    uint256 internal constant E9_PER_BPS = 1e5;

    /// @notice The word to store: the posted one, with the quarantine's bits.
    /// @param word As posted: its reserved bits are zero.
    /// @param previous As stored; zero: none, and nothing to jump from.
    function mark(
        MarketWord word,
        MarketWord previous,
        uint256 jumpSigmasBps,
        uint256 jumpFloorBps,
        uint256 elapsedSeconds,
        bool laterEpoch
    ) internal pure returns (MarketWord) {
        uint256 before = MarketWord.unwrap(previous);
        if (before == 0) return word;
        bool waits = before & QUARANTINED_BIT != 0;
        uint256 bits = before & (QUARANTINED_BIT | JUMPED_UP_BIT);
        if (isJump(word, previous, jumpSigmasBps, jumpFloorBps, elapsedSeconds)) {
            uint256 jump = QUARANTINED_BIT | (word.spotE8() > previous.spotE8() ? JUMPED_UP_BIT : 0);
            bits = waits && laterEpoch && bits == jump ? 0 : jump;
        } else if (laterEpoch) {
            bits = 0;
        }
        return MarketWord.wrap(MarketWord.unwrap(word) | bits);
    }

    /// @notice |move| > k sigma sqrt(dt) + j, the move as a share of the lower of the two spots.
    /// @dev Squared instead of taking the root: (move - j)^2 days > k^2 sigma^2 dt.
    function isJump(
        MarketWord word,
        MarketWord previous,
        uint256 jumpSigmasBps,
        uint256 jumpFloorBps,
        uint256 elapsedSeconds
    ) internal pure returns (bool) {
        // Spots are below 2^64 and positive, so the move is below 2^94, its square by a day's seconds and BPS^2 below 2^232; k and sigma are
        // below 2^32 and times below 2^40, so the right side is below 2^168.
        unchecked {
            (uint256 low, uint256 high) = (previous.spotE8(), word.spotE8());
            if (low > high) (low, high) = (high, low);
            uint256 moveE9 = ((high - low) * E9) / low;
            uint256 floorE9 = jumpFloorBps * E9_PER_BPS;
            if (moveE9 <= floorE9) return false;
            uint256 excess = (moveE9 - floorE9) * BPS;
            uint256 sigmas = jumpSigmasBps * previous.sigmaE9();
            return excess * excess * 1 days > sigmas * sigmas * elapsedSeconds;
        }
    }
}
