import { forgetOldest } from "../core/remembered.ts";
import { unpackMarketWord } from "../core/report/words.ts";
import { ChainRefusal } from "../ports/clearing-chain.ts";
import type { Hex } from "../ports/hex.ts";
import {
  KEPT_SPOTS,
  type AnsweringFeed,
  type SpotCase,
  type SpotChain,
  type SpotCounts,
  type SpotStore,
  type WatchedFeed,
} from "../ports/spot-proofs.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";
import type { SubmittedReport } from "../ports/watch-chain.ts";
import { retryMs } from "./prosecution.ts";

/** The contract's refusals of a proof after which it is given up, though the same contract said before that the spot is wrong: a node may lie. */
const MAX_REFUSALS = 8;

export interface SpotWatchParts {
  readonly store: SpotStore;
  readonly chain: SpotChain;
  readonly timer: Pick<Timer, "nowMs">;
  readonly telemetry: Telemetry;
}

/** Holds the spots of signed reports against Chainlink, and has those slashed who signed a wrong one. */
export interface SpotWatch {
  /** Resolves once the report is durable, so that a restart does not lose it. */
  note(submitted: SubmittedReport): Promise<void>;
  /** Judges each report whose feeds have gone on since, and proves what is wrong. Throws when no node answers: what is open stays open. */
  judgeDue(signal: AbortSignal): Promise<void>;
  counts(): SpotCounts;
}

/** An open case: which of its markets are judged, and how often a proof of it failed and was refused. */
interface Open {
  readonly found: SpotCase;
  readonly judged: ReadonlySet<number>;
  readonly dueAtMs: number;
  readonly failures: number;
  readonly refusals: number;
}

const opened = (found: SpotCase): Open => ({
  found,
  judged: new Set(),
  dueAtMs: Number.NEGATIVE_INFINITY,
  failures: 0,
  refusals: 0,
});

export function createSpotWatch(parts: SpotWatchParts): SpotWatch {
  const watch = new Watch(parts);
  return {
    note: (submitted) => watch.note(submitted),
    judgeDue: (signal) => watch.judgeDue(signal),
    counts: () => watch.counts,
  };
}

class Watch {
  readonly #parts: SpotWatchParts;
  /** By the report's hash; null until it was read from the store. */
  #open: Map<Hex, Open> | null = null;
  /** When a feed's phase may be noted again, and how often that failed. */
  #notes = { dueAtMs: Number.NEGATIVE_INFINITY, failures: 0 };
  #wrong = 0;
  #proven = 0;

  constructor(parts: SpotWatchParts) {
    this.#parts = parts;
  }

