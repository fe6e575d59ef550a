// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {IReportCarrier} from "../../../contracts/interfaces/IReportCarrier.sol";
import {ReportCarrier} from "../../../contracts/periphery/ReportCarrier.sol";
import {Order} from "../../../contracts/types/Order.sol";
import {RiskReport} from "../../../contracts/types/RiskReport.sol";
import {ExchangeFixture} from "../support/ExchangeFixture.sol";
import {OracleStandIn} from "../support/OracleStandIn.sol";

/// @notice A wallet that carries a second trade while it is asked for its signature on the first.
contract ReentrantWallet is IERC1271 {
    IReportCarrier private immutable _carrier;
    bytes private _again;

    constructor(IReportCarrier carrier_) {
        _carrier = carrier_;
    }

    function arm(bytes calldata again) external {
        _again = again;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (_again.length == 0) return IERC1271.isValidSignature.selector;
        (bool entered, ) = address(_carrier).staticcall(_again);
        return entered ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

contract ReportCarrierTest is ExchangeFixture {
    ReportCarrier internal carrier;

    function setUp() public override {
        super.setUp();
        carrier = new ReportCarrier(house, exchange);
    }

    function test_PostsANewerReportAndFills() external {
        VM.prank(carol);
        bool posted = carrier.fillWithReport(_report(1, 2), _signatures(), _pair(UNIT));
        VM.assertTrue(posted);
        VM.assertEq(oracle.submissions(), 1);
        VM.assertEq(uint256(oracle.header().round), 2);
        VM.assertEq(house.openInterestE8(call), UNIT);
    }

    /// Whoever posts the carried report first, or a newer one, must not stop the trade.
    function testFuzz_FillsWhateverTheOracleHas(
        uint64 epoch,
        uint32 round,
        uint64 had,
        uint32 hadRound
    ) external {
        oracle.setHeader(had, hadRound, uint40(START));
        bool newer = epoch > had || (epoch == had && round > hadRound);
        bool posted = carrier.fillWithReport(_report(epoch, round), _signatures(), _pair(UNIT));
        VM.assertEq(posted, newer);
        VM.assertEq(oracle.submissions(), newer ? 1 : 0);
        VM.assertEq(uint256(oracle.header().epoch), newer ? epoch : had);
        VM.assertEq(uint256(oracle.header().round), newer ? round : hadRound);
        VM.assertEq(house.openInterestE8(call), UNIT);
    }

    function test_RevertWhen_TheOracleRefusesTheReport() external {
        IReportCarrier.Fill memory pair = _pair(UNIT);
        VM.expectRevert(abi.encodeWithSelector(OracleStandIn.ReportRefused.selector));
        carrier.fillWithReport(_report(1, 2), new bytes[](0), pair);
        VM.assertEq(house.openInterestE8(call), 0);
    }

    function test_RevertWhen_TheTradeIsRefusedAndTheReportIsNotPostedEither() external {
        IReportCarrier.Fill memory pair = _pair(UNIT);
        pair.makerSignature = pair.takerSignature;
        VM.expectRevert(
            abi.encodeWithSelector(
                IExchange.BadOrderSignature.selector,
                exchange.hashOrder(pair.maker),
                makerOwner
            )
        );
        carrier.fillWithReport(_report(1, 2), _signatures(), pair);
        VM.assertEq(oracle.submissions(), 0);
        VM.assertEq(uint256(oracle.header().round), 1);
    }

    /// A wallet asked for its signature cannot change anything through the carrier.
    function test_RevertWhen_AWalletCarriesAnotherTradeWhileItIsAsked() external {
        ReentrantWallet wallet = new ReentrantWallet(carrier);
        uint256 account = _open(address(wallet), 10_000 * USD);
        Order memory sell = _order(account, -int128(UNIT), MARK);
        Order memory buy = _buy(2 * UNIT, MARK);
        bytes memory takerSignature = _sign(TAKER_KEY, buy);
        IReportCarrier.Fill memory pair = IReportCarrier.Fill(
            sell,
            address(wallet),
            "",
            buy,
            takerOwner,
            takerSignature,
            UNIT
        );
        wallet.arm(abi.encodeCall(IReportCarrier.fillWithReport, (_report(1, 3), _signatures(), pair)));
        bytes32 hash = exchange.hashOrder(sell);
        VM.expectRevert(abi.encodeWithSelector(IExchange.BadOrderSignature.selector, hash, address(wallet)));
        carrier.fillWithReport(_report(1, 2), _signatures(), pair);
        wallet.arm("");
        carrier.fillWithReport(_report(1, 2), _signatures(), pair);
        VM.assertEq(house.openInterestE8(call), UNIT);
    }

    function test_TakesNeitherEtherNorTokensNorRights() external {
        (bool taken, ) = address(carrier).call{value: 1}("");
        VM.assertFalse(taken);
        IReportCarrier.Fill memory pair = _pair(UNIT);
        VM.prank(carol);
        carrier.fillWithReport(_report(1, 2), _signatures(), pair);
        VM.assertEq(coin.balanceOf(address(carrier)), 0);
        VM.assertFalse(house.hasRole(house.EXCHANGE_ROLE(), address(carrier)));
        VM.assertFalse(house.mayAct(maker, address(carrier)));
    }

    function _report(uint64 epoch, uint32 round) private pure returns (RiskReport memory report) {
        (report.epoch, report.round, report.observedAt) = (epoch, round, uint40(START + 1));
    }

    function _signatures() private pure returns (bytes[] memory) {
        return new bytes[](1);
    }

    function _pair(uint128 size) private view returns (IReportCarrier.Fill memory) {
        (Order memory sell, Order memory buy) = (_sell(size, MARK), _buy(size, MARK));
        return
            IReportCarrier.Fill(
                sell,
                makerOwner,
                _sign(MAKER_KEY, sell),
                buy,
                takerOwner,
                _sign(TAKER_KEY, buy),
                size
            );
    }
}
