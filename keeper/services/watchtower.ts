import type { KeeperSet } from "../ports/oracle-chain.ts";
import type { Equivocation, Prosecutor } from "../ports/prosecutor.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";
import type {
  BlockPlace,
  Configurations,
  SubmittedReport,
  UnreadTransaction,
  WatchChain,
  WatchedBlock,
} from "../ports/watch-chain.ts";
import type { WatchStatus } from "../ports/watch-status.ts";
import type { WatchStore } from "../ports/watch-store.ts";
import type { Recomputation } from "./recompute-report.ts";
import type { SpotWatch } from "./spot-watch.ts";

/** Blocks that are asked for at once. */
const READ_AHEAD = 8;
/** Blocks behind the latest from which progress is told. */
const FAR_BEHIND = 64n;
/** Least time between two lines of progress, or about transactions of strangers that could not be read. */
const SAY_EVERY_MS = 10_000;

export interface WatchtowerParts {
  readonly chain: WatchChain;
  readonly store: Pick<WatchStore, "lastBlocks" | "saveBlock" | "noteHeads">;
  readonly prosecutor: Prosecutor;
  readonly spots: Pick<SpotWatch, "note">;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
  /** First block to read where the store remembers none. */
  readonly firstBlock: (latest: bigint) => bigint;
  /** Compares a report that the oracle accepted. */
  readonly judge: (submitted: SubmittedReport) => Promise<Judgement>;
  /** Computes one again from the observations that its configuration's keepers signed for it. */
  readonly recompute: (submitted: SubmittedReport, keeperSet: KeeperSet) => Promise<Recomputation>;
}

/** What a watchtower thinks of an accepted report. */
export type Judgement = "supported" | "deviates" | "not-compared";

export interface Watchtower {
  /**
   * Reads what came since the last round, from blocks of before it where the chain was reorganised. Ends early when the signal aborts or the
   * chain moves meanwhile; what was read is not read again.
   */
  round(signal: AbortSignal): Promise<WatchStatus>;
  status(): WatchStatus;
}

/** Reads every report that is sent to the oracle, by whatever way: hands over each equivocation, and has each accepted report compared. */
export function createWatchtower(parts: WatchtowerParts): Watchtower {
  const watch = new Watch(parts);
  return { round: (signal) => watch.round(signal), status: () => watch.status };
}

