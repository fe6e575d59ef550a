// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClearingHouse} from "../../../contracts/clearing/ClearingHouse.sol";
import {CollateralVault} from "../../../contracts/clearing/CollateralVault.sol";
import {InstrumentRegistry} from "../../../contracts/clearing/InstrumentRegistry.sol";
import {IClearingHouse} from "../../../contracts/interfaces/IClearingHouse.sol";
import {InstrumentId, InstrumentKind, toInstrumentId} from "../../../contracts/types/InstrumentId.sol";
import {MarginEngineStandIn} from "./MarginEngineStandIn.sol";
import {OracleStandIn} from "./OracleStandIn.sol";
import {TestBase} from "./TestBase.sol";
import {TestToken} from "./TestToken.sol";

/// @notice A whole house on stand-ins for the oracle and the margin engine. The test holds every role.
abstract contract HouseFixture is TestBase {
    uint256 internal constant START = 1_770_000_000;
    uint256 internal constant EXPIRY = START + 30 days - (START % 1 hours);
    uint16 internal constant ETH = 1;
    uint16 internal constant BTC = 2;
    uint64 internal constant ETH_SPOT_E8 = 3_000e8;
    uint64 internal constant BTC_SPOT_E8 = 90_000e8;
    uint256 internal constant MARK_E8 = 100e8;
    uint256 internal constant FUTURE_MARK_E8 = 3_010e8;
    uint256 internal constant CAP = type(uint128).max;
    uint16 internal constant HAIRCUT_BPS = 1_000;
    uint256 internal constant USD = 1e6;
    uint128 internal constant UNIT = 1e8;

    TestToken internal coin;
    TestToken internal weth;
    TestToken internal wbtc;
    OracleStandIn internal oracle;
    MarginEngineStandIn internal engine;
    CollateralVault internal vault;
    InstrumentRegistry internal registry;
    ClearingHouse internal house;

    InstrumentId internal call;
    InstrumentId internal put;
    InstrumentId internal future;

    address internal alice = address(0xA11CE);
    address internal bob = address(0xB0B);
    address internal carol = address(0xCA401);

    function setUp() public virtual {
        VM.warp(START);
        coin = new TestToken("USDC", 6);
        weth = new TestToken("WETH", 18);
        wbtc = new TestToken("WBTC", 8);
        oracle = new OracleStandIn();
        engine = new MarginEngineStandIn();
        _setSpot(ETH, ETH_SPOT_E8);
        _setSpot(BTC, BTC_SPOT_E8);
        // START fits 40 bits.
        oracle.setHeader(1, 1, uint40(START));
        oracle.addExpiry(ETH, EXPIRY);

        vault = new CollateralVault(address(this), address(coin), CAP);
        vault.setAsset(address(weth), ETH, HAIRCUT_BPS, CAP, true);
        vault.setAsset(address(wbtc), BTC, HAIRCUT_BPS, CAP, true);
        registry = new InstrumentRegistry(address(this), address(oracle));
        house = new ClearingHouse(
            address(this),
            address(vault),
            address(registry),
            address(engine),
            address(oracle)
        );
        vault.grantRole(vault.HOUSE_ROLE(), address(house));
        house.grantRole(house.EXCHANGE_ROLE(), address(this));
        house.grantRole(house.LIQUIDATION_ROLE(), address(this));
        house.grantRole(house.SETTLEMENT_ROLE(), address(this));
        house.grantRole(house.GUARDIAN_ROLE(), address(this));
        registry.grantRole(registry.LISTER_ROLE(), address(this));

        call = _listOption(3_000e8, InstrumentKind.Call);
        put = _listOption(3_000e8, InstrumentKind.Put);
        future = toInstrumentId(ETH, uint40(EXPIRY), 0, InstrumentKind.Future);
        _list(future);
        engine.setMark(future, FUTURE_MARK_E8);
    }

    function _setSpot(uint16 market, uint64 spotE8) internal {
        oracle.setSpot(market, spotE8);
        engine.setSpot(market, spotE8);
    }

    function _listOption(uint64 strikeE8, InstrumentKind kind) internal returns (InstrumentId instrument) {
        instrument = toInstrumentId(ETH, uint40(EXPIRY), strikeE8, kind);
        _list(instrument);
        engine.setMark(instrument, MARK_E8);
    }

    function _list(InstrumentId instrument) internal {
        InstrumentId[] memory batch = new InstrumentId[](1);
        batch[0] = instrument;
        registry.list(batch);
    }

    function _open(address owner, uint256 cashE6) internal returns (uint256 account) {
        account = house.openAccount(owner);
        if (cashE6 != 0) _deposit(owner, account, coin, cashE6);
    }

    function _deposit(address from, uint256 account, TestToken token, uint256 amount) internal {
        token.mint(from, amount);
        VM.startPrank(from);
        token.approve(address(vault), amount);
        house.deposit(account, address(token), amount);
        VM.stopPrank();
    }

    function _trade(
        uint256 buyer,
        uint256 seller,
        InstrumentId instrument,
        uint128 size,
        uint128 price
    ) internal {
        house.trade(_order(buyer, seller, instrument, size, price));
    }

    function _order(
        uint256 buyer,
        uint256 seller,
        InstrumentId instrument,
        uint128 size,
        uint128 price
    ) internal pure returns (IClearingHouse.Trade memory) {
        return IClearingHouse.Trade(buyer, seller, instrument, size, price, false, false);
    }

    /// @dev What conservation leaves over: always zero.
    function _cashErrorE16() internal view returns (int256 errorE16) {
        int256 sumE6;
        for (uint256 i = 1; i <= house.accountCount(); ++i) sumE6 += house.cashE6(i);
        errorE16 = (int256(vault.held(address(coin))) - sumE6 - int256(house.totalOwedE6())) * 1e10;
        errorE16 -= int256(house.settlementDustE16()) + house.pendingSettlementE16();
    }
}
