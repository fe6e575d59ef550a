import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { id } from "ethers";
import type { DeployParameters } from "../parameter-file.ts";
import type { GovernanceModule } from "./governance.ts";
import type { MeasurementModule } from "./measurement.ts";

const DEFAULT_ADMIN_ROLE = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** Who does what, and what is held: every choice made, addresses only. */
export type HouseInput = Readonly<{
  deployer: string;
  guardian: string;
  lister: string;
  coin: Readonly<{ token: string; capUnits: bigint }>;
  collateral: readonly Readonly<{ token: string; market: number; haircutBps: number; capUnits: bigint }>[];
  settlement: DeployParameters["settlement"];
}>;

/** Every contract of the house and of governance, wired. The deployer is admin until the last step and then holds nothing. */
export const houseModule = (
  input: HouseInput,
  governance: GovernanceModule,
  measurement: MeasurementModule,
) =>
  buildModule("House", (m) => {
    const { deployer } = input;
    const rules = m.useModule(governance);
    const measured = m.useModule(measurement);
    const { config, oracle, marginEngine } = measured;
    const vault = m.contract("CollateralVault", [deployer, input.coin.token, input.coin.capUnits]);
    const registry = m.contract("InstrumentRegistry", [deployer, oracle]);
    const house = m.contract("ClearingHouse", [deployer, vault, registry, marginEngine, oracle]);
    const exchange = m.contract("Exchange", [house]);
    const { windowSeconds, minSamples, fallbackSeconds } = input.settlement;
    const settlement = m.contract("Settlement", [house, oracle, windowSeconds, minSamples, fallbackSeconds]);
    const fund = m.contract("InsuranceFund", [input.coin.token, vault, deployer]);
    const liquidation = m.contract("LiquidationEngine", [house, config, fund]);
    const guardian = m.contract("Guardian", [house, rules.timelock, input.guardian]);

    const roles = [
      [vault, "HOUSE_ROLE", house],
      [house, "EXCHANGE_ROLE", exchange],
      [house, "LIQUIDATION_ROLE", liquidation],
      [house, "SETTLEMENT_ROLE", settlement],
      [house, "GUARDIAN_ROLE", guardian],
      [fund, "LIQUIDATION_ROLE", liquidation],
      [registry, "LISTER_ROLE", input.lister],
    ] as const;
    const wired = [
      ...input.collateral.map(({ token, market, haircutBps, capUnits }, i) =>
        m.call(vault, "setAsset", [token, market, haircutBps, capUnits, true], { id: `asset_${i}` }),
      ),
      ...roles.map(([target, role, holder]) =>
        m.call(target, "grantRole", [id(role), holder], { id: `${target.contractName}_${role}` }),
      ),
    ];
    for (const target of [vault, house, registry, fund]) {
      const handed = m.call(target, "grantRole", [DEFAULT_ADMIN_ROLE, rules.timelock], {
        id: `hand_over_${target.contractName}`,
      });
      m.call(target, "renounceRole", [DEFAULT_ADMIN_ROLE, deployer], {
        id: `leave_${target.contractName}`,
        after: [...wired, handed],
      });
    }
    return {
      ...rules,
      ...measured,
      vault,
      registry,
      house,
      exchange,
      settlement,
      fund,
      liquidation,
      guardian,
    };
  });

export type HouseModule = ReturnType<typeof houseModule>;
