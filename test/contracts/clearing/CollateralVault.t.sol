// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {CollateralVault} from "../../../contracts/clearing/CollateralVault.sol";
import {ICollateralVault} from "../../../contracts/interfaces/ICollateralVault.sol";
import {Collateral} from "../../../contracts/types/Book.sol";
import {FeeToken} from "../support/FeeToken.sol";
import {RebasingToken} from "../support/RebasingToken.sol";
import {TestBase} from "../support/TestBase.sol";
import {TestToken} from "../support/TestToken.sol";

/// @notice The vault on its own; the test is its house and its governance.
contract CollateralVaultTest is TestBase {
    uint256 private constant CAP = type(uint128).max;
    uint16 private constant MARKET = 3;
    uint16 private constant HAIRCUT_BPS = 2_500;
    uint256 private constant ACCOUNT = 1;
    uint256 private constant OTHER = 2;
    address private constant HOLDER = address(0xB0B);

    TestToken private coin;
    CollateralVault private vault;

    function setUp() external {
        coin = new TestToken("USDC", 6);
        vault = new CollateralVault(address(this), address(coin), CAP);
        vault.grantRole(vault.HOUSE_ROLE(), address(this));
    }

    function test_TheSettlementCoinComesFirst() external view {
        ICollateralVault.Asset[] memory list = vault.assets();
        VM.assertEq(list.length, 1);
        VM.assertEq(list[0].token, address(coin));
        VM.assertEq(vault.settlementCoin(), address(coin));
    }

    function test_RevertWhen_TheSettlementCoinHasOtherDecimals() external {
        TestToken seven = new TestToken("BAD", 7);
        VM.expectRevert(_wrongDecimals(address(seven), 7, 6));
        new CollateralVault(address(this), address(seven), CAP);
        TestToken five = new TestToken("BAD", 5);
        VM.expectRevert(_wrongDecimals(address(five), 5, 6));
        new CollateralVault(address(this), address(five), CAP);
    }

    function test_RevertWhen_TheVaultIsBuiltOnNobody() external {
        bytes memory zero = abi.encodeWithSelector(ICollateralVault.ZeroAddress.selector);
        VM.expectRevert(zero);
        new CollateralVault(address(0), address(coin), CAP);
        VM.expectRevert(zero);
        new CollateralVault(address(this), address(0), CAP);
        VM.expectRevert(zero);
        vault.setAsset(address(0), MARKET, 0, CAP, true);
    }

    function test_RevertWhen_ATokenHasMoreThanEighteenDecimals() external {
        TestToken token = new TestToken("T19", 19);
        VM.expectRevert(_wrongDecimals(address(token), 19, 18));
        vault.setAsset(address(token), MARKET, 0, CAP, true);
    }

    function test_RevertWhen_AnAssetsNumbersAreOutOfBoundsByOne() external {
        TestToken token = new TestToken("T", 18);
        VM.expectRevert(abi.encodeWithSelector(ICollateralVault.HaircutTooLarge.selector, 10_001, 10_000));
        vault.setAsset(address(token), MARKET, 10_001, CAP, true);
        VM.expectRevert(abi.encodeWithSelector(ICollateralVault.CapTooLarge.selector, CAP + 1, CAP));
        vault.setAsset(address(token), MARKET, 0, CAP + 1, true);
        vault.setAsset(address(token), MARKET, 10_000, CAP, true);
    }

    function test_RevertWhen_ThereAreTooManyAssets() external {
        uint256 max = vault.MAX_ASSETS();
        for (uint256 i = 1; i < max; ++i) _add(18);
        TestToken one = new TestToken("ONE", 18);
        VM.expectRevert(abi.encodeWithSelector(ICollateralVault.TooManyAssets.selector, max + 1, max));
        vault.setAsset(address(one), MARKET, 0, CAP, true);
    }

    function test_RevertWhen_ATokenIsUnknown() external {
        bytes memory unknown = abi.encodeWithSelector(ICollateralVault.UnknownAsset.selector, HOLDER);
        VM.expectRevert(unknown);
        vault.pull(ACCOUNT, HOLDER, HOLDER, 1);
        VM.expectRevert(unknown);
        vault.push(ACCOUNT, HOLDER, HOLDER, 1);
        VM.expectRevert(unknown);
        vault.recordInflow(HOLDER, 1);
    }

    function test_ADisabledAssetTakesNothingButStillCountsAndLeaves() external {
        TestToken token = _add(8);
        _pull(token, ACCOUNT, 100);
        vault.setAsset(address(token), MARKET, HAIRCUT_BPS, CAP, false);
        token.mint(HOLDER, 1);
        VM.prank(HOLDER);
        token.approve(address(vault), 1);
        VM.expectRevert(abi.encodeWithSelector(ICollateralVault.AssetDisabled.selector, address(token)));
        vault.pull(ACCOUNT, address(token), HOLDER, 1);
        VM.assertEq(vault.collateralOf(ACCOUNT)[0].quantityE8, 75);
        vault.push(ACCOUNT, address(token), HOLDER, 100);
        VM.assertEq(vault.held(address(token)), 0);
    }

    function test_RevertWhen_TheCapIsExceededByOne() external {
        TestToken token = new TestToken("CAP", 18);
        vault.setAsset(address(token), MARKET, 0, 100, true);
        _pull(token, ACCOUNT, 60);
        _pull(token, OTHER, 40);
        token.mint(HOLDER, 1);
        VM.prank(HOLDER);
        token.approve(address(vault), 1);
        VM.expectRevert(
            abi.encodeWithSelector(ICollateralVault.CapExceeded.selector, address(token), 101, 100)
        );
        vault.pull(ACCOUNT, address(token), HOLDER, 1);
    }

    function test_AFeeOnTransferTokenIsCreditedWhatArrived() external {
        FeeToken token = new FeeToken(18);
        vault.setAsset(address(token), MARKET, 0, CAP, true);
        VM.assertEq(_pull(token, ACCOUNT, 1_000), 990);
        VM.assertEq(vault.balanceOf(ACCOUNT, address(token)), 990);
        VM.assertEq(vault.held(address(token)), 990);
    }

    function test_RevertWhen_ATokenTakesMoreFromTheVaultThanWasSent() external {
        FeeToken token = new FeeToken(18);
        vault.setAsset(address(token), MARKET, 0, CAP, true);
        _pull(token, ACCOUNT, 1_000);
        token.setExtraFromSender(5);
        VM.expectRevert(_belowRecord(address(token), 885, 890));
        vault.push(ACCOUNT, address(token), HOLDER, 100);
    }

    function test_RevertWhen_ATokenHasRebasedBelowItsRecord() external {
        RebasingToken token = new RebasingToken(18);
        vault.setAsset(address(token), MARKET, 0, CAP, true);
        _pull(token, ACCOUNT, 1_000);
        _pull(token, OTHER, 1_000);
        token.shrink(address(vault), 1);
        VM.expectRevert(_belowRecord(address(token), 1_999, 2_000));
        vault.push(ACCOUNT, address(token), HOLDER, 1_000);
        VM.expectRevert(_belowRecord(address(token), 1_999, 2_000));
        vault.pull(ACCOUNT, address(token), HOLDER, 1);
        VM.expectRevert(_belowRecord(address(token), 1_999, 2_000));
        vault.recordInflow(address(token), 0);
    }

    function test_AGiftBelongsToNobodyUntilItIsRecorded() external {
        coin.mint(address(vault), 10);
        VM.assertEq(vault.held(address(coin)), 0);
        VM.expectRevert(
            abi.encodeWithSelector(ICollateralVault.InsufficientLiquidity.selector, address(coin), 1, 0)
        );
        vault.push(ACCOUNT, address(coin), HOLDER, 1);
        VM.expectRevert(_belowRecord(address(coin), 10, 11));
        vault.recordInflow(address(coin), 11);
        vault.recordInflow(address(coin), 10);
        VM.assertEq(vault.held(address(coin)), 10);
    }

    function test_RevertWhen_ATokensDecimalsChange() external {
        TestToken token = _add(8);
        VM.mockCall(address(token), abi.encodeCall(token.decimals, ()), abi.encode(uint8(9)));
        VM.expectRevert(_wrongDecimals(address(token), 9, 8));
        vault.setAsset(address(token), MARKET, 0, CAP, true);
    }

    function test_RevertWhen_SomeoneElseMovesTokensOrSetsAssets() external {
        bytes32 role = vault.HOUSE_ROLE();
        VM.startPrank(HOLDER);
        VM.expectRevert(_missing(role));
        vault.pull(ACCOUNT, address(coin), HOLDER, 1);
        VM.expectRevert(_missing(role));
        vault.push(ACCOUNT, address(coin), HOLDER, 1);
        VM.expectRevert(_missing(role));
        vault.recordInflow(address(coin), 1);
        VM.expectRevert(_missing(role));
        vault.moveShare(ACCOUNT, OTHER, 1);
        VM.expectRevert(_missing(bytes32(0)));
        vault.setAsset(address(coin), 0, 0, CAP, false);
        VM.stopPrank();
    }

    function testFuzz_CollateralIsRoundedDownAfterItsHaircutForAnyDecimals(
        uint8 decimals,
        uint128 units
    ) external {
        decimals = uint8(bound(decimals, 0, 18));
        VM.assume(units != 0);
        TestToken token = _add(decimals);
        _pull(token, ACCOUNT, units);
        Collateral[] memory pledged = vault.collateralOf(ACCOUNT);
        VM.assertEq(pledged.length, 1);
        VM.assertEq(pledged[0].market, MARKET);
        uint256 exact = uint256(units) * 1e8 * (10_000 - HAIRCUT_BPS);
        uint256 scale = 10_000 * 10 ** decimals;
        VM.assertLe(pledged[0].quantityE8 * scale, exact);
        VM.assertTrue(exact - pledged[0].quantityE8 * scale < scale);
    }

    function testFuzz_AShareMovesWithoutLossAndIsCountedUp(
        uint8 decimals,
        uint128 units,
        uint256 share
    ) external {
        decimals = uint8(bound(decimals, 0, 18));
        share = bound(share, 1, 1e18);
        VM.assume(units != 0);
        TestToken token = _add(decimals);
        _pull(token, ACCOUNT, units);
        Collateral[] memory moved = vault.moveShare(ACCOUNT, OTHER, share);
        uint256 arrived = vault.balanceOf(OTHER, address(token));
        VM.assertEq(arrived, (uint256(units) * share) / 1e18);
        VM.assertEq(vault.balanceOf(ACCOUNT, address(token)) + arrived, units);
        VM.assertGe(moved[0].quantityE8 * 10 ** decimals, arrived * 1e8);
        VM.assertTrue(moved[0].quantityE8 * 10 ** decimals < arrived * 1e8 + 10 ** decimals);
        VM.assertEq(vault.held(address(token)), units);
    }

    function _add(uint8 decimals) private returns (TestToken token) {
        token = new TestToken("T", decimals);
        vault.setAsset(address(token), MARKET, HAIRCUT_BPS, CAP, true);
    }

    function _pull(TestToken token, uint256 account, uint256 units) private returns (uint256) {
        token.mint(HOLDER, units);
        VM.prank(HOLDER);
        token.approve(address(vault), units);
        return vault.pull(account, address(token), HOLDER, units);
    }

    function _wrongDecimals(address token, uint8 given, uint8 max) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralVault.WrongDecimals.selector, token, given, max);
    }

    function _belowRecord(
        address token,
        uint256 balance,
        uint256 recorded
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICollateralVault.BalanceBelowRecord.selector, token, balance, recorded);
    }

    function _missing(bytes32 role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, HOLDER, role);
    }
}
