import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { DeployParameters } from "../parameter-file.ts";
import type { GovernanceModule } from "./governance.ts";

type OracleParameters = DeployParameters["oracle"];

/** Rules and keepers with every choice made: addresses only, zero where there is no feed. */
export type MeasurementInput = Readonly<{
  keepers: Readonly<{ faults: number; signers: readonly string[] }>;
  margin: DeployParameters["margin"];
  oracle: Omit<OracleParameters, "sequencerFeed" | "markets"> &
    Readonly<{
      sequencerFeed: string;
      markets: (Omit<OracleParameters["markets"][number], "feed"> & Readonly<{ feed: string }>)[];
    }>;
  liquidation: DeployParameters["liquidation"];
}>;

/** Rules, keepers, oracle and margin: they measure and hold nothing. The timelock owns rules and keepers from the start. */
export const measurementModule = (input: MeasurementInput, governance: GovernanceModule) =>
  buildModule("Measurement", (m) => {
    const { timelock } = m.useModule(governance);
    const { margin, oracle: bounds, liquidation } = input;
    const { signers, faults } = input.keepers;
    const config = m.contract("RiskConfig", [timelock, margin, bounds, liquidation]);
    const keepers = m.contract("KeeperRegistry", [timelock, [...signers], faults]);
    const priceGuard = m.contract("PriceGuard");
    const oracle = m.contract("RiskOracle", [keepers, config, priceGuard]);
    const scenarios = m.contract("ScenarioStore", [keepers, config]);
    const normalTable = m.contract("NormalCdfTable");
    const marginEngine = m.contract("MarginEngine", [config, oracle, scenarios, normalTable]);
    return { config, keepers, priceGuard, oracle, scenarios, marginEngine };
  });

export type MeasurementModule = ReturnType<typeof measurementModule>;
