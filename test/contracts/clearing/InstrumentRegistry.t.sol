// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {InstrumentRegistry} from "../../../contracts/clearing/InstrumentRegistry.sol";
import {IInstrumentRegistry} from "../../../contracts/interfaces/IInstrumentRegistry.sol";
import {InstrumentId, InstrumentKind, toInstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {HouseFixture} from "../support/HouseFixture.sol";

contract InstrumentRegistryTest is HouseFixture {
    uint64 private constant MIN_STRIKE_E8 = ETH_SPOT_E8 / 20;
    uint64 private constant MAX_STRIKE_E8 = ETH_SPOT_E8 * 20;

    function test_CallsPutsAndFuturesOfAQuotedExpiryAreListed() external view {
        VM.assertTrue(registry.isListed(call));
        VM.assertTrue(registry.isListed(put));
        VM.assertTrue(registry.isListed(future));
        registry.requireTradable(call);
    }

    function test_StrikesReachFromATwentiethToTwentyTimesSpot() external {
        _list(_option(MIN_STRIKE_E8));
        _list(_option(MAX_STRIKE_E8));
        _expectStrike(MIN_STRIKE_E8 - 1, MIN_STRIKE_E8, MAX_STRIKE_E8);
        _list(_option(MIN_STRIKE_E8 - 1));
        _expectStrike(MAX_STRIKE_E8 + 1, MIN_STRIKE_E8, MAX_STRIKE_E8);
        _list(_option(MAX_STRIKE_E8 + 1));
    }

    function test_RevertWhen_AnOptionHasNoStrikeHoweverLowSpotIs() external {
        oracle.setSpot(ETH, 1);
        _expectStrike(0, 0, 20);
        _list(_option(0));
    }

    function test_RevertWhen_AFutureHasAStrike() external {
        _expectStrike(1, 0, 0);
        _list(toInstrumentId(ETH, uint40(EXPIRY), 1, InstrumentKind.Future));
    }

    function test_RevertWhen_ThePerpetualOrAnUnknownKindIsListed() external {
        VM.expectRevert(
            abi.encodeWithSelector(IInstrumentRegistry.UnsupportedKind.selector, uint8(3), uint8(2))
        );
        _list(toInstrumentId(ETH, uint40(EXPIRY), 0, InstrumentKind.Perpetual));
        VM.expectRevert(
            abi.encodeWithSelector(IInstrumentRegistry.UnsupportedKind.selector, uint8(255), uint8(2))
        );
        _list(InstrumentId.wrap(InstrumentId.unwrap(future) | 0xff));
    }

    function test_RevertWhen_AnInstrumentIsListedTwice() external {
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.AlreadyListed.selector, call));
        _list(call);
    }

    function test_RevertWhen_TheReportHasNoSmileForTheExpiry() external {
        uint40 other = uint40(EXPIRY + 1 hours);
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.ExpiryNotReported.selector, ETH, other));
        _list(toInstrumentId(ETH, other, 3_000e8, InstrumentKind.Call));
        uint40 odd = uint40(EXPIRY + 1);
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.ExpiryNotReported.selector, ETH, odd));
        _list(toInstrumentId(ETH, odd, 3_000e8, InstrumentKind.Call));
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.ExpiryNotReported.selector, BTC, EXPIRY));
        _list(toInstrumentId(BTC, uint40(EXPIRY), 3_000e8, InstrumentKind.Call));
    }

    function test_RevertWhen_TheExpiryIsNotInTheFuture() external {
        oracle.addExpiry(ETH, EXPIRY - 1 hours);
        uint40 past = uint40(EXPIRY - 1 hours);
        InstrumentId option = toInstrumentId(ETH, past, 3_000e8, InstrumentKind.Call);
        VM.warp(past);
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.ExpiryInPast.selector, past, past));
        _list(option);
        VM.warp(past - 1);
        _list(option);
        registry.requireTradable(option);
        VM.warp(past);
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.ExpiryInPast.selector, past, past));
        registry.requireTradable(option);
    }

    function test_RevertWhen_AnUnlistedInstrumentIsToBeTraded() external {
        InstrumentId other = _option(4_000e8);
        VM.expectRevert(abi.encodeWithSelector(IInstrumentRegistry.UnknownInstrument.selector, other));
        registry.requireTradable(other);
    }

    function test_RevertWhen_SomeoneElseLists() external {
        InstrumentId[] memory batch = new InstrumentId[](1);
        batch[0] = _option(4_000e8);
        bytes32 role = registry.LISTER_ROLE();
        VM.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, bob, role)
        );
        VM.prank(bob);
        registry.list(batch);
    }

    function test_RevertWhen_TheRegistryIsBuiltOnNobody() external {
        bytes memory zero = abi.encodeWithSelector(IInstrumentRegistry.ZeroAddress.selector);
        VM.expectRevert(zero);
        new InstrumentRegistry(address(0), address(oracle));
        VM.expectRevert(zero);
        new InstrumentRegistry(address(this), address(0));
    }

    function _option(uint64 strikeE8) private pure returns (InstrumentId) {
        return toInstrumentId(ETH, uint40(EXPIRY), strikeE8, InstrumentKind.Call);
    }

    function _expectStrike(uint256 strike, uint256 min, uint256 max) private {
        VM.expectRevert(
            abi.encodeWithSelector(IInstrumentRegistry.StrikeOutOfBounds.selector, strike, min, max)
        );
    }
}
