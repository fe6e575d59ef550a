// How a faulty keeper behaves under chaos: each conduct is a voice put between a keeper and the network, or a flaw of its clock or node.
import { Signature, toBeHex } from "ethers";
import { MAX_UINT16, MAX_UINT32 } from "../../keeper/adapters/wire/wire-bounds.ts";
import { NO_ACCOUNT_ROOT } from "../../keeper/core/report/account-root.ts";
import type { Observation } from "../../keeper/core/report/aggregate.ts";
import type { SeededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { Gossip, GossipMessage, ProposalMessage } from "../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import { honestObservation } from "./keeper-round.ts";

/** The last three are honest keepers on a bad machine: they count as faulty, and still nothing they do may be held against them. */
export const CONDUCTS = [
  "silent",
  "lying",
  "equivocating",
  "replaying",
  "malformed",
  "skewed",
  "bad-node",
  "forgetful",
] as const;
export type Conduct = (typeof CONDUCTS)[number];

const REPLAY_EVERY_MS = 3_000;
const NOISE_EVERY_MS = 1_000;
const SECOND_FACE_EVERY_MS = 1_500;
/** Factors by which all that a liar says is off. */
const LIES = [0.01, 0.5, 0.996, 1.004, 0.996, 1.004, 2, 100];
/** Lies that pass for what another venue shows. */
const SMALL_LIES = [0.996, 1.004];
/** The same signature with a recovery bit in the place of v, in 64 bytes (EIP-2098), and with the other of the two values of s. */
const OTHER_FORMS: readonly ((signature: Hex) => Hex)[] = [
  (signature) => asHex(`${signature.slice(0, -2)}0${Signature.from(signature).yParity}`),
  (signature) => asHex(Signature.from(signature).compactSerialized),
  (signature) => {
    const { r, s, yParity } = Signature.from(signature);
    const other = toBeHex(CURVE_ORDER - BigInt(s), 32).slice(2);
    return asHex(`${r}${other}${yParity === 0 ? "1c" : "1b"}`);
  },
];
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** Of a table that nobody made. */
const LIED_ROOT: Hex = `0x${"11".repeat(32)}`;
/** Of the table before, which keepers name that lag. */
const OLDER_ROOT: Hex = `0x${"b8".repeat(32)}`;
/** Shares of honest views by keepers that have no table, or the one before. */
const NO_TABLE_SHARE = 0.15;
const OLDER_TABLE_SHARE = 0.3;
/** Honest views lie within this share of each other. */
const VIEW_SPREAD = 0.002;

/** What a faulty keeper works with. */
export interface Faulty {
  readonly members: readonly Hex[];
  readonly random: SeededRandom;
  /** Messages that it heard or said, from which it takes what it says again. */
  said(): readonly GossipMessage[];
  /** Sends everyone the message's bytes, broken. */
  spoil(message: GossipMessage): void;
  /** Acts again and again until the keeper ends. */
  every(ms: number, act: () => void): void;
}

/** The voice of a keeper of that conduct. `twin` signs another report for the round of a signature; null when there is none. */
export function voiceOf(
  conduct: Conduct | null,
  gossip: Gossip,
  faulty: Faulty,
  twin: (message: GossipMessage) => Promise<GossipMessage | null>,
): Gossip {
  switch (conduct) {
    case "silent":
      return { ...gossip, publish: () => undefined, send: () => undefined };
    case "equivocating":
      return twoFaced(gossip, faulty, twin);
    case "replaying":
      faulty.every(REPLAY_EVERY_MS, () => {
        const old = oneOf(faulty);
        if (old !== undefined) gossip.publish(old);
      });
      return inOtherForms(gossip);
    case "malformed":
      faulty.every(NOISE_EVERY_MS, () => {
        const real = oneOf(faulty);
        if (real !== undefined) faulty.spoil(real);
      });
      return gossip;
    case "lying":
    case "skewed":
    case "bad-node":
    case "forgetful":
    case null:
      return gossip;
  }
}

function oneOf({ said, random }: Pick<Faulty, "said" | "random">): GossipMessage | undefined {
  const messages = said();
  return messages[random.index(Math.max(1, messages.length))];
}

/** Says its signatures each in another form, which recover to the same key and which no contract takes: a quorum of which one is such could not be posted. */
function inOtherForms(gossip: Gossip): Gossip {
  let next = 0;
  const reformed = (message: GossipMessage): GossipMessage => {
    if (message.kind !== "signature") return message;
    const form = OTHER_FORMS[next++ % OTHER_FORMS.length];
    return form === undefined ? message : { ...message, signature: form(message.signature) };
  };
  return {
    ...gossip,
    publish: (message) => {
      gossip.publish(reformed(message));
    },
    send: (to, message) => {
      gossip.send(to, reformed(message));
    },
  };
}

/**
 * Says two things for one round. Proposals: each face to every keeper in either order, or each to one half; and the second again and again, for whoever
 * forgot the first. Signatures: over two reports.
 */
function twoFaced(
  gossip: Gossip,
  { members, random, every }: Pick<Faulty, "members" | "random" | "every">,
  twin: (message: GossipMessage) => Promise<GossipMessage | null>,
): Gossip {
  let second: ProposalMessage | null = null;
  every(SECOND_FACE_EVERY_MS, () => {
    if (second !== null) gossip.publish(second);
  });
  const publish = (message: GossipMessage): void => {
    if (message.kind === "proposal") {
      const other = forged(message, random);
      const isSplit = random.uniform() < 0.5;
      for (const [index, to] of members.entries()) {
        const faces = random.uniform() < 0.5 ? [message, other] : [other, message];
        for (const face of isSplit ? faces.slice(index % 2, (index % 2) + 1) : faces) gossip.send(to, face);
      }
      second = other;
      return;
    }
    gossip.publish(message);
    if (message.kind !== "signature") return;
    void twin(message).then((other) => {
      if (other !== null) gossip.publish(other);
    });
  };
  return { ...gossip, publish };
}

/** The proposal without one of the observations, or with every observation bent alike, and little, under its author's own signature. */
function forged(message: ProposalMessage, random: SeededRandom): ProposalMessage {
  const { observations } = message;
  if (random.uniform() < 0.5) {
    const left = random.index(observations.length);
    return { ...message, observations: observations.filter((_observation, index) => index !== left) };
  }
  const factor = SMALL_LIES[random.index(SMALL_LIES.length)] ?? 1;
  const bent = observations.map((each) => ({ ...each, observation: bentBy(each.observation, factor) }));
  return { ...message, observations: bent };
}

/** @param drawn within 0 and 1: where among the honest views it lies, and which table its keeper has */
export function viewOf(drawn: number): Observation {
  const seen = honestObservation(1 + (drawn - 0.5) * VIEW_SPREAD);
  if (drawn < NO_TABLE_SHARE) return { ...seen, accountRoot: NO_ACCOUNT_ROOT };
  return drawn < OLDER_TABLE_SHARE ? { ...seen, accountRoot: OLDER_ROOT } : seen;
}

/** What a liar says in place of what it sees. */
export const lieOf = (seen: Observation, random: SeededRandom): Observation =>
  bentBy(seen, LIES[random.index(LIES.length)] ?? 1);

/** All that an observation says times a factor, as far as a message can say it. */
function bentBy({ pegBps, markets }: Observation, factor: number): Observation {
  const bent = (value: bigint): bigint => {
    const scaled = BigInt(Math.max(1, Math.round(Number(value) * factor)));
    return value <= MAX_UINT32 && scaled > MAX_UINT32 ? BigInt(MAX_UINT32) : scaled;
  };
  return {
    pegBps: Math.min(MAX_UINT16, Math.round(pegBps * factor)),
    accountRoot: LIED_ROOT,
    markets: markets.map(({ market, smiles }) => ({
      market: {
        ...market,
        spotE8: bent(market.spotE8),
        sigmaE9: bent(market.sigmaE9),
        psiE9: bent(market.psiE9),
      },
      smiles: smiles.map((smile) => ({
        ...smile,
        aE10: BigInt(Math.round(Number(smile.aE10) * factor)),
        bE9: bent(smile.bE9),
        forwardRatioE8: bent(smile.forwardRatioE8),
      })),
    })),
  };
}
