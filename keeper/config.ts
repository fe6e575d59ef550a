import { readFileSync } from "node:fs";
import { getAddress, isAddress } from "ethers";
import { z } from "zod";
import { describeIssues } from "./schema-issues.ts";

/** Where `ballast` looks for a deployment unless it is told. */
const DEFAULT_DEPLOYMENT_FILE = "out/deployment.json";

/** The environment or a file holds something that cannot be used; the message says what to change. */
export class ConfigError extends Error {
  readonly code = "config";
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConfigError";
    this.advice = advice;
  }
}

const address = z
  .string()
  .refine((text) => isAddress(text), "expected an address: 0x and 40 hexadecimal digits")
  .transform((text) => getAddress(text) as `0x${string}`);

const url = z.url("expected a URL, such as http://127.0.0.1:8545");

const deploymentSchema = z.strictObject({
  format: z.literal("ballast-deployment"),
  version: z.literal(1),
  rpcUrl: url,
  chainId: z.int().min(1),
  /** Name of each market, by its number in the contracts. */
  markets: z.record(z.string().regex(/^[0-9]+$/, "expected a market's number as the key"), z.string().min(1)),
  addresses: z.strictObject({
    clearingHouse: address,
    collateralVault: address,
    instrumentRegistry: address,
    settlement: address,
    exchange: address,
    marginEngine: address,
    marginLens: address,
    accountRiskVerifier: address,
    riskOracle: address,
    keeperRegistry: address,
    keeperStaking: address,
    keeperSlashing: address,
    keeperRewards: address,
    scenarioStore: address,
    riskConfig: address,
    liquidationEngine: address,
    insuranceFund: address,
    governor: address,
  }),
});

/** One deployed house: where its contracts are and which chain they live on. */
export type Deployment = Readonly<z.infer<typeof deploymentSchema>>;
export type ContractAddresses = Deployment["addresses"];

const emptyIsAbsent = (value: unknown) => (value === "" ? undefined : value);
const optionalText = z.preprocess(emptyIsAbsent, z.string().optional());

const environmentSchema = z.object({
  BALLAST_DEPLOYMENT: optionalText,
  BALLAST_RPC_URL: z.preprocess(emptyIsAbsent, url.optional()),
  BALLAST_KEYSTORE: optionalText,
  BALLAST_PASSWORD_FILE: optionalText,
});

/** What the environment says; a command's options come before it. No secret is among it: keys and passwords stay in files. */
export interface Config {
  /** JSON file of addresses. */
  readonly deploymentFile: string;
  /** Used in place of the deployment's own node. */
  readonly rpcUrl: string | null;
  /** Encrypted JSON keystore. */
  readonly keystoreFile: string | null;
  /** File whose first line opens the keystore. */
  readonly passwordFile: string | null;
}

/** @throws ConfigError naming every variable that cannot be used */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const result = environmentSchema.safeParse(environment);
  if (!result.success) {
    throw new ConfigError(
      `the environment cannot be used:\n${describeIssues(result.error, environment)}`,
      "correct or unset the variables named above",
    );
  }
  const { BALLAST_DEPLOYMENT, BALLAST_RPC_URL, BALLAST_KEYSTORE, BALLAST_PASSWORD_FILE } = result.data;
  return {
    deploymentFile: BALLAST_DEPLOYMENT ?? DEFAULT_DEPLOYMENT_FILE,
    rpcUrl: BALLAST_RPC_URL ?? null,
    keystoreFile: BALLAST_KEYSTORE ?? null,
    passwordFile: BALLAST_PASSWORD_FILE ?? null,
  };
}

/** Pino's levels, the quietest last. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const MAX_PORT = 65_535;
export const portSchema = z.coerce.number().int().min(0).max(MAX_PORT);

export const postgresUrlSchema = z.url({
  protocol: /^postgres(?:ql)?$/,
  error: "expected a URL, such as postgres://user@host:5432/database",
});

const keeperEnvironmentSchema = z.object({
  BALLAST_KEEPER_CONFIG: optionalText,
  BALLAST_KEEPER_RPC_URLS: z.preprocess(
    (value) => (typeof value === "string" && value !== "" ? value.split(",") : undefined),
    z.array(url).optional(),
  ),
  BALLAST_KEEPER_POSTGRES_URL: z.preprocess(emptyIsAbsent, postgresUrlSchema.optional()),
  BALLAST_KEEPER_LOG_LEVEL: z.preprocess(emptyIsAbsent, z.enum(LOG_LEVELS).optional()),
  BALLAST_KEEPER_HTTP_HOST: optionalText,
  BALLAST_KEEPER_HTTP_PORT: z.preprocess(emptyIsAbsent, portSchema.optional()),
  BALLAST_PASSWORD_FILE: optionalText,
});

/** What the environment says of a keeper process: each value stands before the one of its file. */
export interface KeeperEnvironment {
  readonly configFile: string | null;
  readonly rpcUrls: readonly string[] | null;
  /** May carry a password: it is never logged. */
  readonly postgresUrl: string | null;
  readonly logLevel: LogLevel | null;
  readonly httpHost: string | null;
  readonly httpPort: number | null;
  readonly passwordFile: string | null;
}

/** @throws ConfigError naming every variable that cannot be used */
export function readKeeperEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): KeeperEnvironment {
  const result = keeperEnvironmentSchema.safeParse(environment);
  if (!result.success) {
    const { BALLAST_KEEPER_POSTGRES_URL, ...shown } = environment;
    const hidden =
      BALLAST_KEEPER_POSTGRES_URL === undefined ? {} : { BALLAST_KEEPER_POSTGRES_URL: "(hidden)" };
    throw new ConfigError(
      `the environment cannot be used:\n${describeIssues(result.error, { ...shown, ...hidden })}`,
      "correct or unset the variables named above",
    );
  }
  const { data } = result;
  return {
    configFile: data.BALLAST_KEEPER_CONFIG ?? null,
    rpcUrls: data.BALLAST_KEEPER_RPC_URLS ?? null,
    postgresUrl: data.BALLAST_KEEPER_POSTGRES_URL ?? null,
    logLevel: data.BALLAST_KEEPER_LOG_LEVEL ?? null,
    httpHost: data.BALLAST_KEEPER_HTTP_HOST ?? null,
    httpPort: data.BALLAST_KEEPER_HTTP_PORT ?? null,
    passwordFile: data.BALLAST_PASSWORD_FILE ?? null,
  };
}

/** @throws ConfigError naming every field that is missing or wrong */
export function parseDeployment(value: unknown, source: string): Deployment {
  const result = deploymentSchema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    `${source} is not a deployment of this version:\n${describeIssues(result.error, value)}`,
    "deploy again, or point --deployment at the right file",
  );
}

/**
 * Reads a file of addresses.
 * @param howToName what to do when there is none
 * @throws ConfigError when it is missing, no JSON or incomplete
 */
export function loadDeployment(
  file: string,
  howToName = "deploy first, or point --deployment (or BALLAST_DEPLOYMENT) at the file of addresses",
): Deployment {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(
      `the deployment file ${file} cannot be read: ${(error as Error).message}`,
      howToName,
      { cause: error },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not JSON`, "deploy again: the file was cut or edited", {
      cause: error,
    });
  }
  return parseDeployment(value, file);
}
