// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInsuranceFund} from "../../../../contracts/interfaces/IInsuranceFund.sol";
import {ILiquidationEngine} from "../../../../contracts/interfaces/ILiquidationEngine.sol";
import {IRiskConfig} from "../../../../contracts/interfaces/IRiskConfig.sol";
import {InsuranceFund} from "../../../../contracts/liquidation/InsuranceFund.sol";
import {LiquidationEngine} from "../../../../contracts/liquidation/LiquidationEngine.sol";
import {Margin} from "../../../../contracts/types/MarginTypes.sol";
import {HouseFixture} from "../../support/HouseFixture.sol";
import {ConfigStandIn} from "./ConfigStandIn.sol";

/// @notice The real house, fund and liquidation engine; margin is 10 % of the marks' gross value. Alice is short 100 calls sold at
/// USD 100 with USD 12,000 of her own, so at mark p her equity is 22,000 - 100 p and her margin 10 p: H = 1 at p = 200, E = 0 at 220.
abstract contract LiquidationFixture is HouseFixture {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant OWN_CASH = 12_000 * USD;
    uint128 internal constant SHORT_E8 = 100 * UNIT;
    uint256 internal constant MARK_H_ONE_E8 = 200e8;
    /// E = 1,500, M = 2,050.
    uint256 internal constant MARK_CALLED_E8 = 205e8;
    /// E = -1,000, M = 2,300.
    uint256 internal constant MARK_INSOLVENT_E8 = 230e8;
    uint256 internal constant FUND_DEPOSIT = 50_000 * USD;

    InsuranceFund internal fund;
    LiquidationEngine internal liquidation;
    uint256 internal short;
    uint256 internal long;
    uint256 internal bidder;

    function setUp() public virtual override {
        super.setUp();
        fund = new InsuranceFund(coin, address(vault), address(this));
        liquidation = new LiquidationEngine(
            house,
            IRiskConfig(address(new ConfigStandIn())),
            IInsuranceFund(address(fund))
        );
        house.grantRole(house.LIQUIDATION_ROLE(), address(liquidation));
        fund.grantRole(fund.LIQUIDATION_ROLE(), address(liquidation));

        short = _open(alice, OWN_CASH);
        long = _open(bob, 1_000_000 * USD);
        bidder = _open(carol, 1_000_000 * USD);
        _trade(long, short, call, SHORT_E8, uint128(MARK_E8));
    }

    function _fillFund(uint256 assets) internal {
        coin.mint(address(this), assets);
        coin.approve(address(fund), assets);
        fund.deposit(assets, address(this));
    }

    function _callAt(uint256 markE8) internal {
        engine.setMark(call, markE8);
        liquidation.flag(short);
    }

    function _bidOf(uint256 shareWad) internal view returns (ILiquidationEngine.Bid memory) {
        return
            ILiquidationEngine.Bid({
                account: short,
                bidder: bidder,
                shareWad: shareWad,
                phase: liquidation.quote(short).phase,
                version: liquidation.auction(short).version,
                maxPaidE6: type(int256).max,
                deadline: uint40(block.timestamp)
            });
    }

    function _bid(uint256 shareWad) internal returns (int256 paidE6) {
        ILiquidationEngine.Bid memory bid = _bidOf(shareWad);
        VM.prank(carol);
        return liquidation.bid(bid);
    }

    function _marginOf(uint256 account) internal view returns (Margin memory) {
        return engine.assess(house.book(account));
    }

    function _equity(uint256 account) internal view returns (int256) {
        return _marginOf(account).equityE6;
    }

    /// @dev Where the settlement coin is: the vault and the fund hold all that accounts and shares own.
    function _coinsInHouse() internal view returns (uint256) {
        return vault.held(address(coin)) + fund.capacityE6();
    }
}
