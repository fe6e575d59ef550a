import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { multiaddr } from "@multiformats/multiaddr";
import { parseEther } from "ethers";
import { z } from "zod";
import { ConfigError, type KeeperEnvironment, LOG_LEVELS, portSchema, postgresUrlSchema } from "./config.ts";
import { MIN_PRICE_QUORUM } from "./core/prices/combine-prices.ts";
import type { ProtocolParameters } from "./core/protocol/parameters.ts";
import { MARKETS } from "./ports/market-data.ts";
import { VENUES } from "./ports/market-source.ts";
import { protocolSchema } from "./protocol-schema.ts";
import { describeIssues } from "./schema-issues.ts";
import { transactionsSchema } from "./transactions-schema.ts";

const MAX_NAME_CHARS = 32;
const MAX_RPC_URLS = 8;
const MAX_EXPECTED = 2;
const MAX_PATH_CHARS = 4_096;
const DEFAULT_HTTP_HOST = "127.0.0.1";
const DEFAULT_HTTP_PORT = 9_464;
const DEFAULT_MIN_BALANCE_ETH = "0.05";
const DEFAULT_MAX_CLOCK_DRIFT_SECONDS = 30;
const DEFAULT_MAX_DATA_AGE_SECONDS = 120;
const DEFAULT_SOURCE_QUORUM = 3;
const DEFAULT_VENUE_TIMEOUT_MS = 4_000;
const HASH = /^0x[0-9a-f]{64}$/;

const path = z.string().min(1).max(MAX_PATH_CHARS);
const hash = z
  .string()
  .toLowerCase()
  .regex(HASH, "expected 0x and 64 hexadecimal digits")
  .transform((text) => text as `0x${string}`);
const seconds = z.number().positive();
const feedAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "expected an address")
  .transform((text) => text as `0x${string}`);

const keysSchema = z.strictObject({
  report: path,
  transmitter: path,
  network: path,
  passwordFile: path,
});

function isTcpMultiaddr(text: string): boolean {
  try {
    return multiaddr(text).getComponents().at(-1)?.name === "tcp";
  } catch {
    return false;
  }
}

/** What the chain must say before this keeper starts; `ballast keeper doctor` prints the values of now. */
const expectationSchema = z.strictObject({
  /** Each holds the value of now, and while a change is coming also the next. */
  configDigests: z.array(hash).max(MAX_EXPECTED).default([]),
  oracleParamsHashes: z.array(hash).max(MAX_EXPECTED).default([]),
  marginParamsHashes: z.array(hash).max(MAX_EXPECTED).default([]),
});

const storeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sqlite"), file: path }),
  /** The URL comes from a file or from BALLAST_KEEPER_POSTGRES_URL: it carries a password. */
  z.strictObject({ kind: z.literal("postgres"), urlFile: path.optional() }),
]);

const marketDataSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("replay"),
    dataFolder: path,
    episode: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal("venues"),
    /** In the order in which option quotes are preferred. */
    venues: z
      .array(z.enum(VENUES))
      .min(MIN_PRICE_QUORUM, "name at least two: a price that one venue shows alone is never signed")
      .default(["deribit", "okx", "bybit", "binance", "coinbase", "kraken"]),
    /** Accepted prices that an observation needs. */
    quorum: z
      .int()
      .min(MIN_PRICE_QUORUM, "expected 2 or more: a price that one venue shows alone is never signed")
      .default(DEFAULT_SOURCE_QUORUM),
    timeoutMs: z.int().positive().default(DEFAULT_VENUE_TIMEOUT_MS),
    maxAgeSeconds: z.partialRecord(z.enum(VENUES), seconds).default({}),
    /** Mirrors: a WebSocket URL for Deribit, scheme and host for the others. */
    origins: z.partialRecord(z.enum(VENUES), z.url()).default({}),
    /** Chainlink's feeds by market, and of the settlement coin, on the keeper's own chain. */
    feeds: z.partialRecord(z.enum([...MARKETS, "USDC"]), feedAddress).default({}),
    /** The days and hours that all keepers share are in here. */
    dataFolder: path,
    /** Whether a running keeper adds days and hours to them; false where another process does. */
    keepHistory: z.boolean().default(true),
  }),
]);

const fileSchema = z.strictObject({
  format: z.literal("ballast-keeper"),
  version: z.literal(1),
  name: z
    .string()
    .max(MAX_NAME_CHARS)
    .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, "expected lower-case letters, digits and hyphens"),
  deployment: path,
  rpcUrls: z.array(z.url("expected a URL, such as http://127.0.0.1:8545")).min(1).max(MAX_RPC_URLS),
  keys: keysSchema.optional(),
  expect: expectationSchema.prefault({}),
  /** `chain` follows the latest block's time: for replays on a chain whose clock is moved. */
  clock: z.enum(["system", "chain"]).default("system"),
  store: storeSchema,
  marketData: marketDataSchema,
  network: z.strictObject({
    listen: z.string().refine(isTcpMultiaddr, "expected a multiaddr of TCP, such as /ip4/0.0.0.0/tcp/9463"),
  }),
  protocol: protocolSchema,
  transactions: transactionsSchema,
  http: z
    .strictObject({
      host: z.string().min(1).default(DEFAULT_HTTP_HOST),
      port: portSchema.default(DEFAULT_HTTP_PORT),
    })
    .default({ host: DEFAULT_HTTP_HOST, port: DEFAULT_HTTP_PORT }),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default("info") }).default({ level: "info" }),
  limits: z
    .strictObject({
      minBalanceEth: z
        .string()
        .regex(/^[0-9]+(?:\.[0-9]{1,18})?$/, "expected an amount, such as 0.05")
        .default(DEFAULT_MIN_BALANCE_ETH),
      maxClockDriftSeconds: seconds.default(DEFAULT_MAX_CLOCK_DRIFT_SECONDS),
      maxDataAgeSeconds: seconds.default(DEFAULT_MAX_DATA_AGE_SECONDS),
    })
    .prefault({}),
});

