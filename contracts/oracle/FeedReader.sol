// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title FeedReader: answers of price feeds that are not trusted to answer
/// @notice A feed that reverts, that has no code or that answers with too few words gives `false`, never a revert; what it answers beyond
/// the words asked for is left where it is. Words are read whole, so that no answer fails to decode.
library FeedReader {
    bytes4 private constant LATEST_ROUND_DATA = 0xfeaf968c;
    bytes4 private constant DECIMALS = 0x313ce567;
    uint256 private constant ROUND_WORDS = 5;

    struct Round {
        uint80 id;
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
    }

    /// @notice Chainlink's latestRoundData().
    function latestRound(address feed) internal view returns (bool answered, Round memory round) {
        uint256[ROUND_WORDS] memory words;
        answered = _read(feed, LATEST_ROUND_DATA, words, ROUND_WORDS);
        // Chainlink's round ids have 80 bits; what a feed answers beyond them is dropped. The second word is a two's complement number, as Chainlink
        // declares it.
        if (answered) round = Round(uint80(words[0]), int256(words[1]), words[2], words[3]);
    }

    /// @notice Chainlink's decimals(), as the whole word.
    function decimals(address feed) internal view returns (bool answered, uint256 count) {
        uint256[ROUND_WORDS] memory words;
        answered = _read(feed, DECIMALS, words, 1);
        count = words[0];
    }

    function _read(
        address feed,
        bytes4 selector,
        uint256[ROUND_WORDS] memory words,
        uint256 wordCount
    ) private view returns (bool answered) {
        // Four bytes of scratch space carry the selector; at most wordCount <= ROUND_WORDS words land in the list, which has that many. An
        // account without code answers nothing, so its answer is too short.
        assembly ("memory-safe") {
            mstore(0, selector)
            let size := shl(5, wordCount)
            answered := staticcall(gas(), feed, 0, 4, words, size)
            answered := and(answered, iszero(lt(returndatasize(), size)))
        }
    }
}
