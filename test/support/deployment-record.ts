import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getAddress, toBeHex } from "ethers";
import type { DeploymentRecord } from "../../keeper/cli/deployment-file.ts";

const ADDRESS_BYTES = 20;
const NAMES = [
  "clearingHouse",
  "collateralVault",
  "instrumentRegistry",
  "settlement",
  "exchange",
  "marginEngine",
  "marginLens",
  "accountRiskVerifier",
  "riskOracle",
  "keeperRegistry",
  "keeperStaking",
  "keeperSlashing",
  "keeperRewards",
  "scenarioStore",
  "riskConfig",
  "liquidationEngine",
  "insuranceFund",
  "governor",
] as const satisfies readonly (keyof DeploymentRecord["addresses"])[];

/** A complete deployment at made-up addresses. */
export function deploymentRecord(rpcUrl = "http://127.0.0.1:8545"): DeploymentRecord {
  const addresses = Object.fromEntries(
    NAMES.map((name, index) => [name, getAddress(toBeHex(index + 1, ADDRESS_BYTES))]),
  ) as DeploymentRecord["addresses"];
  return { rpcUrl, chainId: 31_337, markets: { "1": "BTC", "2": "ETH" }, addresses };
}

/** Runs with a folder of its own, which is gone afterwards. */
export function inTemporaryFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "ballast-"));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