class Watch {
  readonly #parts: WatchtowerParts;
  #status: WatchStatus = {
    read: null,
    latest: null,
    reports: 0,
    supported: 0,
    deviating: 0,
    notCompared: 0,
    recomputed: 0,
    miscomputed: 0,
    notRecomputed: 0,
    unread: 0,
    equivocations: 0,
  };
  readonly #saidAtMs = new Map<string, number>();

  constructor(parts: WatchtowerParts) {
    this.#parts = parts;
  }

  get status(): WatchStatus {
    return this.#status;
  }

  async round(signal: AbortSignal): Promise<WatchStatus> {
    const { chain } = this.#parts;
    const isStopped = () => signal.aborted;
    const latest = await chain.latestBlock();
    this.#status = { ...this.#status, latest };
    let { next, previous } = await this.#resume(latest);
    const configurations = await chain.configurations();
    while (next <= latest.number && !isStopped()) {
      for (const block of await this.#readFrom(next, latest.number, configurations)) {
        // The chain moved while it was read: the next round sees where.
        const hasMoved = block === null || (previous !== null && block.parentHash !== previous.hash);
        if (hasMoved || isStopped()) return this.#status;
        await this.#take(block, configurations);
        previous = block;
        next = block.number + 1n;
      }
      this.#tellProgress(next, latest.number);
    }
    return this.#status;
  }

  /** Where reading goes on: after the last block that was read and is still on the chain. */
  async #resume(
    latest: BlockPlace,
  ): Promise<{ readonly next: bigint; readonly previous: BlockPlace | null }> {
    const { chain, store, telemetry, firstBlock } = this.#parts;
    const read = await store.lastBlocks();
    const [newest] = read;
    for (const place of read) {
      if ((await chain.hashOf(place.number)) !== place.hash) continue;
      if (place !== newest) telemetry.info("blocks-replaced", { readAgainFrom: place.number + 1n });
      this.#status = { ...this.#status, read: place };
      return { next: place.number + 1n, previous: place };
    }
    const oldest = read.at(-1);
    if (oldest === undefined) return { next: firstBlock(latest.number), previous: null };
    telemetry.error("blocks-replaced-beyond-memory", { readAgainFrom: oldest.number });
    return { next: oldest.number, previous: null };
  }

  #readFrom(
    next: bigint,
    last: bigint,
    configurations: Configurations,
  ): Promise<readonly (WatchedBlock | null)[]> {
    const count = Math.min(READ_AHEAD, Number(last - next) + 1);
    return Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.#parts.chain.block(next + BigInt(index), configurations),
      ),
    );
  }

  async #take(block: WatchedBlock, configurations: Configurations): Promise<void> {
    const { store, prosecutor, spots } = this.#parts;
    const heads = block.reports.flatMap(({ signatures }) => signatures);
    const found = heads.length === 0 ? [] : await store.noteHeads(heads);
    for (const each of found) {
      this.#tellFound(each);
      await prosecutor.prosecute(each);
    }
    for (const each of block.reports) await spots.note(each);
    for (const each of block.unread) this.#tellUnread(block, each);
    for (const submitted of block.reports) await this.#judge(submitted, configurations);
    await store.saveBlock({ number: block.number, hash: block.hash });
    const { reports, unread, equivocations } = this.#status;
    this.#status = {
      ...this.#status,
      read: { number: block.number, hash: block.hash },
      reports: reports + block.reports.length,
      unread: unread + block.unread.filter(({ isAccepted }) => isAccepted).length,
      equivocations: equivocations + found.length,
    };
  }

  async #judge(submitted: SubmittedReport, configurations: Configurations): Promise<void> {
    if (!submitted.isAccepted) return;
    const judgement = await this.#parts.judge(submitted);
    const keeperSet = configurations.get(submitted.report.configDigest);
    const again =
      keeperSet === undefined ? "not-recomputed" : await this.#parts.recompute(submitted, keeperSet);
    const { supported, deviating, notCompared } = this.#status;
    const { recomputed, miscomputed, notRecomputed } = this.#status;
    this.#status = {
      ...this.#status,
      supported: supported + Number(judgement === "supported"),
      deviating: deviating + Number(judgement === "deviates"),
      notCompared: notCompared + Number(judgement === "not-compared"),
      recomputed: recomputed + Number(again === "same"),
      miscomputed: miscomputed + Number(again === "other"),
      notRecomputed: notRecomputed + Number(again === "not-recomputed"),
    };
  }

  #tellFound({ signer, first, second }: Equivocation): void {
    const { epoch, round } = first.head;
    const fields = { signer, epoch, round, firstHash: first.hash, secondHash: second.hash };
    this.#parts.telemetry.error("equivocation-seen", fields);
  }

  #tellUnread({ number }: WatchedBlock, { transaction, reason, isAccepted }: UnreadTransaction): void {
    const { telemetry } = this.#parts;
    const fields = { blockNumber: number, transaction, reason };
    if (isAccepted) telemetry.error("accepted-report-not-read", fields);
    // Anybody may send such a one at any time.
    else if (this.#isTimeToSay("transaction-not-read")) telemetry.warn("transaction-not-read", fields);
  }

  #tellProgress(next: bigint, latest: bigint): void {
    const left = latest + 1n - next;
    if (left >= FAR_BEHIND && this.#isTimeToSay("catching-up"))
      this.#parts.telemetry.info("catching-up", { readThrough: next - 1n, latest, left });
  }

  #isTimeToSay(event: string): boolean {
    const nowMs = this.#parts.timer.nowMs();
    if (nowMs - (this.#saidAtMs.get(event) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY_MS) return false;
    this.#saidAtMs.set(event, nowMs);
    return true;
  }
}