type KeeperFile = z.infer<typeof fileSchema>;
export type KeeperFileInput = z.input<typeof fileSchema>;

/** Where the store is; a Postgres URL may carry a password and is never logged. */
export type StoreChoice =
  { readonly kind: "sqlite"; readonly file: string } | { readonly kind: "postgres"; readonly url: string };

/** All that one keeper process is told: paths are absolute, the environment is applied. */
export interface KeeperConfig {
  readonly name: string;
  readonly deploymentFile: string;
  readonly rpcUrls: readonly string[];
  /** Null: only a dry run is possible. */
  readonly keys: Readonly<z.infer<typeof keysSchema>> | null;
  readonly expect: Readonly<z.infer<typeof expectationSchema>>;
  readonly clock: "system" | "chain";
  readonly store: StoreChoice;
  readonly marketData: Readonly<z.infer<typeof marketDataSchema>>;
  readonly listen: string;
  readonly protocol: ProtocolParameters;
  /** What is undefined has the chain's default. */
  readonly transactions: Readonly<z.infer<typeof transactionsSchema>>;
  readonly http: Readonly<{ host: string; port: number }>;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly minBalanceWei: bigint;
  readonly maxClockDriftSeconds: number;
  readonly maxDataAgeSeconds: number;
}

const NO_ENVIRONMENT: KeeperEnvironment = {
  configFile: null,
  rpcUrls: null,
  postgresUrl: null,
  logLevel: null,
  httpHost: null,
  httpPort: null,
  passwordFile: null,
};

/**
 * Reads a keeper's configuration; values of the environment stand before the file's.
 * @throws ConfigError when the file is missing, no JSON or holds a value that cannot be used
 */
export function loadKeeperConfig(
  file: string,
  environment: KeeperEnvironment = NO_ENVIRONMENT,
): KeeperConfig {
  const value = readJson(file);
  const result = fileSchema.safeParse(value);
  if (!result.success) {
    throw new ConfigError(
      `${file} is not a keeper's configuration of this version:\n${describeIssues(result.error, value)}`,
      "correct the fields named above; docs/running-a-keeper.md shows a whole file",
    );
  }
  return resolveConfig(result.data, dirname(resolve(file)), environment);
}

function resolveConfig(given: KeeperFile, folder: string, environment: KeeperEnvironment): KeeperConfig {
  const at = (name: string) => resolve(folder, name);
  const { keys, marketData } = given;
  return {
    name: given.name,
    deploymentFile: at(given.deployment),
    rpcUrls: requireApart(environment.rpcUrls ?? given.rpcUrls),
    keys:
      keys === undefined
        ? null
        : {
            report: at(keys.report),
            transmitter: at(keys.transmitter),
            network: at(keys.network),
            passwordFile: environment.passwordFile ?? at(keys.passwordFile),
          },
    expect: given.expect,
    clock: given.clock,
    store: resolveStore(given.store, at, environment.postgresUrl),
    marketData: { ...marketData, dataFolder: at(marketData.dataFolder) },
    listen: given.network.listen,
    protocol: given.protocol,
    transactions: given.transactions,
    http: { host: environment.httpHost ?? given.http.host, port: environment.httpPort ?? given.http.port },
    logLevel: environment.logLevel ?? given.log.level,
    minBalanceWei: parseEther(given.limits.minBalanceEth),
    maxClockDriftSeconds: given.limits.maxClockDriftSeconds,
    maxDataAgeSeconds: given.limits.maxDataAgeSeconds,
  };
}

/** @throws ConfigError when two nodes have one host and port: they would not be two witnesses */
function requireApart(rpcUrls: readonly string[]): readonly string[] {
  const origins = rpcUrls.map((url) => new URL(url).origin);
  const twice = origins.find((origin, index) => origins.indexOf(origin) !== index);
  if (twice === undefined) return rpcUrls;
  throw new ConfigError(
    `rpcUrls names the node ${twice} twice`,
    "name each host and port once: nodes check each other, and one cannot check itself",
  );
}

function resolveStore(
  store: KeeperFile["store"],
  at: (name: string) => string,
  postgresUrl: string | null,
): StoreChoice {
  if (store.kind === "sqlite") return { kind: "sqlite", file: at(store.file) };
  if (postgresUrl !== null) return { kind: "postgres", url: postgresUrl };
  if (store.urlFile === undefined) {
    throw new ConfigError(
      "the store is Postgres and no URL was given",
      "write the URL into a file and name it with store.urlFile, or set BALLAST_KEEPER_POSTGRES_URL",
    );
  }
  const file = at(store.urlFile);
  const [url = ""] = readText(file, "write the URL of the database into its first line").split("\n");
  if (!postgresUrlSchema.safeParse(url.trim()).success) {
    throw new ConfigError(
      `the first line of ${file} is no URL of a Postgres database`,
      "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    );
  }
  return { kind: "postgres", url: url.trim() };
}

function readJson(file: string): unknown {
  const text = readText(file, "name the keeper's file with --config (or BALLAST_KEEPER_CONFIG)");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is not JSON`, `correct it: ${(error as Error).message}`, { cause: error });
  }
}

function readText(file: string, advice: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`${file} cannot be read`, advice, { cause: error });
  }
}
