import { randomInt } from "node:crypto";
import type { NetworkKey } from "../../adapters/keystore/network-key.ts";
import { startLibp2pGossip, type Libp2pGossip } from "../../adapters/libp2p/gossip.ts";
import { createWireCodec } from "../../adapters/wire/codec.ts";
import { messageLimits } from "../../adapters/wire/message-limits.ts";
import type { ProtocolParameters } from "../../core/protocol/parameters.ts";
import type { ChainProbe, Registration } from "../../ports/chain-probe.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import { listenFailure } from "./listen-failure.ts";

/** Nobody, not the chain either, makes a keeper read the registry more often than once in so long. */
const MIN_LOOK_INTERVAL_MS = 10_000;
const MAX_SEED = 2 ** 31;

export interface GossipChoice {
  /** This keeper's report key. */
  readonly self: Hex;
  readonly networkKey: NetworkKey;
  /** Multiaddr. */
  readonly listen: string;
  readonly probe: Pick<ChainProbe, "registration">;
  /** Tells when a replaced configuration ceases to count. */
  readonly clock: Clock;
  readonly timer: Timer;
  readonly parameters: ProtocolParameters;
  readonly telemetry: Telemetry;
}

/** Gossip among the keepers of the registry. */
export interface RegisteredGossip {
  readonly gossip: Libp2pGossip;
  /** The chain names this configuration: when it is not the known one, the registry is read again. */
  readonly sawDigest: (configDigest: Hex) => void;
}

/**
 * Connects to the keepers of the registry. The registry is read again when the chain or a peer names another configuration: each of them is
 * a reason once in a while, so that no peer can make a keeper hammer its nodes. Messages of the configuration before count as long as the
 * registry counts it, so that a rotation loses none. Follows nothing any more once the signal aborts.
 * @throws the probe's error when the registry cannot be read now
 */
export async function openGossip(choice: GossipChoice, signal: AbortSignal): Promise<RegisteredGossip> {
  const { self, networkKey, listen, probe, clock, timer, telemetry } = choice;
  let known = await probe.registration();
  const gossip = await startLibp2pGossip({
    self,
    networkKey,
    listen,
    codec: createWireCodec(() => countingDigests(known, clock)),
    telemetry,
    timer,
    seed: randomInt(MAX_SEED),
    limits: (keepers) => messageLimits(keepers, choice.parameters),
    unknownDigest: (peer) => {
      look(peer);
    },
  }).catch((error: unknown) => {
    throw listenFailure(
      { what: "this keeper's peer-to-peer side", where: listen, field: "network.listen" },
      error,
    );
  });
  const lookedAtMs = new Map<string, number>();
  let last = gossip.setPeers(peersOf(known));
  const read = async (): Promise<void> => {
    const next = await probe.registration();
    const hasChanged = next.configDigest !== known.configDigest;
    known = next;
    if (!hasChanged || signal.aborted) return;
    telemetry.info("peers-changed", { configDigest: next.configDigest });
    await gossip.setPeers(peersOf(next));
  };
  const look = (cause: string): void => {
    const nowMs = timer.nowMs();
    if (nowMs - (lookedAtMs.get(cause) ?? Number.NEGATIVE_INFINITY) < MIN_LOOK_INTERVAL_MS) return;
    lookedAtMs.set(cause, nowMs);
    last = last.then(read).catch((error: unknown) => {
      telemetry.warn("peers-not-refreshed", { reason: String(error) });
    });
  };
  await last;
  return {
    gossip,
    sawDigest: (configDigest) => {
      if (configDigest !== known.configDigest) look("chain");
    },
  };
}

/** Configurations whose messages count, the one in force first. */
function countingDigests({ configDigest, previous }: Registration, clock: Clock): readonly Hex[] {
  return previous !== null && clock.nowSeconds() <= previous.countsUntilSeconds
    ? [configDigest, previous.configDigest]
    : [configDigest];
}

function peersOf({ keepers }: Registration) {
  return keepers.map(({ reportKey, networkKey, endpoint }) => ({ keeper: reportKey, networkKey, endpoint }));
}
