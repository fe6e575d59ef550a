import { randomInt } from "node:crypto";
import type { NetworkKey } from "../../adapters/keystore/network-key.ts";
import { startLibp2pGossip, type Libp2pGossip } from "../../adapters/libp2p/gossip.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import { createWireCodec } from "../../adapters/wire/codec.ts";
import type { ChainProbe } from "../../ports/chain-probe.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

/** Time between two looks at the registry for other peers. */
const REFRESH_MS = 30_000;
const MAX_SEED = 2 ** 31;

export interface GossipChoice {
  /** This keeper's report key. */
  readonly self: Hex;
  readonly networkKey: NetworkKey;
  /** Multiaddr. */
  readonly listen: string;
  readonly probe: ChainProbe;
  readonly telemetry: Telemetry;
}

/**
 * Connects to the keepers of the registry, and follows the registry until the signal aborts. Messages of the configuration before count too, so
 * that a rotation loses none.
 */
export async function openGossip(choice: GossipChoice, signal: AbortSignal): Promise<Libp2pGossip> {
  const { self, networkKey, listen, probe, telemetry } = choice;
  let digests: readonly Hex[] = [];
  let peersText = "";
  const gossip = await startLibp2pGossip({
    self,
    networkKey,
    listen,
    codec: createWireCodec(() => digests),
    telemetry,
    timer: systemTimer,
    seed: randomInt(MAX_SEED),
  });
  const refresh = async () => {
    const [facts, registered] = await Promise.all([probe.facts(), probe.registeredKeepers()]);
    if (facts.kind === "incomplete") return;
    const { configDigest } = facts.keeperSet;
    if (digests[0] !== configDigest) digests = [configDigest, ...digests.slice(0, 1)];
    const peers = registered.map(({ reportKey, networkKey: key, endpoint }) => ({
      keeper: reportKey,
      networkKey: key,
      endpoint,
    }));
    const text = JSON.stringify(peers);
    if (text === peersText) return;
    await gossip.setPeers(peers);
    peersText = text;
  };
  try {
    await refresh();
  } catch (error) {
    await gossip.stop();
    throw error;
  }
  const follow = async () => {
    while (!signal.aborted) {
      await systemTimer.sleep(REFRESH_MS, signal);
      await refresh().catch((error: unknown) => {
        telemetry.warn("peers-not-refreshed", { reason: String(error) });
      });
    }
  };
  // Ends with the signal, which is no failure.
  follow().catch(() => undefined);
  return gossip;
}
