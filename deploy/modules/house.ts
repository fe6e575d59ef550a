import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { id } from "ethers";
import type { DeployParameters } from "../parameter-file.ts";
import type { GovernanceModule } from "./governance.ts";

const DEFAULT_ADMIN_ROLE = "0x0000000000000000000000000000000000000000000000000000000000000000";

type OracleParameters = DeployParameters["oracle"];

/** The parameters with every choice made: addresses only, zero where there is no feed. */
export type HouseInput = Readonly<{
  deployer: string;
  guardian: string;
  lister: string;
  keepers: Readonly<{ faults: number; signers: readonly string[] }>;
  coin: Readonly<{ token: string; capUnits: bigint }>;
  collateral: readonly Readonly<{ token: string; market: number; haircutBps: number; capUnits: bigint }>[];
  margin: DeployParameters["margin"];
  oracle: Omit<OracleParameters, "sequencerFeed" | "markets"> &
    Readonly<{
      sequencerFeed: string;
      markets: readonly (Omit<OracleParameters["markets"][number], "feed"> & Readonly<{ feed: string }>)[];
    }>;
  liquidation: DeployParameters["liquidation"];
  settlement: DeployParameters["settlement"];
}>;

/** Every contract of the house and of governance, wired. The deployer is admin until the last step and then holds nothing. */
export const houseModule = (input: HouseInput, governance: GovernanceModule) =>
  buildModule("House", (m) => {
    const { token, timelock, governor } = m.useModule(governance);
    const { deployer } = input;
    const oracleParams = { ...input.oracle, markets: input.oracle.markets.map((market) => ({ ...market })) };
    const config = m.contract("RiskConfig", [timelock, input.margin, oracleParams, input.liquidation]);
    const keepers = m.contract("KeeperRegistry", [
      timelock,
      [...input.keepers.signers],
      input.keepers.faults,
    ]);
    const priceGuard = m.contract("PriceGuard", [config]);
    const oracle = m.contract("RiskOracle", [keepers, config, priceGuard]);
    const scenarios = m.contract("ScenarioStore", [keepers, config]);
    const normalTable = m.contract("NormalCdfTable");
    const marginEngine = m.contract("MarginEngine", [config, oracle, scenarios, normalTable]);

    const vault = m.contract("CollateralVault", [deployer, input.coin.token, input.coin.capUnits]);
    const registry = m.contract("InstrumentRegistry", [deployer, oracle]);
    const house = m.contract("ClearingHouse", [deployer, vault, registry, marginEngine, oracle]);
    const exchange = m.contract("Exchange", [house]);
    const { windowSeconds, minSamples, fallbackSeconds } = input.settlement;
    const settlement = m.contract("Settlement", [house, oracle, windowSeconds, minSamples, fallbackSeconds]);
    const fund = m.contract("InsuranceFund", [input.coin.token, vault, deployer]);
    const liquidation = m.contract("LiquidationEngine", [house, config, fund]);
    const upkeep = m.contract("LiquidationUpkeep", [house, config, liquidation]);
    const guardian = m.contract("Guardian", [house, timelock, input.guardian]);
    const lens = m.contract("MarginLens", [house]);

    const wired = [
      ...input.collateral.map(({ token, market, haircutBps, capUnits }, i) =>
        m.call(vault, "setAsset", [token, market, haircutBps, capUnits, true], { id: `asset_${i}` }),
      ),
      ...(
        [
          [vault, "HOUSE_ROLE", house],
          [house, "EXCHANGE_ROLE", exchange],
          [house, "LIQUIDATION_ROLE", liquidation],
          [house, "SETTLEMENT_ROLE", settlement],
          [house, "GUARDIAN_ROLE", guardian],
          [fund, "LIQUIDATION_ROLE", liquidation],
          [registry, "LISTER_ROLE", input.lister],
        ] as const
      ).map(([target, role, holder]) =>
        m.call(target, "grantRole", [id(role), holder], { id: `${target.contractName}_${role}` }),
      ),
    ];
    for (const target of [vault, house, registry, fund]) {
      const key = target.contractName;
      const handed = m.call(target, "grantRole", [DEFAULT_ADMIN_ROLE, timelock], { id: `hand_over_${key}` });
      const after = [...wired, handed];
      m.call(target, "renounceRole", [DEFAULT_ADMIN_ROLE, deployer], { id: `leave_${key}`, after });
    }
    return {
      token,
      timelock,
      governor,
      config,
      keepers,
      priceGuard,
      oracle,
      scenarios,
      marginEngine,
      vault,
      registry,
      house,
      exchange,
      settlement,
      fund,
      liquidation,
      upkeep,
      guardian,
      lens,
    };
  });
