// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AutomationCompatibleInterface} from "@chainlink/contracts/src/v0.8/automation/interfaces/AutomationCompatibleInterface.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ILiquidationEngine} from "../interfaces/ILiquidationEngine.sol";
import {ILiquidationUpkeep} from "../interfaces/ILiquidationUpkeep.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IRiskConfig} from "../interfaces/IRiskConfig.sol";
import {AuctionMath} from "../libraries/AuctionMath.sol";
import {Book} from "../types/Book.sol";
import {Margin} from "../types/MarginTypes.sol";

/// @title LiquidationUpkeep
contract LiquidationUpkeep is AutomationCompatibleInterface, ILiquidationUpkeep {
    /// Most accounts one upkeep names, so that performing it fits in a block.
    uint256 public constant MAX_ACCOUNTS = 16;

    IClearingHouse public immutable house;
    IRiskConfig public immutable config;
    ILiquidationEngine public immutable liquidation;

    constructor(IClearingHouse house_, IRiskConfig config_, ILiquidationEngine liquidation_) {
        house = house_;
        config = config_;
        liquidation = liquidation_;
    }

    /// @inheritdoc ILiquidationUpkeep
    function checkUpkeep(
        bytes calldata checkData
    )
        external
        view
        override(AutomationCompatibleInterface, ILiquidationUpkeep)
        returns (bool upkeepNeeded, bytes memory performData)
    {
        (uint256 first, uint256 last) = abi.decode(checkData, (uint256, uint256));
        last = Math.min(last, house.accountCount());
        uint256 target = config.liquidationParams().targetHealthBps;
        Task[] memory tasks = new Task[](MAX_ACCOUNTS);
        uint256 found;
        for (uint256 account = first; account <= last && found < MAX_ACCOUNTS; ++account) {
            Action action = _actionFor(account, target);
            if (action != Action.None) tasks[found++] = Task(account, action);
        }
        Task[] memory needed = new Task[](found);
        for (uint256 i = 0; i < found; ++i) needed[i] = tasks[i];
        return (found > 0, abi.encode(needed));
    }

    /// @inheritdoc ILiquidationUpkeep
    function performUpkeep(
        bytes calldata performData
    ) external override(AutomationCompatibleInterface, ILiquidationUpkeep) {
        Task[] memory tasks = abi.decode(performData, (Task[]));
        if (tasks.length > MAX_ACCOUNTS) revert TooManyTasks(tasks.length, MAX_ACCOUNTS);
        uint256 target = config.liquidationParams().targetHealthBps;
        for (uint256 i = 0; i < tasks.length; ++i) {
            Task memory task = tasks[i];
            // What was true when the task was written may not be now: such a task is passed over.
            if (task.action == Action.None || _actionFor(task.account, target) != task.action) continue;
            if (task.action == Action.Flag) liquidation.flag(task.account);
            else if (task.action == Action.Release) liquidation.release(task.account);
            else liquidation.update(task.account);
        }
    }

    function _actionFor(uint256 account, uint256 targetHealthBps) private view returns (Action) {
        Book memory book = house.book(account);
        Margin memory margin = IMarginEngine(house.engine()).assess(book);
        // Until its prices are confirmed the engine would refuse every step.
        if (!house.mayLiquidate(account, margin.maintenanceE6)) return Action.None;
        ILiquidationEngine.Auction memory auction = liquidation.auction(account);
        bool empty = book.positions.length == 0 && (book.cashE6 >= 0 || book.collateral.length == 0);
        if (auction.phase == ILiquidationEngine.Phase.None) {
            // A maintenance margin is far below 2^255, so the cast keeps its value.
            bool below = margin.equityE6 < int256(margin.maintenanceE6);
            return below && !empty ? Action.Flag : Action.None;
        }
        if (empty || AuctionMath.healthBps(margin.equityE6, margin.maintenanceE6) >= targetHealthBps) {
            return Action.Release;
        }
        return liquidation.quote(account).phase == auction.phase ? Action.None : Action.Update;
    }
}
