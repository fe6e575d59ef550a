// What others send over the network and no keeper signs: nodes' answers, venues' answers, entries of the registry, frames, other keepers' statuses.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FrameError, createFrameReader, frameOf } from "../../keeper/adapters/libp2p/frames.ts";
import { knownPeers, type KeeperPeer } from "../../keeper/adapters/libp2p/peer-book.ts";
import { createRpcEndpoint, EndpointFailure } from "../../keeper/adapters/ethers/rpc-endpoint.ts";
import { parseHeaderOrNull, parseReceiptOrNull } from "../../keeper/adapters/ethers/rpc-schema.ts";
import { readBybit } from "../../keeper/adapters/venues/ccxt/bybit.ts";
import { readOkx } from "../../keeper/adapters/venues/ccxt/okx.ts";
import { krakenTop, spotSnapshot } from "../../keeper/adapters/venues/ccxt/spot.ts";
import { incomingMessage } from "../../keeper/adapters/venues/deribit/messages.ts";
import { readSnapshot } from "../../keeper/adapters/venues/deribit/snapshot.ts";
import { createFirstSeen } from "../../keeper/adapters/venues/first-seen.ts";
import { createNotices } from "../../keeper/adapters/venues/notices.ts";
import { readBars, readIndexPage } from "../../keeper/adapters/venues/record-source.ts";
import { MAX_MESSAGE_BYTES } from "../../keeper/adapters/wire/wire-bounds.ts";
import type { MarketSnapshot } from "../../keeper/ports/market-data.ts";
import { VenueError } from "../../keeper/ports/market-source.ts";
import { readStatuses, statusLines } from "../../keeper/cli/keeper/read-statuses.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import bybit from "../vectors/venues/bybit.json" with { type: "json" };
import deribit from "../vectors/venues/deribit.json" with { type: "json" };
import okx from "../vectors/venues/okx.json" with { type: "json" };
import spot from "../vectors/venues/spot.json" with { type: "json" };
import { recordingTelemetry } from "./keeper-doubles.ts";
import { keeperEntries } from "./keeper-entries.ts";
import { keeperStatus } from "./keeper-status.ts";
import type { FuzzTarget } from "./parser-fuzz.ts";

/** The value was read, and is none. */
class NothingRead extends Error {}

const isVenueError = (error: unknown) => error instanceof VenueError;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const TIMEOUT_MS = 10_000;
const HASH = `0x${"ab".repeat(32)}`;

/** Readers of an answer that is JSON; text that is none is not theirs to refuse. */
function ofJson(
  name: string,
  real: unknown,
  read: (value: unknown) => unknown,
  isOwnError: (error: unknown) => boolean = isVenueError,
): FuzzTarget {
  return {
    name,
    real: [JSON.stringify(real)],
    read: (bytes) => read(JSON.parse(textOf(bytes))),
    isOwnError: (error) => error instanceof SyntaxError || isOwnError(error),
  };
}

/** Each of the venues' readers, with what a snapshot must be whatever it was read from. */
function venueTargets(): readonly FuzzTarget[] {
  const notices = createNotices("fuzz", { ...recordingTelemetry(), warn: () => undefined });
  const okxAnswers = {
    index: okx.indexTickers,
    quotes: okx.tickers,
    vols: okx.summaries,
    opened: okx.openInterests,
  };
  const spotAt = { usd: 60_000, atSeconds: deribit.observedAtSeconds };
  const parts = (value: unknown) => ({ spot: spotAt, depthUsd: null, summaries: value });
  const isRefusal = (error: unknown) => error instanceof Error && error.name === "ZodError";
  return [
    ofJson("okx answers", okxAnswers, (value) => {
      assertSound(readOkx("BTC", { ...okxAnswers, ...(value as object) }, notices));
    }),
    ofJson("bybit answer", bybit.tickers, (value) => {
      assertSound(readBybit("BTC", value, createFirstSeen(), notices));
    }),
    ofJson(
      "top of book",
      { timestamp: 1_770_000_000_000, bid: 1, ask: 1.01, bidVolume: 2, askVolume: null },
      (value) => {
        assertSound(spotSnapshot("binance", "BTC", value));
      },
    ),
    ofJson("kraken book", spot.kraken, (value) => {
      assertSound(spotSnapshot("kraken", "BTC", krakenTop("XXBTZUSD", value)));
    }),
    ofJson("deribit summaries", deribit.bookSummaries, (value) => {
      assertSound(readSnapshot("BTC", parts(value), notices));
    }),
    ofJson("deribit message", deribit.indexNotification, (value) => incomingMessage.parse(value), isRefusal),
    ofJson("hourly bars", [[1_770_001_200_000, "1.5", "2", "1", "1.7", "12.5"]], readBars),
    ofJson("index hours", { data: [[1_770_001_200_000, 50, 51, 49, 50]], continuation: null }, readIndexPage),
  ];
}

