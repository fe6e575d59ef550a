// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IClearingHouse} from "../interfaces/IClearingHouse.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IMarginLens} from "../interfaces/IMarginLens.sol";
import {HealthOrder} from "../libraries/HealthOrder.sol";
import {TradeMath} from "../libraries/TradeMath.sol";
import {Margin} from "../types/MarginTypes.sol";

/// @title MarginLens: what an account looks like, many at a time
contract MarginLens is IMarginLens {
    IClearingHouse public immutable house;

    constructor(address house_) {
        house = IClearingHouse(house_);
    }

    /// @inheritdoc IMarginLens
    function accounts(uint256[] calldata ids) external view returns (AccountView[] memory views) {
        IMarginEngine engine = IMarginEngine(house.engine());
        views = new AccountView[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            AccountView memory it = views[i];
            it.account = ids[i];
            it.owner = house.ownerOf(ids[i]);
            it.reduceOnly = house.isReduceOnly(ids[i]);
            it.book = house.book(ids[i]);
            it.breakdown = engine.breakdown(it.book);
            it.healthBps = HealthOrder.healthBps(it.breakdown.margin);
        }
    }

    /// @inheritdoc IMarginLens
    function health(uint256 first, uint256 count) external view returns (HealthView[] memory views) {
        IMarginEngine engine = IMarginEngine(house.engine());
        uint256 total = house.accountCount();
        uint256 left = first == 0 || first > total ? 0 : total - first + 1;
        views = new HealthView[](count < left ? count : left);
        for (uint256 i = 0; i < views.length; ++i) {
            uint256 account = first + i;
            Margin memory margin = engine.assess(house.book(account));
            views[i] = HealthView(
                account,
                house.isReduceOnly(account),
                margin,
                HealthOrder.healthBps(margin)
            );
        }
    }

    /// @inheritdoc IMarginLens
    function surface(uint256 account, uint16 market) external view returns (int256[3][] memory pnlE6) {
        return IMarginEngine(house.engine()).surface(house.book(account), market);
    }

    /// @inheritdoc IMarginLens
    function conservation() external view returns (Conservation memory sums) {
        ICollateralVault vault = ICollateralVault(house.vault());
        ICollateralVault.Asset[] memory list = vault.assets();
        sums.collateralError = new int256[](list.length);
        sums.surplus = new int256[](list.length);
        uint256 count = house.accountCount();
        for (uint256 account = 1; account <= count; ++account) sums.cashE6 += house.cashE6(account);
        for (uint256 i = 0; i < list.length; ++i) {
            address token = list[i].token;
            // Caps keep every record below 2^128, and a balance near 2^255 is no token's: the casts keep their values.
            int256 held = int256(vault.held(token));
            sums.surplus[i] = int256(IERC20(token).balanceOf(address(vault))) - held;
            if (i == 0) sums.cashErrorE16 = _cashErrorE16(held, sums.cashE6);
            else sums.collateralError[i] = held - _sumOf(vault, token, count);
        }
    }

    function _cashErrorE16(int256 heldE6, int256 cashE6) private view returns (int256) {
        // Dust grows by less than 1e10 a settlement, and what is owed was debited as an int256: both casts keep their values.
        int256 dustE16 = int256(house.settlementDustE16());
        int256 owedE6 = int256(house.totalOwedE6());
        return (heldE6 - cashE6 - owedE6) * TradeMath.UNIT_E16 - dustE16 - house.pendingSettlementE16();
    }

    function _sumOf(ICollateralVault vault, address token, uint256 count) private view returns (int256 sum) {
        // Balances are parts of a record below 2^128.
        for (uint256 account = 1; account <= count; ++account) sum += int256(vault.balanceOf(account, token));
    }
}
