import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { id } from "ethers";
import type { DeployParameters } from "../parameter-file.ts";
import type { GovernanceModule } from "./governance.ts";

type OracleParameters = DeployParameters["oracle"];
type KeeperParameters = DeployParameters["keepers"];

const DEFAULT_ADMIN_ROLE = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** Rules and keepers with every choice made: addresses only, zero where there is no feed. */
export type MeasurementInput = Readonly<{
  deployer: string;
  keepers: Omit<KeeperParameters, "entries"> &
    Readonly<{
      /** In rising order of report key. */
      entries: readonly Readonly<{
        reportKey: string;
        networkKey: string;
        payee: string;
        endpoint: string;
      }>[];
      operators: readonly string[];
    }>;
  margin: DeployParameters["margin"];
  oracle: Omit<OracleParameters, "sequencerFeed" | "markets"> &
    Readonly<{
      sequencerFeed: string;
      markets: (Omit<OracleParameters["markets"][number], "feed"> & Readonly<{ feed: string }>)[];
    }>;
  liquidation: DeployParameters["liquidation"];
}>;

/**
 * Rules, keepers, oracle and margin. Only the keepers' contracts hold anything: stake and rewards. The timelock owns the rules from the start;
 * the deployer administers the keepers' contracts only until they know each other.
 */
export const measurementModule = (input: MeasurementInput, governance: GovernanceModule) =>
  buildModule("Measurement", (m) => {
    const { timelock, token } = m.useModule(governance);
    const { deployer, margin, oracle: bounds, liquidation } = input;
    const { entries, faults, parametersHash, overlapSeconds, operators, stake } = input.keepers;
    const config = m.contract("RiskConfig", [timelock, margin, bounds, liquidation]);
    const first = entries.map((entry) => ({ ...entry }));
    const keepers = m.contract("KeeperRegistry", [deployer, first, faults, parametersHash, overlapSeconds]);
    const oracle = m.contract("RiskOracle", [keepers, config]);
    const scenarios = m.contract("ScenarioStore", [keepers, config]);
    const normalTable = m.contract("NormalCdfTable");
    const marginEngine = m.contract("MarginEngine", [config, oracle, scenarios, normalTable]);

    const { minUnits, proverShareBps, ...delays } = stake;
    const staking = m.contract("KeeperStaking", [
      keepers,
      token,
      timelock,
      deployer,
      proverShareBps,
      delays,
      minUnits,
      [...operators],
    ]);
    const slashing = m.contract("KeeperSlashing", [keepers, staking, oracle, config]);
    const { rewardUnitsPerSignature, rewardSharesPerCarriage } = input.keepers;
    const rewards = m.contract("KeeperRewards", [
      keepers,
      staking,
      oracle,
      token,
      timelock,
      rewardUnitsPerSignature,
      rewardSharesPerCarriage,
    ]);
    const wired = [
      m.call(keepers, "grantRole", [id("CONFIGURER_ROLE"), staking], { id: "staking_configures" }),
      m.call(staking, "grantRole", [id("SLASHER_ROLE"), slashing], { id: "slashing_slashes" }),
    ];
    for (const target of [keepers, staking]) {
      const handed = m.call(target, "grantRole", [DEFAULT_ADMIN_ROLE, timelock], {
        id: `hand_over_${target.contractName}`,
      });
      m.call(target, "renounceRole", [DEFAULT_ADMIN_ROLE, deployer], {
        id: `leave_${target.contractName}`,
        after: [...wired, handed],
      });
    }
    return { config, keepers, oracle, scenarios, marginEngine, staking, slashing, rewards };
  });

export type MeasurementModule = ReturnType<typeof measurementModule>;
