// Stands in the place of the connections' module in an evil keeper's process: the same connections, spoken through by the voice that the process is told.
import * as real from "../../keeper/adapters/libp2p/gossip.ts";
import { seededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { GossipMessage } from "../../keeper/ports/gossip.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import { toldTo } from "../../scripts/network/preload.ts";
import { CONDUCTS, voiceOf } from "./chaos-conducts.ts";
import { twin } from "./evil-signer.ts";

const KEPT_MESSAGES = 2_000;

const given = toldTo(new URL("evil-keeper.ts", import.meta.url).href);
const conduct = CONDUCTS.find((each) => each === given.get("conduct")) ?? null;
const random = seededRandom(Number(given.get("seed")));

export const startLibp2pGossip: typeof real.startLibp2pGossip = async (parts) => {
  const gossip = await real.startLibp2pGossip(parts);
  const said: GossipMessage[] = [];
  const members: Hex[] = [];
  gossip.subscribe((_from, message) => {
    said.push(message);
    if (said.length > KEPT_MESSAGES) said.shift();
  });
  const faulty = {
    members,
    random,
    said: () => said,
    // Bytes that are no message are another program's work: lab-hostile.ts.
    spoil: () => undefined,
    every: (ms: number, act: () => void) => {
      setInterval(act, ms).unref();
    },
  };
  const voice = voiceOf(conduct, gossip, faulty, twin);
  // Everything else of the connections is their own.
  return {
    ...gossip,
    setPeers: (peers) => {
      members.splice(0, members.length, ...peers.map(({ keeper }) => keeper));
      return gossip.setPeers(peers);
    },
    publish: (message) => {
      voice.publish(message);
    },
    send: (to, message) => {
      voice.send(to, message);
    },
  };
};
