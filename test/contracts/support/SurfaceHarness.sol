// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cells, ScenarioCells} from "../../../contracts/libraries/ScenarioCells.sol";
import {COLUMN_BYTES, Grid, NODE_BYTES, ScenarioGrid} from "../../../contracts/libraries/ScenarioGrid.sol";

/// @notice A node's three words as plain numbers.
struct PlainNode {
    int256 returnQ60;
    uint256 growthQ40;
    int256 valueQ120;
    int256 slopeQ120;
}

/// @notice What a walk wrote.
struct Walked {
    /// Per market, per scenario.
    int256[][] own;
    int256[] joint;
    /// Nothing else changed: the words around P&L, the records, the cells.
    bool intact;
}

/// @notice Records to walk over and words to write to.
struct Walk {
    /// Address of the first record, and bytes from one to the next.
    uint256 records;
    uint256 stride;
    uint256 count;
    /// Guarded spans of a market's own P&L and of the joint P&L, by their first positions.
    int256[] words;
    uint256 own;
    uint256 joint;
}

/// @notice Grids and cells as their libraries hold them in memory, read as plain numbers and watched from outside.
library SurfaceHarness {
    uint256 private constant GRID_WORDS = 117;
    uint256 private constant CELLS_WORDS = 48;
    uint256 private constant LANE_BITS = 128;
    /// Bytes of a record's weight and of a market's pair in it.
    uint256 private constant WEIGHT_BYTES = 2;
    uint256 private constant PAIR_BYTES = 4;
    bytes2 private constant WEIGHT = 0xbeef;
    /// Words around P&L, on each side.
    uint256 private constant GUARD_WORDS = 2;
    int256 private constant GUARD = -0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a;

    function nodeAt(
        Grid grid,
        uint256 volNode,
        uint256 spotIndex
    ) internal pure returns (PlainNode memory node) {
        uint256 place = _place(grid, volNode, spotIndex);
        int256 word = _load(place + 0x40);
        node.returnQ60 = _load(place);
        node.growthQ40 = uint256(_load(place + 0x20));
        // The low lane is the word's last 128 bits.
        node.slopeQ120 = int128(word);
        node.valueQ120 = (word - node.slopeQ120) >> LANE_BITS;
    }

    /// @notice P&L and slope of a node as the library gives them.
    function pnlAt(
        Grid grid,
        uint256 volNode,
        uint256 spotIndex,
        uint256 stepQ60,
        int256 baseQ120,
        int256 linearQ40
    ) internal pure returns (int256 pnlQ38, int256 slopeQ38) {
        return ScenarioGrid.pnlAt(_place(grid, volNode, spotIndex), int256(stepQ60), baseQ120, linearQ40);
    }

    /// @notice Puts a value and a slope into a node's accumulator, both below 2^127.
    function setNode(
        Grid grid,
        uint256 volNode,
        uint256 spotIndex,
        int256 valueQ120,
        int256 slopeQ120
    ) internal pure {
        uint256 place = _place(grid, volNode, spotIndex) + 0x40;
        int256 word = valueQ120 * int256(1 << LANE_BITS) + slopeQ120;
        // An accumulator of the grid.
        assembly ("memory-safe") {
            mstore(place, word)
        }
    }

    /// @notice A grid created on memory full of rubbish; intact when nothing behind its words changed.
    function createGrid(uint256 stepQ60) internal pure returns (Grid grid, bool intact) {
        uint256 free = _soil(GRID_WORDS + GUARD_WORDS);
        grid = ScenarioGrid.create(stepQ60);
        intact = Grid.unwrap(grid) == free && _isSoiledBehind(free, GRID_WORDS);
    }

    /// @notice The same for cells; also intact only when the grid is as it was.
    function createCells(
        Grid grid,
        uint256 stepQ60,
        int256 baseQ120,
        int256 linearQ40
    ) internal pure returns (Cells cells, bool intact) {
        bytes32 before = _hash(Grid.unwrap(grid), GRID_WORDS);
        uint256 free = _soil(CELLS_WORDS + GUARD_WORDS);
        cells = ScenarioCells.create(grid, stepQ60, baseQ120, linearQ40);
        intact = Cells.unwrap(cells) == free && _isSoiledBehind(free, CELLS_WORDS);
        intact = intact && _hash(Grid.unwrap(grid), GRID_WORDS) == before;
    }

    /// @notice Walks each market's cells over records as a scenario set holds them.
    /// @param pairs a scenario's pairs, market by market, one scenario after the other
    /// @param start what the joint words hold before the first market
    function walk(
        Cells[] memory cells,
        uint32[] memory pairs,
        int256 start,
        bool jointFirst
    ) internal pure returns (Walked memory walked) {
        Walk memory task = _prepare(cells.length, pairs, start, jointFirst);
        walked.own = new int256[][](cells.length);
        walked.intact = true;
        for (uint256 m = 0; m < cells.length; ++m) {
            bytes32 before = _inputs(cells, task);
            _walk(cells[m], task, m);
            walked.own[m] = _part(task.words, task.own, task.count);
            walked.intact = walked.intact && _inputs(cells, task) == before;
        }
        walked.joint = _part(task.words, task.joint, task.count);
        walked.intact = walked.intact && _isGuarded(task);
    }

    function _prepare(
        uint256 markets,
        uint32[] memory pairs,
        int256 start,
        bool jointFirst
    ) private pure returns (Walk memory task) {
        task.count = pairs.length / markets;
        task.stride = WEIGHT_BYTES + PAIR_BYTES * markets;
        task.records = _records(pairs, markets);
        uint256 span = task.count + GUARD_WORDS;
        task.words = new int256[](2 * span + GUARD_WORDS);
        for (uint256 i = 0; i < task.words.length; ++i) task.words[i] = GUARD;
        (task.own, task.joint) = (GUARD_WORDS, GUARD_WORDS + span);
        if (jointFirst) (task.own, task.joint) = (task.joint, task.own);
        for (uint256 i = 0; i < task.count; ++i) task.words[task.joint + i] = start;
    }

    function _walk(Cells cells, Walk memory task, uint256 market) private pure {
        int256[] memory words = task.words;
        uint256 first;
        // The first word behind the array's length.
        assembly ("memory-safe") {
            first := add(words, 0x20)
        }
        ScenarioCells.walk(
            cells,
            task.records + WEIGHT_BYTES + PAIR_BYTES * market,
            task.stride,
            task.count,
            first + 32 * task.own,
            first + 32 * task.joint
        );
    }

    /// Whether the words before, between and behind the two spans are as they were.
    function _isGuarded(Walk memory task) private pure returns (bool) {
        uint256 span = task.count + GUARD_WORDS;
        for (uint256 i = 0; i < GUARD_WORDS; ++i) {
            if (task.words[i] != GUARD || task.words[span + i] != GUARD || task.words[2 * span + i] != GUARD)
                return false;
        }
        return true;
    }

    /// Address of the first of the records, whose weights are rubbish.
    function _records(uint32[] memory pairs, uint256 markets) private pure returns (uint256 records) {
        bytes memory data;
        for (uint256 i = 0; i < pairs.length; ++i) {
            if (i % markets == 0) data = bytes.concat(data, WEIGHT);
            data = bytes.concat(data, bytes4(pairs[i]));
        }
        // The first byte of the copy that the walks read.
        assembly ("memory-safe") {
            records := add(data, 0x20)
        }
    }

    function _inputs(Cells[] memory cells, Walk memory task) private pure returns (bytes32 all) {
        uint256 records = task.records;
        uint256 bytesOfRecords = task.count * task.stride;
        assembly ("memory-safe") {
            all := keccak256(records, bytesOfRecords)
        }
        for (uint256 m = 0; m < cells.length; ++m) {
            all = keccak256(abi.encode(all, _hash(Cells.unwrap(cells[m]), CELLS_WORDS)));
        }
    }

    function _part(
        int256[] memory words,
        uint256 first,
        uint256 count
    ) private pure returns (int256[] memory part) {
        part = new int256[](count);
        for (uint256 i = 0; i < count; ++i) part[i] = words[first + i];
    }

    /// Fills the words behind the free memory pointer.
    function _soil(uint256 words) private pure returns (uint256 free) {
        int256 guard = GUARD;
        // Only memory that nobody has reserved.
        assembly ("memory-safe") {
            free := mload(0x40)
            for {
                let p := free
            } lt(p, add(free, mul(words, 0x20))) {
                p := add(p, 0x20)
            } {
                mstore(p, guard)
            }
        }
    }

    /// Whether exactly so many words were reserved, and the words behind them are as _soil left them.
    function _isSoiledBehind(uint256 free, uint256 words) private pure returns (bool) {
        uint256 end = free + 32 * words;
        uint256 next;
        assembly ("memory-safe") {
            next := mload(0x40)
        }
        for (uint256 i = 0; i < GUARD_WORDS; ++i) if (_load(end + 32 * i) != GUARD) return false;
        return next == end;
    }

    function _place(Grid grid, uint256 volNode, uint256 spotIndex) private pure returns (uint256) {
        return Grid.unwrap(grid) + volNode * COLUMN_BYTES + spotIndex * NODE_BYTES;
    }

    function _load(uint256 place) private pure returns (int256 word) {
        assembly ("memory-safe") {
            word := mload(place)
        }
    }

    function _hash(uint256 place, uint256 words) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(place, mul(words, 0x20))
        }
    }
}
