// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {IExchange} from "../../../contracts/interfaces/IExchange.sol";
import {Exchange} from "../../../contracts/trading/Exchange.sol";
import {Order} from "../../../contracts/types/Order.sol";
import {ExchangeFixture} from "../support/ExchangeFixture.sol";
import {SignerWallet} from "../support/SignerWallet.sol";

contract ExchangeTest is ExchangeFixture {
    function test_TwoCrossingOrdersTradeAtTheMakersPrice() external {
        Order memory sell = _sell(5 * UNIT, MARK);
        Order memory buy = _buy(3 * UNIT, MARK + 7e8);
        _fill(sell, buy, 2 * UNIT);
        VM.assertEq(house.sizeOf(maker, call), -int256(uint256(2 * UNIT)));
        VM.assertEq(house.cashE6(taker), int256(9_800 * USD));
        VM.assertEq(exchange.filledE8(exchange.hashOrder(sell)), 2 * UNIT);
        _fill(sell, buy, UNIT);
        VM.assertEq(house.sizeOf(taker, call), int256(uint256(3 * UNIT)));
    }

    function test_TheMakerMayBeTheBuyer() external {
        Order memory makerBuy = _order(maker, int128(UNIT), MARK + 1e8);
        Order memory takerSell = _order(taker, -int128(UNIT), MARK);
        _fill(makerBuy, takerSell, UNIT);
        VM.assertEq(house.cashE6(maker), int256(10_000 * USD - 101 * USD));
    }

    function test_AnyoneMaySubmitThePair() external {
        VM.prank(carol);
        _fill(_sell(UNIT, MARK), _buy(UNIT, MARK), UNIT);
        VM.assertEq(house.openInterestE8(call), UNIT);
    }

    function test_RevertWhen_OrdersAreFilledBeyondTheirSize() external {
        Order memory sell = _sell(2 * UNIT, MARK);
        Order memory buy = _buy(9 * UNIT, MARK);
        _fill(sell, buy, UNIT);
        _expectOverfill(sell, UNIT + 1, UNIT);
        _fill(sell, buy, UNIT + 1);
        _fill(sell, buy, UNIT);
        _expectOverfill(sell, 1, 0);
        _fill(sell, buy, 1);
        Order memory more = _sell(20 * UNIT, MARK);
        _expectOverfill(buy, 8 * UNIT, 7 * UNIT);
        _fill(more, buy, 8 * UNIT);
    }

    function test_RevertWhen_AnOrderHasExpired() external {
        VM.warp(DEADLINE);
        _fill(_sell(UNIT, MARK), _buy(UNIT, MARK), 1);
        VM.warp(uint256(DEADLINE) + 1);
        VM.expectRevert(
            abi.encodeWithSelector(IExchange.OrderExpired.selector, DEADLINE, uint256(DEADLINE) + 1)
        );
        _fill(_sell(UNIT, MARK), _buy(UNIT, MARK), 1);
    }

    function test_RevertWhen_AnOrderWasCancelled() external {
        Order memory sell = _sell(UNIT, MARK);
        VM.prank(makerOwner);
        exchange.cancel(sell);
        VM.expectRevert(abi.encodeWithSelector(IExchange.OrderDead.selector, exchange.hashOrder(sell)));
        _fill(sell, _buy(UNIT, MARK), UNIT);
    }

    function test_RevertWhen_TheNonceIsBelowTheLowestLiveOne() external {
        Order memory sell = _sell(UNIT, MARK);
        VM.prank(makerOwner);
        exchange.cancelBelow(maker, sell.nonce + 1);
        VM.assertEq(exchange.minNonce(maker), sell.nonce + 1);
        VM.expectRevert(
            abi.encodeWithSelector(IExchange.NonceUsed.selector, maker, sell.nonce, sell.nonce + 1)
        );
        _fill(sell, _buy(UNIT, MARK), UNIT);
        sell.nonce += 1;
        _fill(sell, _buy(UNIT, MARK), UNIT);
    }

    function test_RevertWhen_TheLowestNonceDoesNotRise() external {
        VM.startPrank(makerOwner);
        exchange.cancelBelow(maker, 5);
        VM.expectRevert(abi.encodeWithSelector(IExchange.NonceNotRising.selector, maker, 5, 5));
        exchange.cancelBelow(maker, 5);
        VM.stopPrank();
    }

    function test_RevertWhen_AStrangerCancels() external {
        bytes memory refused = abi.encodeWithSelector(IExchange.SignerNotAllowed.selector, maker, carol);
        VM.startPrank(carol);
        VM.expectRevert(refused);
        exchange.cancel(_sell(UNIT, MARK));
        VM.expectRevert(refused);
        exchange.cancelBelow(maker, 9);
        VM.stopPrank();
    }

    function test_AnOperatorSignsUntilItIsRemoved() external {
        VM.prank(makerOwner);
        house.setOperator(maker, takerOwner, true);
        Order memory sell = _sell(2 * UNIT, MARK);
        Order memory buy = _buy(2 * UNIT, MARK);
        bytes memory byOperator = _sign(TAKER_KEY, sell);
        bytes memory signature = _sign(TAKER_KEY, buy);
        exchange.fill(sell, takerOwner, byOperator, buy, takerOwner, signature, UNIT);
        VM.prank(makerOwner);
        house.setOperator(maker, takerOwner, false);
        VM.expectRevert(abi.encodeWithSelector(IExchange.SignerNotAllowed.selector, maker, takerOwner));
        exchange.fill(sell, takerOwner, byOperator, buy, takerOwner, signature, UNIT);
    }

    function test_RevertWhen_TheSignatureIsNotTheSigners() external {
        Order memory sell = _sell(UNIT, MARK);
        Order memory buy = _buy(UNIT, MARK);
        bytes memory good = _sign(TAKER_KEY, buy);
        bytes memory bad = _sign(TAKER_KEY, sell);
        bytes memory refused = abi.encodeWithSelector(
            IExchange.BadOrderSignature.selector,
            exchange.hashOrder(sell),
            makerOwner
        );
        VM.expectRevert(refused);
        exchange.fill(sell, makerOwner, bad, buy, takerOwner, good, UNIT);
        VM.expectRevert(refused);
        exchange.fill(sell, makerOwner, hex"", buy, takerOwner, good, UNIT);
    }

    function testFuzz_RevertWhen_AnythingSignedIsChanged(uint8 field, uint32 by) external {
        Order memory sell = _sell(UNIT, MARK);
        bytes memory signature = _sign(MAKER_KEY, sell);
        by = uint32(bound(by, 1, 1e6));
        field = uint8(bound(field, 0, 4));
        if (field == 0) sell.sizeE8 -= int128(uint128(by));
        else if (field == 1) sell.limitPriceE8 -= by;
        else if (field == 2) sell.nonce += by;
        else if (field == 3) sell.deadline += by;
        else sell.counterparty = taker;
        Order memory buy = _buy(UNIT, MARK);
        bytes memory buySignature = _sign(TAKER_KEY, buy);
        VM.expectRevert(
            abi.encodeWithSelector(IExchange.BadOrderSignature.selector, exchange.hashOrder(sell), makerOwner)
        );
        exchange.fill(sell, makerOwner, signature, buy, takerOwner, buySignature, 1);
    }

    function test_RevertWhen_AnOrderIsReplayedOnAnotherContractOrChain() external {
        Order memory sell = _sell(UNIT, MARK);
        Order memory buy = _buy(UNIT, MARK);
        bytes memory sellSignature = _sign(MAKER_KEY, sell);
        bytes memory buySignature = _sign(TAKER_KEY, buy);
        Exchange other = new Exchange(address(house));
        house.grantRole(house.EXCHANGE_ROLE(), address(other));
        VM.expectRevert(
            abi.encodeWithSelector(IExchange.BadOrderSignature.selector, other.hashOrder(sell), makerOwner)
        );
        other.fill(sell, makerOwner, sellSignature, buy, takerOwner, buySignature, UNIT);
        VM.chainId(block.chainid + 1);
        VM.expectRevert(
            abi.encodeWithSelector(IExchange.BadOrderSignature.selector, exchange.hashOrder(sell), makerOwner)
        );
        exchange.fill(sell, makerOwner, sellSignature, buy, takerOwner, buySignature, UNIT);
    }

    function test_AContractWalletSignsThroughErc1271() external {
        SignerWallet wallet = new SignerWallet(makerOwner);
        uint256 account = _open(address(wallet), 10_000 * USD);
        Order memory sell = _order(account, -int128(UNIT), MARK);
        Order memory buy = _buy(UNIT, MARK);
        bytes memory sellSignature = _sign(MAKER_KEY, sell);
        bytes memory buySignature = _sign(TAKER_KEY, buy);
        exchange.fill(sell, address(wallet), sellSignature, buy, takerOwner, buySignature, UNIT / 2);
        wallet.setSigner(carol);
        VM.expectRevert(
            abi.encodeWithSelector(
                IExchange.BadOrderSignature.selector,
                exchange.hashOrder(sell),
                address(wallet)
            )
        );
        exchange.fill(sell, address(wallet), sellSignature, buy, takerOwner, buySignature, UNIT / 2);
    }

    function test_RevertWhen_TheSidesDoNotMatch() external {
        Order memory a = _sell(UNIT, MARK);
        Order memory b = _order(taker, -1, MARK);
        VM.expectRevert(abi.encodeWithSelector(IExchange.SidesDoNotMatch.selector, a.sizeE8, b.sizeE8));
        _fill(a, b, 1);
        b.sizeE8 = 0;
        VM.expectRevert(abi.encodeWithSelector(IExchange.SidesDoNotMatch.selector, a.sizeE8, int128(0)));
        _fill(a, b, 1);
    }

    function test_RevertWhen_TheInstrumentsDiffer() external {
        Order memory buy = _buy(UNIT, MARK);
        buy.instrument = put;
        VM.expectRevert(abi.encodeWithSelector(IExchange.InstrumentMismatch.selector, call, put));
        _fill(_sell(UNIT, MARK), buy, 1);
    }

    function test_RevertWhen_ThePricesDoNotCross() external {
        VM.expectRevert(abi.encodeWithSelector(IExchange.PricesDoNotCross.selector, MARK - 1, MARK));
        _fill(_sell(UNIT, MARK), _buy(UNIT, MARK - 1), 1);
    }

    function test_RevertWhen_TheFillIsZero() external {
        VM.expectRevert(abi.encodeWithSelector(IExchange.ZeroSize.selector));
        _fill(_sell(UNIT, MARK), _buy(UNIT, MARK), 0);
    }

    function test_RevertWhen_EitherOrderNamesAnotherCounterparty() external {
        Order memory sell = _sell(UNIT, MARK);
        Order memory buy = _buy(UNIT, MARK);
        sell.counterparty = 42;
        VM.expectRevert(abi.encodeWithSelector(IExchange.WrongCounterparty.selector, 42, taker));
        _fill(sell, buy, 1);
        sell.counterparty = taker;
        buy.counterparty = 43;
        VM.expectRevert(abi.encodeWithSelector(IExchange.WrongCounterparty.selector, 43, maker));
        _fill(sell, buy, 1);
        buy.counterparty = maker;
        _fill(sell, buy, 1);
    }

    function test_RevertWhen_ACalledAccountsOrderWouldGrow() external {
        _fill(_sell(2 * UNIT, MARK), _buy(2 * UNIT, MARK), 2 * UNIT);
        house.setReduceOnly(maker, true);
        VM.expectRevert(abi.encodeWithSelector(IClearingHouse.AccountIsReduceOnly.selector, maker));
        _fill(_sell(UNIT, MARK + 1), _buy(UNIT, MARK + 1), 1);
        _fill(_order(maker, int128(UNIT), MARK), _order(taker, -int128(UNIT), MARK), UNIT);
        VM.assertEq(house.sizeOf(maker, call), -int256(uint256(UNIT)));
    }

    function test_RevertWhen_AReduceOnlyOrderWouldGrow() external {
        Order memory sell = _sell(UNIT, MARK);
        sell.reduceOnly = true;
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.PositionWouldGrow.selector,
                maker,
                call,
                int256(0),
                int256(-1)
            )
        );
        _fill(sell, _buy(UNIT, MARK), 1);
        Order memory buy = _order(taker, int128(UNIT), MARK);
        buy.reduceOnly = true;
        VM.expectRevert(
            abi.encodeWithSelector(
                IClearingHouse.PositionWouldGrow.selector,
                taker,
                call,
                int256(0),
                int256(1)
            )
        );
        _fill(buy, _order(maker, -int128(UNIT), MARK), 1);
    }

    function test_RevertWhen_TheExchangeIsBuiltOnNobody() external {
        VM.expectRevert(abi.encodeWithSelector(IExchange.ZeroAddress.selector));
        new Exchange(address(0));
    }

    /// Invariant 23: whatever is asked, no order is filled beyond its signed size.
    function testFuzz_FillsNeverExceedWhatWasSigned(uint64[8] calldata asks, uint64 signed) external {
        engine.setShares(0, 0);
        engine.setMark(call, 0);
        signed = uint64(bound(signed, 1, type(uint64).max));
        Order memory sell = _sell(signed, 0);
        uint256 filled;
        for (uint256 i = 0; i < asks.length; ++i) {
            uint128 ask = uint128(bound(asks[i], 1, type(uint64).max / 2));
            Order memory buy = _buy(ask, 0);
            buy.nonce = uint64(i);
            if (ask > signed - filled) _expectOverfill(sell, ask, signed - filled);
            else filled += ask;
            _fill(sell, buy, ask);
            VM.assertEq(exchange.filledE8(exchange.hashOrder(sell)), filled);
        }
        VM.assertEq(uint256(-int256(house.sizeOf(maker, call))), filled);
    }
}
