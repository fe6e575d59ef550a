// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "@chainlink/contracts/src/v0.8/shared/interfaces/AggregatorV3Interface.sol";

/// @notice A proxy in front of aggregators, as Chainlink has it: it answers what it would have answered at the present time, round by round.
contract PhasedFeed is AggregatorV3Interface {
    struct Answer {
        int256 answer;
        uint256 at;
    }

    struct Move {
        uint16 phase;
        uint256 at;
    }

    uint256 private constant PHASE_SHIFT = 64;

    uint8 public immutable decimals;
    mapping(uint16 phase => Answer[]) private _answers;
    Move[] private _moves;

    constructor(uint8 decimals_, uint16 phase) {
        decimals = decimals_;
        _moves.push(Move(phase, 0));
    }

    /// @notice The aggregator of a phase, whether the proxy answers from it or not, has another round. Times rise.
    function push(uint16 phase, int256 answer, uint256 at) external {
        _answers[phase].push(Answer(answer, at));
    }

    /// @notice Another answer or time for a round that was pushed.
    function change(uint80 roundId, int256 answer, uint256 at) external {
        _answers[uint16(roundId >> PHASE_SHIFT)][uint64(roundId) - 1] = Answer(answer, at);
    }

    /// @notice The proxy answers from the aggregator of this phase from then on.
    function moveTo(uint16 phase, uint256 at) external {
        _moves.push(Move(phase, at));
    }

    function description() external pure returns (string memory) {
        return "a feed of the tests";
    }

    function version() external pure returns (uint256) {
        return 1;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 move = _moves.length - 1;
        while (_moves[move].at > block.timestamp) --move;
        uint16 phase = _moves[move].phase;
        uint256 round = _answers[phase].length;
        while (round > 0 && _answers[phase][round - 1].at > block.timestamp) --round;
        require(round > 0, "No data present");
        return getRoundData(idOf(phase, round));
    }

    function getRoundData(uint80 id) public view returns (uint80, int256, uint256, uint256, uint80) {
        Answer[] storage answers = _answers[uint16(id >> PHASE_SHIFT)];
        uint256 round = uint64(id);
        Answer memory found;
        if (round > 0 && round <= answers.length && answers[round - 1].at <= block.timestamp)
            found = answers[round - 1];
        return (id, found.answer, found.at, found.at, id);
    }

    /// @notice Rounds of a phase count from one.
    function idOf(uint16 phase, uint256 round) public pure returns (uint80) {
        return uint80((uint256(phase) << PHASE_SHIFT) | round);
    }
}
