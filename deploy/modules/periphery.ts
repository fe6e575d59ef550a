import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { HouseModule } from "./house.ts";

/** The house and its helpers, which hold no rights: whatever they do, anyone may do. */
export const peripheryModule = (houseModule: HouseModule) =>
  buildModule("Periphery", (m) => {
    const all = m.useModule(houseModule);
    const upkeep = m.contract("LiquidationUpkeep", [all.house, all.config, all.liquidation]);
    const lens = m.contract("MarginLens", [all.house]);
    const accountRisk = m.contract("AccountRiskVerifier", [all.house]);
    const carrier = m.contract("ReportCarrier", [all.house, all.exchange]);
    return { ...all, upkeep, lens, accountRisk, carrier };
  });
