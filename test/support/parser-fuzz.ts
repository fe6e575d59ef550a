// Every parser of files from outside, fed with hostile bytes. A parser may refuse with its own error; anything else is a fault.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encryptKeystoreJson, Wallet } from "ethers";
import fc from "fast-check";
import { findReports } from "../../keeper/adapters/ethers/find-reports.ts";
import {
  encryptNetworkKey,
  networkKeyOf,
  publicKeyInFile,
} from "../../keeper/adapters/keystore/network-key.ts";
import { summarise } from "../../keeper/adapters/keystore/key-folder.ts";
import { readEquivocations, writeEquivocations } from "../../keeper/adapters/equivocation-text.ts";
import { readSignedReport, writeSignedReport } from "../../keeper/adapters/signed-report-text.ts";
import {
  readOutcome,
  readTransaction,
  writeTransactionText,
} from "../../keeper/adapters/transaction-text.ts";
import { KeystoreError } from "../../keeper/adapters/keystore/keystore-error.ts";
import { DAILY_HISTORY_FILE, loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { HOURLY_HISTORY_FILE, loadHours } from "../../keeper/adapters/replay/hourly-history.ts";
import { createHistoryStore } from "../../keeper/adapters/replay/history-store.ts";
import { readOptionEpisode } from "../../keeper/adapters/replay/option-episode.ts";
import { ReplayFileError } from "../../keeper/adapters/replay/replay-file-error.ts";
import { readSpotEpisode } from "../../keeper/adapters/replay/spot-episode.ts";
import { readBookFile } from "../../keeper/cli/book-file.ts";
import { CommandError } from "../../keeper/cli/failure.ts";
import { readSignedOrder } from "../../keeper/cli/order-file.ts";
import { ConfigError, loadDeployment } from "../../keeper/config.ts";
import type { TransactionRecord } from "../../keeper/ports/transaction-log.ts";
import { loadKeeperConfig } from "../../keeper/keeper-config.ts";
import { deploymentRecord } from "./deployment-record.ts";
import { hostileBytes } from "./hostile-bytes.ts";
import { ORACLE_DOMAIN } from "./keeper-doubles.ts";
import { keeperFile } from "./keeper-file.ts";
import {
  reportOfRound,
  signatureOf,
  SIGNING_KEEPERS,
  signingConfigurations,
  submitCall,
} from "./signed-calls.ts";
import { signedReport } from "./signed-reports.ts";
import { request } from "./transaction-doubles.ts";
import { HOUR, jointHourOf } from "./venue-hours.ts";
import { ALICE, signedHeadOf } from "./watched-chain.ts";

/** Something that reads bytes from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** Texts that it accepts. */
  readonly real: readonly [string, ...string[]];
  /** Throws its own error on what it refuses, or rejects with it. */
  readonly read: (bytes: Uint8Array) => unknown;
  readonly isOwnError: (error: unknown) => boolean;
}

export interface TargetCount {
  readonly name: string;
  readonly refused: number;
  readonly accepted: number;
}

const EPISODES = new URL("../../data/episodes/", import.meta.url);
const SPOT_LINES = 4;
const DAILY_LINES = 4;
const OPTION_LINES = 2;
const FIRST_HOUR = 1_770_001_200;
const SCRYPT_COST = 2;
const ACCOUNT_KEY = `0x${"01".repeat(32)}`;

const ORDER = {
  format: "ballast-order",
  version: 1,
  name: "BTC-PERP",
  order: {
    account: "1",
    instrument: "2",
    sizeE8: "-3",
    limitPriceE8: "4",
    counterparty: "0",
    reduceOnly: false,
    nonce: "5",
    deadline: 1_800_000_000,
  },
  signer: "0x1111111111111111111111111111111111111111",
  signature: "0x1234",
};
const ACCOUNT = { address: new Wallet(ACCOUNT_KEY).address, privateKey: ACCOUNT_KEY };
const TRANSACTION: TransactionRecord = {
  ...request(1),
  chainId: 31_337n,
  from: "0x1111111111111111111111111111111111111111",
  nonce: 3,
  gasLimit: 100_000n,
  attempts: [
    {
      kind: "effect",
      hash: "0x22",
      raw: "0x33",
      fees: { maxFeePerGasWei: 2n, maxPriorityFeePerGasWei: 1n },
    },
  ],
};
const PROOF = { signer: ALICE, first: signedHeadOf(ALICE, "01"), second: signedHeadOf(ALICE, "02") };
const BOOK = { positions: [{ instrument: "BTC-27NOV26-80000-C", size: 1 }], collateral: [] };

/** What is kept or shown as text. */
function ofText(name: string, real: string, read: (text: string) => unknown): FuzzTarget {
  return {
    name,
    real: [real],
    read: (bytes) => read(new TextDecoder().decode(bytes)),
    isOwnError: (error) =>
      error instanceof SyntaxError || (error instanceof Error && error.name === "ZodError"),
  };
}

class NothingFound extends Error {}

