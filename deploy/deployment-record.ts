import type { DeploymentRecord } from "../keeper/cli/deployment-file.ts";
import type { Ballast } from "./deploy.ts";
import type { DeployParameters } from "./parameter-file.ts";

/** What the command line needs to know of a deployed house; keeper/cli/deployment-file.ts writes it. */
export const deploymentRecord = async (
  ballast: Ballast,
  { chainId, markets }: Pick<DeployParameters, "chainId" | "markets">,
  rpcUrl: string,
): Promise<DeploymentRecord> => ({
  rpcUrl,
  chainId,
  markets,
  addresses: {
    clearingHouse: await ballast.house.getAddress(),
    collateralVault: await ballast.vault.getAddress(),
    instrumentRegistry: await ballast.registry.getAddress(),
    settlement: await ballast.settlement.getAddress(),
    exchange: await ballast.exchange.getAddress(),
    marginEngine: await ballast.marginEngine.getAddress(),
    marginLens: await ballast.lens.getAddress(),
    accountRiskVerifier: await ballast.accountRisk.getAddress(),
    riskOracle: await ballast.oracle.getAddress(),
    keeperRegistry: await ballast.keepers.getAddress(),
    keeperStaking: await ballast.staking.getAddress(),
    keeperSlashing: await ballast.slashing.getAddress(),
    keeperRewards: await ballast.rewards.getAddress(),
    scenarioStore: await ballast.scenarios.getAddress(),
    riskConfig: await ballast.config.getAddress(),
    liquidationEngine: await ballast.liquidation.getAddress(),
    insuranceFund: await ballast.fund.getAddress(),
    governor: await ballast.governor.getAddress(),
  },
});
