// Every parser of files and messages from outside, fed with hostile bytes. A parser may refuse with its own error; anything else is a fault.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  encryptNetworkKey,
  networkKeyOf,
  publicKeyInFile,
} from "../../keeper/adapters/keystore/network-key.ts";
import { KeystoreError } from "../../keeper/adapters/keystore/keystore-error.ts";
import { readOptionEpisode } from "../../keeper/adapters/replay/option-episode.ts";
import { ReplayFileError } from "../../keeper/adapters/replay/replay-file-error.ts";
import { readSpotEpisode } from "../../keeper/adapters/replay/spot-episode.ts";
import { incomingMessage } from "../../keeper/adapters/venues/deribit/messages.ts";
import { readBookFile } from "../../keeper/cli/book-file.ts";
import { CommandError } from "../../keeper/cli/failure.ts";
import { readSignedOrder } from "../../keeper/cli/order-file.ts";
import { ConfigError, loadDeployment } from "../../keeper/config.ts";
import { loadKeeperConfig } from "../../keeper/keeper-config.ts";
import { deploymentRecord } from "./deployment-record.ts";
import { hostileBytes } from "./hostile-bytes.ts";
import { keeperFile } from "./keeper-file.ts";

/** Something that reads bytes from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** A text that it accepts. */
  readonly real: string;
  /** Throws its own error on what it refuses. */
  readonly read: (bytes: Uint8Array) => void;
  readonly isOwnError: (error: unknown) => boolean;
}

export interface TargetCount {
  readonly name: string;
  readonly refused: number;
  readonly accepted: number;
}

const EPISODES = new URL("../../data/episodes/", import.meta.url);
const SPOT_LINES = 4;
const OPTION_LINES = 2;
const SCRYPT_COST = 2;

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
const BOOK = { positions: [{ instrument: "BTC-27NOV26-80000-C", size: 1 }], collateral: [] };
const NOTIFICATION = {
  jsonrpc: "2.0",
  method: "subscription",
  params: { channel: "deribit_price_index.btc_usd", data: { price: 1 } },
};

/** @param folder for the files that are read; each is written anew for each input */
export async function fuzzTargets(folder: string): Promise<readonly FuzzTarget[]> {
  const ofFile = (
    name: string,
    real: string,
    read: (file: string) => unknown,
    isOwnError: (error: unknown) => boolean,
  ): FuzzTarget => {
    const file = join(folder, name.replaceAll(" ", "-"));
    return {
      name,
      real,
      isOwnError,
      read: (bytes) => {
        writeFileSync(file, bytes);
        read(file);
      },
    };
  };
  const isCommandError = (error: unknown) => error instanceof CommandError;
  const isConfigError = (error: unknown) => error instanceof ConfigError;
  const isReplayError = (error: unknown) => error instanceof ReplayFileError;
  const deployment = { format: "ballast-deployment", version: 1, ...deploymentRecord() };
  const key = await encryptNetworkKey(networkKeyOf(new Uint8Array(32).fill(1)), "password", SCRYPT_COST);
  return [
    ofFile("order file", JSON.stringify(ORDER), readSignedOrder, isCommandError),
    ofFile("book file", JSON.stringify(BOOK), readBookFile, isCommandError),
    ofFile("deployment file", JSON.stringify(deployment), loadDeployment, isConfigError),
    ofFile("keeper file", JSON.stringify(keeperFile()), (file) => loadKeeperConfig(file), isConfigError),
    ofFile("spot replay", linesOf("2020-03.ndjson", SPOT_LINES), readSpotEpisode, isReplayError),
    ofFile("option replay", linesOf("2026-02.ndjson", OPTION_LINES), readOptionEpisode, isReplayError),
    {
      name: "network key file",
      real: key,
      read: (bytes) => publicKeyInFile(new TextDecoder().decode(bytes), "key"),
      isOwnError: (error) => error instanceof KeystoreError,
    },
    {
      name: "venue message",
      real: JSON.stringify(NOTIFICATION),
      read: (bytes) => incomingMessage.parse(JSON.parse(new TextDecoder().decode(bytes))),
      isOwnError: (error) =>
        error instanceof SyntaxError || (error instanceof Error && error.name === "ZodError"),
    },
  ];
}

/** Throws when the parser threw another error than its own, or changed a prototype. */
export function fuzzTarget(
  { name, real, read, isOwnError }: FuzzTarget,
  runs: number,
  seed: number,
): TargetCount {
  let refused = 0;
  const property = fc.property(hostileBytes(fc.constant(real)), (bytes) => {
    try {
      read(bytes);
    } catch (error) {
      if (!isOwnError(error)) throw error;
      refused++;
    }
    if ("polluted" in {}) throw new Error("a prototype was changed");
  });
  read(new TextEncoder().encode(real));
  fc.assert(property, { numRuns: runs, seed, endOnFailure: true });
  return { name, refused, accepted: runs - refused };
}

function linesOf(episode: string, lines: number): string {
  return readFileSync(new URL(episode, EPISODES), "utf8").split("\n").slice(0, lines).join("\n");
}