/** Throws when a snapshot is not what its port promises. */
function assertSound({ spotUsd, expiries, openInterestUsd, depthUsd }: MarketSnapshot): void {
  const isSize = (value: number | null) => value === null || (Number.isFinite(value) && value >= 0);
  if (!(Number.isFinite(spotUsd) && spotUsd > 0)) throw new Error(`a spot of ${spotUsd}`);
  if (!isSize(openInterestUsd) || !isSize(depthUsd))
    throw new Error(`open interest ${openInterestUsd}, depth ${depthUsd}`);
  let before = 0;
  for (const { expirySeconds, forwardUsd, quotes } of expiries) {
    if (!(expirySeconds > before)) throw new Error(`expiry ${expirySeconds} after ${before}`);
    before = expirySeconds;
    if (!isSize(forwardUsd)) throw new Error(`a forward of ${forwardUsd}`);
    for (const { strikeUsd, bidUsd, askUsd, venueVol, openInterest } of quotes)
      if (![strikeUsd, bidUsd, askUsd, venueVol, openInterest].every(isSize))
        throw new Error(`the quote ${strikeUsd} ${bidUsd} ${askUsd} ${venueVol} ${openInterest}`);
  }
}

function frameTarget(): FuzzTarget {
  const frames = [frameOf(new Uint8Array([1, 2, 3])), frameOf(new Uint8Array(40))];
  return {
    name: "frames",
    real: [Buffer.concat(frames).toString("latin1")],
    read: (bytes) => {
      let held = 0;
      for (const frame of createFrameReader(MAX_MESSAGE_BYTES).push(bytes)) {
        if (frame.length === 0 || frame.length > MAX_MESSAGE_BYTES)
          throw new Error(`a frame of ${frame.length} bytes`);
        held += frame.length;
      }
      if (held > bytes.length) throw new Error("more bytes than came");
      if (held === 0) throw new NothingRead("no whole frame");
    },
    isOwnError: (error) => error instanceof FrameError || error instanceof NothingRead,
  };
}

/** An entry whose author wrote the endpoint: it costs no other entry its place. */
function registryTarget(): FuzzTarget {
  const entries = keeperEntries(["a1", "b2"].map((digits) => `0x${digits.repeat(20)}`));
  const [first, second] = entries.map(({ reportKey, networkKey, endpoint }) => ({
    keeper: asHex(reportKey),
    networkKey: asHex(networkKey),
    endpoint,
  })) as [KeeperPeer, KeeperPeer];
  const self = { keeper: asHex(`0x${"ee".repeat(20)}`), peerId: "" };
  return {
    name: "registry endpoint",
    real: [second.endpoint],
    read: (bytes) => {
      const known = knownPeers([first, { ...second, endpoint: textOf(bytes) }], self, () => undefined);
      if (known[0]?.keeper !== first.keeper) throw new Error("the other entry is gone");
      if (known.length < 2) throw new NothingRead("the entry is left out");
    },
    isOwnError: (error) => error instanceof NothingRead,
  };
}

interface OpenTargets {
  readonly targets: readonly FuzzTarget[];
  readonly close: () => Promise<void>;
}

/** Answers of a node, through real sockets. */
async function nodeTargets(): Promise<OpenTargets> {
  let answer: Uint8Array = new Uint8Array();
  const server = createServer((_, response) => response.end(answer));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const endpoint = createRpcEndpoint(url, TIMEOUT_MS);
  const ofMethod = (method: string, result: unknown, parse: (value: unknown) => unknown): FuzzTarget => ({
    name: method,
    real: [JSON.stringify({ jsonrpc: "2.0", id: 1, result })],
    read: async (bytes) => {
      answer = bytes;
      await endpoint.call(method, [], parse);
    },
    isOwnError: (error) => error instanceof EndpointFailure,
  });
  const block = { number: "0x10", hash: HASH, timestamp: "0x6976", baseFeePerGas: "0x7" };
  const log = { address: `0x${"11".repeat(20)}`, topics: [HASH], data: "0x" };
  const receipt = {
    transactionHash: HASH,
    blockNumber: "0x10",
    blockHash: HASH,
    status: "0x1",
    gasUsed: "0x5208",
  };
  const status: FuzzTarget = {
    name: "keeper status",
    real: [
      JSON.stringify(keeperStatus(), (_key, field: unknown) =>
        typeof field === "bigint" ? field.toString() : field,
      ),
    ],
    read: async (bytes) => {
      answer = bytes;
      const [read] = await readStatuses([url]);
      if (read === undefined || read.status === null) throw new NothingRead("no status");
      statusLines([read]);
    },
    isOwnError: (error) => error instanceof NothingRead,
  };
  return {
    targets: [
      status,
      ofMethod("eth_getBlockByNumber", block, parseHeaderOrNull),
      ofMethod("eth_getTransactionReceipt", { ...receipt, logs: [log] }, parseReceiptOrNull),
    ],
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** All of them; `close` ends the node's server. */
export async function networkTargets(): Promise<OpenTargets> {
  const node = await nodeTargets();
  return {
    targets: [...venueTargets(), frameTarget(), registryTarget(), ...node.targets],
    close: node.close,
  };
}
