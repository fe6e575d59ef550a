import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseDeployment, type Deployment } from "../config.ts";

const INDENT = 2;

/** What a deployer knows; the rest of the file is its format. */
export interface DeploymentRecord {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Name of each market, by its number in the contracts. */
  readonly markets: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<keyof Deployment["addresses"], string>>;
}

/**
 * Writes the file of addresses that `ballast` reads, by default out/deployment.json.
 * @throws ConfigError when the record is incomplete
 */
export function writeDeploymentFile(file: string, record: DeploymentRecord): Deployment {
  const deployment = parseDeployment({ format: "ballast-deployment", version: 1, ...record }, file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(deployment, null, INDENT)}\n`);
  return deployment;
}
