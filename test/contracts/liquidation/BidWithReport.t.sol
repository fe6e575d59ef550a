// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ILiquidationEngine} from "../../../contracts/interfaces/ILiquidationEngine.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {OracleStandIn} from "../support/OracleStandIn.sol";
import {LiquidationFixture} from "./support/LiquidationFixture.sol";

/// @notice An oracle that calls back while it takes a report.
contract ReentrantOracle is OracleStandIn {
    ILiquidationEngine private _engine;
    uint256 private _account;
    bytes4 public answer;

    function arm(ILiquidationEngine engine, uint256 account) external {
        (_engine, _account) = (engine, account);
    }

    function submit(RiskReport calldata, bytes[] calldata) public override returns (uint256 signers) {
        try _engine.update(_account) {} catch (bytes memory reason) {
            // The first four bytes of a refusal name its error.
            answer = bytes4(reason);
        }
    }
}

contract BidWithReportTest is LiquidationFixture {
    uint256 internal constant SHARE = 0.1e18;

    function test_ABidPostsItsReportFirst() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        VM.prank(carol);
        int256 paidE6 = liquidation.bidWithReport(_report(1, 2), new bytes[](1), bid);
        VM.assertTrue(paidE6 < 0);
        VM.assertEq(oracle.submissions(), 1);
        VM.assertEq(uint256(oracle.header().round), 2);
        VM.assertEq(house.sizeOf(bidder, call), -int256(uint256(SHORT_E8 / 10)));
    }

    function test_ABidGoesOnWhenSomebodyElsePostedTheReport() public {
        _callAt(MARK_CALLED_E8);
        oracle.setHeader(1, 2, uint40(START));
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        VM.prank(carol);
        liquidation.bidWithReport(_report(1, 2), new bytes[](1), bid);
        VM.assertEq(oracle.submissions(), 0);
        VM.assertEq(house.sizeOf(bidder, call), -int256(uint256(SHORT_E8 / 10)));
    }

    function test_RevertWhen_TheReportOfABidIsRefused() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        VM.prank(carol);
        VM.expectRevert(abi.encodeWithSelector(OracleStandIn.ReportRefused.selector));
        liquidation.bidWithReport(_report(1, 2), new bytes[](0), bid);
    }

    /// A report gives nobody the right to bid from another's account.
    function test_RevertWhen_BiddingForAnotherWithAReport() public {
        _callAt(MARK_CALLED_E8);
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        VM.prank(bob);
        VM.expectRevert(abi.encodeWithSelector(ILiquidationEngine.NotBidder.selector, bidder, bob));
        liquidation.bidWithReport(_report(1, 2), new bytes[](1), bid);
    }

    function test_TheOracleCannotReenterTheEngine() public {
        _callAt(MARK_CALLED_E8);
        ReentrantOracle other = new ReentrantOracle();
        other.setSpot(ETH, ETH_SPOT_E8);
        other.setSpot(BTC, BTC_SPOT_E8);
        other.arm(liquidation, short);
        house.setOracle(address(other));
        ILiquidationEngine.Bid memory bid = _bidOf(SHARE);
        VM.prank(carol);
        liquidation.bidWithReport(_report(1, 2), new bytes[](1), bid);
        VM.assertEq(
            bytes32(other.answer()),
            bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function _report(uint64 epoch, uint32 round) private pure returns (RiskReport memory report) {
        (report.epoch, report.round, report.observedAt) = (epoch, round, uint40(START + 1));
    }
}
