// A network of bytes among keepers of one process: loses, delays, reorders, repeats and partitions by its seed. All that is said passes the
// wire codec, so that what a peer receives is what its bytes mean.
import { createWireCodec, type WireCodec } from "../../keeper/adapters/wire/codec.ts";
import { MAX_MESSAGE_BYTES } from "../../keeper/adapters/wire/wire-bounds.ts";
import { WireError } from "../../keeper/adapters/wire/wire-error.ts";
import type { SeededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { Gossip, GossipHandler, GossipMessage } from "../../keeper/ports/gossip.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface ChaosWeather {
  /** Share of messages that never arrive. */
  loss: number;
  /** Share of messages that arrive twice, the second time much later. */
  repeat: number;
  maxDelayMs: number;
  /** Groups that hear only themselves; empty when all hear all. */
  partition: readonly (readonly Hex[])[];
}

export interface ChaosNetwork {
  weather: ChaosWeather;
  /** Every message that was sent. */
  readonly said: readonly { readonly from: Hex; readonly message: GossipMessage }[];
  /** What was refused on arrival, and what the codec threw beside its own error. */
  readonly counts: { refused: number; readonly strange: string[] };
  readonly codec: WireCodec;
  sendBytes(from: Hex, to: Hex, bytes: Uint8Array): void;
  /** @param isAlive a process that was killed neither speaks nor hears */
  join(self: Hex, isAlive: () => boolean): Gossip;
}

export const CALM: ChaosWeather = { loss: 0, repeat: 0, maxDelayMs: 60, partition: [] };
const MIN_DELAY_MS = 5;
const REPEAT_DELAY_MS = 20_000;
const NOISE_BYTES = 300;
const BYTE_VALUES = 256;

export function chaosNetwork(
  members: readonly Hex[],
  configDigest: Hex,
  time: VirtualTime,
  random: SeededRandom,
): ChaosNetwork {
  const codec = createWireCodec(() => [configDigest]);
  const handlers = new Map<Hex, Set<GossipHandler>>(members.map((member) => [member, new Set()]));
  const said: { from: Hex; message: GossipMessage }[] = [];
  const counts = { refused: 0, strange: [] as string[] };
  const decoded = new WeakMap<Uint8Array, GossipMessage | null>();
  const decode = (bytes: Uint8Array): GossipMessage | null => {
    const known = decoded.get(bytes);
    if (known !== undefined) return known;
    let message: GossipMessage | null = null;
    try {
      message = codec.decode(bytes);
    } catch (error) {
      counts.refused++;
      if (!(error instanceof WireError)) counts.strange.push(String(error));
    }
    decoded.set(bytes, message);
    return message;
  };
  const isCut = (a: Hex, b: Hex) =>
    network.weather.partition.length > 0 &&
    !network.weather.partition.some((group) => group.includes(a) && group.includes(b));
  const sendBytes = (from: Hex, to: Hex, bytes: Uint8Array): void => {
    const deliver = () => {
      if (isCut(from, to)) return;
      const message = decode(bytes);
      if (message !== null) for (const handler of [...(handlers.get(to) ?? [])]) handler(from, message);
    };
    if (from === to) {
      time.after(0, deliver);
      return;
    }
    const { loss, repeat, maxDelayMs } = network.weather;
    const delayMs = () => MIN_DELAY_MS + random.uniform() * (maxDelayMs - MIN_DELAY_MS);
    if (random.uniform() >= loss) time.after(delayMs(), deliver);
    if (random.uniform() < repeat) time.after(REPEAT_DELAY_MS + delayMs(), deliver);
  };
  const network: ChaosNetwork = {
    weather: CALM,
    said,
    counts,
    codec,
    sendBytes,
    join: (self, isAlive) => {
      const speak = (recipients: readonly Hex[], message: GossipMessage) => {
        if (!isAlive()) return;
        said.push({ from: self, message });
        const bytes = codec.encode(message);
        for (const to of recipients) sendBytes(self, to, bytes);
      };
      return {
        self,
        publish: (message) => {
          speak(members, message);
        },
        send: (to, message) => {
          speak([to], message);
        },
        subscribe: (handler) => {
          const guarded: GossipHandler = (from, message) => {
            if (isAlive()) handler(from, message);
          };
          handlers.get(self)?.add(guarded);
          return () => handlers.get(self)?.delete(guarded);
        },
      };
    },
  };
  return network;
}

/** Noise, a real message with bytes turned, or one longer than any message may be. */
export function brokenBytes(real: Uint8Array, random: SeededRandom): Uint8Array {
  const choice = random.index(20);
  if (choice === 0) return new Uint8Array(MAX_MESSAGE_BYTES + 1);
  if (choice < 5) return Uint8Array.from({ length: NOISE_BYTES }, () => random.index(BYTE_VALUES));
  if (choice < 10) return real.slice(0, random.index(real.length));
  const turned = real.slice();
  turned[random.index(turned.length)] = random.index(BYTE_VALUES);
  return turned;
}
