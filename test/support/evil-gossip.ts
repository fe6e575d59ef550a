// Stands in the place of the opening of gossip in an evil keeper's process: the same connections, spoken through by the voice that this module's address names.
import * as real from "../../keeper/cli/keeper/open-gossip.ts";
import { seededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { GossipMessage } from "../../keeper/ports/gossip.ts";
import { CONDUCTS, voiceOf } from "./chaos-conducts.ts";
import { twin } from "./evil-signer.ts";

const KEPT_MESSAGES = 2_000;

const given = new URL(import.meta.url).searchParams;
const conduct = CONDUCTS.find((each) => each === given.get("conduct")) ?? null;
const random = seededRandom(Number(given.get("seed")));

export const openGossip: typeof real.openGossip = async (choice, signal) => {
  const gossip = await real.openGossip(choice, signal);
  const said: GossipMessage[] = [];
  gossip.subscribe((_from, message) => {
    said.push(message);
    if (said.length > KEPT_MESSAGES) said.shift();
  });
  const peers = await choice.probe.registeredKeepers();
  const voice = voiceOf(
    conduct,
    gossip,
    {
      members: peers.map(({ reportKey }) => reportKey),
      random,
      said: () => said,
      // Bytes that are no message are another program's work: lab-hostile.ts.
      spoil: () => undefined,
      every: (ms, act) => {
        const timer = setInterval(act, ms);
        signal.addEventListener("abort", () => {
          clearInterval(timer);
        });
      },
    },
    twin,
  );
  // Everything else of the connections is their own.
  return {
    ...gossip,
    publish: (message) => {
      voice.publish(message);
    },
    send: (to, message) => {
      voice.send(to, message);
    },
  };
};
