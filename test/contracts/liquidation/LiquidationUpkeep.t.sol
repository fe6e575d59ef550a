// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {ILiquidationUpkeep} from "../../../contracts/interfaces/ILiquidationUpkeep.sol";
import {LiquidationUpkeep} from "../../../contracts/liquidation/LiquidationUpkeep.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

contract LiquidationUpkeepTest is LiquidationFixture {
    LiquidationUpkeep private upkeep;

    function setUp() public override {
        super.setUp();
        upkeep = new LiquidationUpkeep(house, liquidation.config(), liquidation);
    }

    function _check() private view returns (ILiquidationUpkeep.Task[] memory tasks) {
        (bool needed, bytes memory data) = upkeep.checkUpkeep(abi.encode(uint256(1), type(uint256).max));
        tasks = abi.decode(data, (ILiquidationUpkeep.Task[]));
        VM.assertEq(needed, tasks.length > 0);
    }

    function _requireTask(
        ILiquidationUpkeep.Task[] memory tasks,
        ILiquidationUpkeep.Action action
    ) private view {
        VM.assertEq(tasks.length, 1);
        VM.assertEq(tasks[0].account, short);
        VM.assertTrue(tasks[0].action == action);
    }

    function test_NamesAndFlagsWhatIsBelowMaintenance() public {
        VM.assertEq(_check().length, 0);
        engine.setMark(call, MARK_CALLED_E8);
        ILiquidationUpkeep.Task[] memory tasks = _check();
        _requireTask(tasks, ILiquidationUpkeep.Action.Flag);
        upkeep.performUpkeep(abi.encode(tasks));
        VM.assertTrue(liquidation.auction(short).phase == ILiquidationEngine.Phase.Called);
        VM.assertEq(_check().length, 0);
    }

    function test_NamesAndReleasesWhatHasRecovered() public {
        _callAt(MARK_CALLED_E8);
        engine.setMark(call, MARK_E8);
        ILiquidationUpkeep.Task[] memory tasks = _check();
        _requireTask(tasks, ILiquidationUpkeep.Action.Release);
        upkeep.performUpkeep(abi.encode(tasks));
        VM.assertEq(liquidation.calledAccounts().length, 0);
    }

    function test_NamesAndUpdatesWhatChangesPhase() public {
        _callAt(MARK_CALLED_E8);
        engine.setMark(call, MARK_INSOLVENT_E8);
        ILiquidationUpkeep.Task[] memory tasks = _check();
        _requireTask(tasks, ILiquidationUpkeep.Action.Update);
        upkeep.performUpkeep(abi.encode(tasks));
        VM.assertTrue(liquidation.auction(short).phase == ILiquidationEngine.Phase.Insolvent);
    }

    function test_PassesOverTasksThatNoLongerApply() public {
        engine.setMark(call, MARK_CALLED_E8);
        ILiquidationUpkeep.Task[] memory tasks = _check();
        engine.setMark(call, MARK_E8);
        upkeep.performUpkeep(abi.encode(tasks));
        VM.assertEq(liquidation.calledAccounts().length, 0);
    }

    function test_ARangeLeavesOthersOut() public {
        engine.setMark(call, MARK_CALLED_E8);
        (bool needed, ) = upkeep.checkUpkeep(abi.encode(short + 1, short + 10));
        VM.assertFalse(needed);
    }

    function test_RevertWhen_GivenMoreTasksThanFit() public {
        uint256 max = upkeep.MAX_ACCOUNTS();
        ILiquidationUpkeep.Task[] memory tasks = new ILiquidationUpkeep.Task[](max + 1);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationUpkeep.TooManyTasks.selector, max + 1, max));
        upkeep.performUpkeep(abi.encode(tasks));
    }
}
