import type { ProtocolParameters } from "../../core/protocol/parameters.ts";
import { CATCH_UP_FINALS, type GossipMessage } from "../../ports/gossip.ts";
import { MAX_MESSAGE_BYTES } from "./wire-bounds.ts";

export type MessageKind = GossipMessage["kind"];

/** How many messages may come: `burst` at once, and `perSecond` on average. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface KindLimit extends Rate {
  readonly maxBytes: number;
}

/** What one peer may send of each kind. */
export type MessageLimits = Readonly<Record<MessageKind, KindLimit>>;

const MS_PER_SECOND = 1_000;
/** Round, times and hashes of a message. */
const SMALL_BYTES = 1_024;
/** An observation of 8 markets with 16 expiries each takes about 12 KB. */
const OBSERVATION_BYTES = 16_384;
/** A report of as many, with 21 signatures, takes about 14 KB. */
const FINAL_BYTES = 16_384;
/** 1,024 scenarios of 8 markets take about 132 KB in hexadecimal. */
const SCENARIO_SET_BYTES = 147_456;
/** Scenario sets are agreed once a day and proposed once a slot. */
const SCENARIO_RATE: Rate = { burst: 4, perSecond: 1 };

/**
 * Twice what an honest keeper sends at most: it repeats an unanswered message after each resend time, may lead two epochs in a row, answers
 * every proposal once more with its signature, says its wish again while a slot is undecided, and answers a peer that was away with a
 * burst of finals in each of that peer's asking times. A proposal bears an observation of every keeper.
 * @param keepers number in the set
 */
export function messageLimits(
  keepers: number,
  { resendMs, graceMs }: Pick<ProtocolParameters, "resendMs" | "graceMs">,
): MessageLimits {
  const repeated = MS_PER_SECOND / resendMs;
  const asked = MS_PER_SECOND / (resendMs + graceMs);
  const small = (burst: number, perSecond: number): KindLimit => ({
    burst,
    perSecond,
    maxBytes: SMALL_BYTES,
  });
  const leaders: Rate = { burst: 4, perSecond: 2 * repeated };
  return {
    observe: { ...leaders, maxBytes: SMALL_BYTES },
    observation: { ...leaders, maxBytes: OBSERVATION_BYTES },
    proposal: {
      ...leaders,
      maxBytes: Math.min(MAX_MESSAGE_BYTES, SMALL_BYTES + keepers * OBSERVATION_BYTES),
    },
    signature: small(8, 4 * repeated),
    wish: small(32, 4 * repeated),
    "catch-up": small(4, 2 * repeated),
    final: {
      burst: 2 * CATCH_UP_FINALS,
      perSecond: CATCH_UP_FINALS * asked + repeated,
      maxBytes: FINAL_BYTES,
    },
    "scenario-proposal": { ...SCENARIO_RATE, maxBytes: SCENARIO_SET_BYTES },
    "scenario-signature": { ...SCENARIO_RATE, maxBytes: SMALL_BYTES },
    "scenario-final": { ...SCENARIO_RATE, maxBytes: SCENARIO_SET_BYTES },
  };
}

/** Bytes that all these messages take together. */
export function bytesOf(limits: MessageLimits): Rate {
  const sum = (of: keyof Rate) =>
    Object.values(limits).reduce((total, limit) => total + limit[of] * limit.maxBytes, 0);
  return { burst: sum("burst"), perSecond: sum("perSecond") };
}

const KIND_FIELD = Buffer.from('"kind":"');
const QUOTE = 0x22;
const MAX_KIND_BYTES = "scenario-signature".length;

/**
 * The kind that a frame claims, without reading the rest: a message's only texts are hexadecimal, decimal and names, so its kind stands behind the first such name.
 * Null when it is none of `limits`.
 */
export function claimedKind(frame: Uint8Array, limits: MessageLimits): MessageKind | null {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const at = bytes.indexOf(KIND_FIELD);
  if (at < 0) return null;
  const from = at + KIND_FIELD.length;
  const to = bytes.subarray(from, from + MAX_KIND_BYTES + 1).indexOf(QUOTE);
  const name = bytes.toString("latin1", from, from + Math.max(0, to));
  return isKind(name, limits) ? name : null;
}

function isKind(name: string, limits: MessageLimits): name is MessageKind {
  return Object.hasOwn(limits, name);
}