/** Data of transactions, as a watchtower looks through them; whatever they are, it throws nothing. */
function callTarget(): FuzzTarget {
  const report = reportOfRound();
  const configurations = signingConfigurations();
  const signatures = SIGNING_KEEPERS.slice(0, 2).map((keeper) => signatureOf(report, keeper));
  return {
    name: "call data",
    real: [submitCall(report, signatures).slice("0x".length)],
    read: (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      const digits = /^(?:[0-9a-f]{2})+$/.test(text) ? text : Buffer.from(bytes).toString("hex");
      const { found } = findReports(`0x${digits}`, configurations, ORACLE_DOMAIN);
      if (found.length === 0) throw new NothingFound("no report");
    },
    isOwnError: (error) => error instanceof NothingFound,
  };
}

/** What a watchtower reads of the chain and of keepers. */
export const watchTargets = (): readonly FuzzTarget[] => [
  callTarget(),
  ofText("shown proofs", writeEquivocations([PROOF]), readEquivocations),
];

/**
 * What operators and traders write themselves.
 * @param folder for the files that are read; each is written anew for each input
 */
export async function fileTargets(folder: string): Promise<readonly FuzzTarget[]> {
  const ofFile = (
    name: string,
    real: string,
    read: (file: string) => unknown,
    isOwnError: (error: unknown) => boolean,
  ): FuzzTarget => {
    const file = join(folder, name.replaceAll(" ", "-"));
    mkdirSync(dirname(file), { recursive: true });
    return {
      name,
      real: [real],
      isOwnError,
      read: (bytes) => {
        writeFileSync(file, bytes);
        return read(file);
      },
    };
  };
  const isCommandError = (error: unknown) => error instanceof CommandError;
  const isConfigError = (error: unknown) => error instanceof ConfigError;
  const isKeystoreError = (error: unknown) => error instanceof KeystoreError;
  const isReplayError = (error: unknown) => error instanceof ReplayFileError;
  const deployment = { format: "ballast-deployment", version: 1, ...deploymentRecord() };
  const account = await encryptKeystoreJson(ACCOUNT, "password", { scrypt: { N: SCRYPT_COST } });
  const key = await encryptNetworkKey(networkKeyOf(new Uint8Array(32).fill(1)), "password", SCRYPT_COST);
  return [
    ofFile("order file", JSON.stringify(ORDER), readSignedOrder, isCommandError),
    ofFile("book file", JSON.stringify(BOOK), readBookFile, isCommandError),
    ofFile("deployment file", JSON.stringify(deployment), loadDeployment, isConfigError),
    ofFile("keeper file", JSON.stringify(keeperFile()), (file) => loadKeeperConfig(file), isConfigError),
    ofFile("spot replay", linesOf("2020-03.ndjson", SPOT_LINES), readSpotEpisode, isReplayError),
    ofFile(
      DAILY_HISTORY_FILE,
      linesOf("../history/daily.ndjson", DAILY_LINES),
      () => loadDailyHistory(folder),
      isReplayError,
    ),
    ofFile(HOURLY_HISTORY_FILE, hourlyFile(folder), () => loadHours(folder), isReplayError),
    ofFile("option replay", linesOf("2026-02.ndjson", OPTION_LINES), readOptionEpisode, isReplayError),
    ofFile("account key file", account, (file) => summarise("report", file), isKeystoreError),
    {
      name: "network key file",
      real: [key],
      read: (bytes) => publicKeyInFile(new TextDecoder().decode(bytes), "key"),
      isOwnError: isKeystoreError,
    },
    ofText("stored report", writeSignedReport(signedReport(1n, 1)), readSignedReport),
    ofText("stored transaction", writeTransactionText(TRANSACTION), readTransaction),
    ofText("stored outcome", writeTransactionText({ kind: "superseded" }), readOutcome),
  ];
}

/** Fails when the parser threw another error than its own, or changed a prototype. */
export async function fuzzTarget(
  { name, real, read, isOwnError }: FuzzTarget,
  runs: number,
  seed: number,
): Promise<TargetCount> {
  let refused = 0;
  const property = fc.asyncProperty(hostileBytes(fc.constantFrom(...real)), async (bytes) => {
    try {
      await read(bytes);
    } catch (error) {
      if (!isOwnError(error)) throw error;
      refused++;
    }
    if ("polluted" in {}) throw new Error("a prototype was changed");
  });
  for (const text of real) await read(new TextEncoder().encode(text));
  await fc.assert(property, { numRuns: runs, seed, endOnFailure: true });
  return { name, refused, accepted: runs - refused };
}

/** A file as a keeper writes it. */
function hourlyFile(folder: string): string {
  createHistoryStore(folder).append([jointHourOf(FIRST_HOUR), jointHourOf(FIRST_HOUR + HOUR)], []);
  return readFileSync(join(folder, HOURLY_HISTORY_FILE), "utf8");
}

function linesOf(episode: string, lines: number): string {
  return readFileSync(new URL(episode, EPISODES), "utf8").split("\n").slice(0, lines).join("\n");
}