  get counts(): SpotCounts {
    const open = [...(this.#open?.values() ?? [])];
    const unproven = open.filter(({ failures }) => failures > 0).length;
    return { waiting: open.length, wrong: this.#wrong, proven: this.#proven, unproven };
  }

  /** Whoever sends a report again takes no place of another: only signers of whom nothing was kept count. */
  async note({ report, signatures }: SubmittedReport): Promise<void> {
    const [first] = signatures;
    if (first === undefined) return;
    const { hash } = first;
    const open = await this.#load();
    const known = open.get(hash)?.found.signatures ?? new Map<Hex, Hex>();
    const fresh = signatures.filter(({ signer }) => !known.has(signer));
    if (fresh.length === 0) return;
    const added = fresh.map(({ signer, signature }) => [signer, signature] as const);
    const found = { hash, report, signatures: new Map([...known, ...added]) };
    await this.#parts.store.saveSpots(found);
    open.set(hash, opened(found));
    forgetOldest(open, KEPT_SPOTS);
  }

  async judgeDue(signal: AbortSignal): Promise<void> {
    const open = await this.#load();
    if (open.size === 0) return;
    const { chain, store, timer } = this.#parts;
    const [slackSeconds, feeds] = await Promise.all([chain.slackSeconds(), chain.feeds()]);
    for (const feed of feeds) if (!feed.isNoted && isAnswering(feed)) await this.#notePhase(feed, signal);
    for (const [hash, each] of [...open]) {
      signal.throwIfAborted();
      if (each.dueAtMs > timer.nowMs()) continue;
      const next = await this.#judge(each, feeds, slackSeconds, signal);
      if (next === null) await store.closeSpots(hash);
      if (next === null) open.delete(hash);
      else open.set(hash, next);
    }
  }

  async #load(): Promise<Map<Hex, Open>> {
    this.#open ??= new Map((await this.#parts.store.openSpots()).map((found) => [found.hash, opened(found)]));
    return this.#open;
  }

  /** Of an aggregator that the contract does not know nothing can be proven, and nobody is paid for telling it. */
  async #notePhase(feed: AnsweringFeed, signal: AbortSignal): Promise<void> {
    const { chain, telemetry, timer } = this.#parts;
    if (this.#notes.dueAtMs > timer.nowMs()) return;
    try {
      const sent = await chain.notePhase(feed);
      this.#notes = { dueAtMs: timer.nowMs(), failures: 0 };
      telemetry.info("feed-phase-noted", { market: feed.market, hash: sent?.hash ?? null });
    } catch (error) {
      signal.throwIfAborted();
      const { failures } = this.#notes;
      this.#notes = { dueAtMs: timer.nowMs() + retryMs(failures), failures: failures + 1 };
      telemetry.warn("feed-phase-not-noted", { market: feed.market, reason: String(error) });
    }
  }

  /**
   * What is left of a case; null when nothing more can come of it. A wrong spot of one market costs the signers of a report what those of all
   * markets would.
   */
  async #judge(
    each: Open,
    feeds: readonly WatchedFeed[],
    slackSeconds: number,
    signal: AbortSignal,
  ): Promise<Open | null> {
    const { report } = each.found;
    const judged = new Set(each.judged);
    let isWaiting = false;
    for (const [index, word] of report.markets.entries()) {
      const market = Number(unpackMarketWord(word).market);
      const feed = feeds.find((known) => known.market === market);
      if (feed === undefined || judged.has(market)) continue;
      const isOver = isAnswering(feed) && feed.latest.updatedAtSeconds > report.observedAt + slackSeconds;
      if (!isOver) {
        isWaiting = true;
        continue;
      }
      const verdict = await this.#parts.chain.judge(each.found, index, feed);
      if (verdict.kind === "wrong") return this.#prove(each, { index, market, ...verdict }, signal);
      if (verdict.kind === "not-provable")
        this.#parts.telemetry.info("spot-not-judged", { ...fieldsOf(each, market), reason: verdict.reason });
      judged.add(market);
    }
    return isWaiting ? { ...each, judged } : null;
  }

  /** Null when the chain has taken the proof or will never take it. */
  async #prove(
    each: Open,
    { index, market, firstRoundId }: { index: number; market: number; firstRoundId: bigint },
    signal: AbortSignal,
  ): Promise<Open | null> {
    const { chain, telemetry, timer } = this.#parts;
    const fields = { ...fieldsOf(each, market), signatures: each.found.signatures.size };
    if (each.failures === 0) {
      this.#wrong++;
      telemetry.error("wrong-spot-seen", fields);
    }
    try {
      const sent = await chain.proveWrongSpot(each.found, index, firstRoundId);
      if (sent === null) telemetry.info("wrong-spot-costs-nothing-more", fields);
      else telemetry.error("wrong-spot-proven", { ...fields, hash: sent.hash, gasUsed: sent.gasUsed });
      this.#proven += Number(sent !== null);
      return null;
    } catch (error) {
      // What was sent is in the sender's log, and the case in the store.
      signal.throwIfAborted();
      const refusals = each.refusals + Number(error instanceof ChainRefusal);
      const isGivenUp = refusals >= MAX_REFUSALS;
      telemetry.error("wrong-spot-not-proven", { ...fields, isGivenUp, reason: String(error) });
      if (isGivenUp) return null;
      const dueAtMs = timer.nowMs() + retryMs(each.failures);
      return { ...each, dueAtMs, failures: each.failures + 1, refusals };
    }
  }
}

function isAnswering(feed: WatchedFeed): feed is AnsweringFeed {
  return feed.latest !== null;
}

function fieldsOf({ found: { report } }: Open, market: number) {
  return { epoch: report.epoch, round: report.round, market };
}
