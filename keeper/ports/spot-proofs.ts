import type { RiskReport } from "../core/report/typed-data.ts";
import type { Hex } from "./hex.ts";
import type { SubmittedTransaction } from "./oracle-chain.ts";

/** A signed report whose spots wait for what their feeds say of the time. */
export interface SpotCase {
  /** The EIP-712 hash that was signed. However often the report is sent, it is one case. */
  readonly hash: Hex;
  readonly report: RiskReport;
  /** One signature for each signer that is known. */
  readonly signatures: ReadonlyMap<Hex, Hex>;
}

/** A round of a feed by its id and when it began. */
export interface FeedRound {
  readonly id: bigint;
  readonly updatedAtSeconds: number;
}

/** A market's feed and its latest round. */
export interface WatchedFeed {
  readonly market: number;
  readonly feed: Hex;
  /** Null when the feed does not answer. */
  readonly latest: FeedRound | null;
  /** Whether the slashing contract knows which aggregator the feed answers from now: of no other can anything be proven. */
  readonly isNoted: boolean;
}

export type AnsweringFeed = WatchedFeed & { readonly latest: FeedRound };

/** What the slashing contract says of one spot, or why it can say nothing of it. */
export type SpotVerdict =
  | { readonly kind: "wrong"; readonly firstRoundId: bigint }
  | { readonly kind: "inside" }
  | { readonly kind: "not-provable"; readonly reason: string };

/** The contract that takes proofs of wrong spots. Reads throw when no node answers. */
export interface SpotChain {
  /** Time before and after an observation of which every round of the feed counts, s. */
  slackSeconds(): Promise<number>;
  /** The feeds of the markets that have one. */
  feeds(): Promise<readonly WatchedFeed[]>;
  /** Lets the contract look which aggregator a feed answers from. */
  notePhase(feed: AnsweringFeed): Promise<SubmittedTransaction | null>;
  /** Asks the contract, which changes nothing. The feed's latest round began after the report's span. */
  judge(found: SpotCase, marketIndex: number, feed: AnsweringFeed): Promise<SpotVerdict>;
  /** Resolves once mined, with null when no signer has anything left to take; a refusal throws ChainRefusal. */
  proveWrongSpot(
    found: SpotCase,
    marketIndex: number,
    firstRoundId: bigint,
  ): Promise<SubmittedTransaction | null>;
}

/** Reports that wait. Every write is durable when its promise resolves. */
export interface SpotStore {
  /** Keeps a case in the place of what was kept of the same report; the oldest go when there are too many. */
  saveSpots(found: SpotCase): Promise<void>;
  openSpots(): Promise<readonly SpotCase[]>;
  closeSpots(hash: Hex): Promise<void>;
}

/** Reports that wait for their feeds, reports found wrong and reports proven to be, both since the start. */
export interface SpotCounts {
  readonly waiting: number;
  readonly wrong: number;
  readonly proven: number;
  /** Of those that wait, the proofs that failed and are tried again. */
  readonly unproven: number;
}

/** Reports that wait at once: a week of one every two minutes, far more than feeds need. */
export const KEPT_SPOTS = 5_000;
