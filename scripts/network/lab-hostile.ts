// A keeper of the network that was taken over, started in the place of `ballast keeper start` with the same configuration: it repeats what it hears in its own
// name, turns bits, sends noise far beyond the rate, and announces frames larger than any message. It signs nothing and reports nothing.
import { parseArgs } from "node:util";
import { multiaddr } from "@multiformats/multiaddr";
import { createNode } from "../../keeper/adapters/libp2p/create-node.ts";
import { frameOf } from "../../keeper/adapters/libp2p/frames.ts";
import type { Libp2pStream } from "../../keeper/adapters/libp2p/libp2p-types.ts";
import { PROTOCOL } from "../../keeper/adapters/libp2p/peer-set.ts";
import { createPinoTelemetry } from "../../keeper/adapters/telemetry/pino-telemetry.ts";
import { peerIdOf } from "../../keeper/adapters/keystore/network-key.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { MAX_MESSAGE_BYTES } from "../../keeper/adapters/wire/wire-bounds.ts";
import { openChain } from "../../keeper/cli/keeper/open-chain.ts";
import { openKeys } from "../../keeper/cli/keeper/open-keys.ts";
import { seededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import { loadKeeperConfig } from "../../keeper/keeper-config.ts";

const PAUSE_MS = 2;
const SEED = 1;
const NOISE_BYTES = 2_000;
const BYTE_VALUES = 256;
const KEPT_CHUNKS = 64;
/** One frame in so many is announced longer than any message, which costs the stream. */
const OVERSIZED_EVERY = 400;

const { values } = parseArgs({
  options: { config: { type: "string", default: "keeper.json" } },
  allowPositionals: true,
});
const config = loadKeeperConfig(values.config);
const keys = await openKeys(config);
const telemetry = createPinoTelemetry({ name: config.name, level: config.logLevel });
const { probe, provider } = await openChain(config, telemetry);
const victims = (await probe.registeredKeepers()).filter(
  ({ networkKey }) => networkKey !== keys.network.publicKey,
);
const random = seededRandom(SEED);
const never = new AbortController().signal;
const heard: Uint8Array[] = [];

const node = await createNode({
  seed: keys.network.seed,
  listen: config.listen,
  isKnown: () => true,
  refused: () => undefined,
});
await node.handle(PROTOCOL, (stream) => {
  stream.addEventListener("message", ({ data }) => {
    heard.push(data.subarray().slice());
    if (heard.length > KEPT_CHUNKS) heard.shift();
  });
});
await node.start();

function hostileBytes(): Uint8Array {
  const old = heard[random.index(Math.max(1, heard.length))];
  const choice = random.index(OVERSIZED_EVERY);
  if (choice === 0) return frameOf(new Uint8Array(MAX_MESSAGE_BYTES + 1)).subarray(0, NOISE_BYTES);
  if (old === undefined || choice % 3 === 0)
    return frameOf(Uint8Array.from({ length: NOISE_BYTES }, () => random.index(BYTE_VALUES)));
  if (choice % 3 === 1) return old;
  const flipped = old.slice();
  flipped[random.index(flipped.length)] = random.index(BYTE_VALUES);
  return flipped;
}

async function attack({ endpoint, networkKey }: (typeof victims)[number]): Promise<never> {
  const address = multiaddr(`${endpoint}/p2p/${peerIdOf(networkKey)}`);
  let stream: Libp2pStream | null = null;
  for (;;) {
    try {
      stream ??= await node.dialProtocol(address, PROTOCOL);
      if (!stream.send(hostileBytes())) await stream.onDrain();
    } catch {
      stream = null;
    }
    if (stream?.status !== "open") stream = null;
    await systemTimer.sleep(PAUSE_MS, never);
  }
}

process.once("SIGTERM", () => process.exit(0));
telemetry.info("keeper-started", { mode: "hostile", url: null });
provider.destroy();
await Promise.all(victims.map(attack));
