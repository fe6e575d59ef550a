import type { Hex } from "../../ports/hex.ts";
import type { Simulation } from "../../ports/transaction-chain.ts";
import type { TransactionOutcome, TransactionRecord } from "../../ports/transaction-log.ts";
import {
  NodesDisagree,
  type SentTransaction,
  TransactionRefused,
  type TransactionRequest,
  type TransactionSender,
  TransactionSuperseded,
} from "../../ports/transaction-sender.ts";
import { type Followed, followTransaction, type TransactionParts } from "./follow-transaction.ts";
import { isFiller, NonceGap } from "./nonce-gap.ts";
import { requireUsable } from "./transaction-policy.ts";

/** A sender that outlives its process. */
export interface ResumableSender extends TransactionSender {
  /** Ends what an earlier process left open, then resolves. Call it before the first send. */
  resume(): Promise<void>;
  /** Looks after transactions that are mined and not final, until the sender's signal aborts. */
  watch(): Promise<void>;
}

/** Times that nodes are asked what the contract would do before it counts that they disagree: for a moment they are not equally far. */
const SIMULATION_LOOKS = 5;
const SELECTOR_CHARACTERS = "0x".length + 2 * 4;

/**
 * The one way to send from an account. Sends take turns: the next one starts when the one before is `confirmations` deep, or ended
 * otherwise. Only one process may send from an account.
 */
export function createTransactionSender(parts: TransactionParts): ResumableSender {
  requireUsable(parts.policy);
  const { timer, telemetry, policy, signal } = parts;
  const lane = new Lane(parts);
  let tail: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = tail.then(() => {
      signal.throwIfAborted();
      return run();
    });
    // The next turn comes whether this one succeeds or not; its own caller hears of the failure.
    tail = turn.catch(() => undefined);
    return turn;
  };
  return {
    send: (request) => inTurn(() => lane.send(request)),
    resume: () => inTurn(() => lane.settle()),
    watch: async () => {
      const watchOnce = async () => {
        if (await lane.hasOpen()) await inTurn(() => lane.tend());
      };
      while (!signal.aborted) {
        await watchOnce().catch((error: unknown) => {
          if (signal.reason !== error) telemetry.error("transaction-watch-failed", { reason: String(error) });
        });
        await timer.sleep(policy.watchMs, signal).catch(() => undefined);
      }
    },
  };
}

/** What became of one open transaction. */
interface Brought {
  readonly record: TransactionRecord;
  readonly followed: Ended;
  readonly outcome: TransactionOutcome;
}

type Ended = Exclude<Followed, { kind: "blocked" }>;

/** The open transactions of one account, as they stand in the log; its methods never overlap. */
class Lane {
  readonly #parts: TransactionParts;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
  }

  /** Whether anything may still fall out of the chain. */
  async hasOpen(): Promise<boolean> {
    return (await this.#openByNonce()).length > 0;
  }

  async send(request: TransactionRequest): Promise<SentTransaction> {
    const earlier = await this.#earlier(request.id);
    if (earlier !== null) return earlier;
    const left = await this.#bringOpen(request.id);
    if (left !== null) {
      if (!mayRepeat(left, request)) return resultOf(left);
      await this.#makeRoomAfter(left);
    }
    const { chain, log } = this.#parts;
    const simulation = await this.#simulate(request);
    if (simulation.kind === "refused") {
      if (isDone(request, simulation.revertData)) return { kind: "already-done" };
      throw new TransactionRefused(request.id, simulation.reason, simulation.revertData);
    }
    const { id, to, data, doneErrors } = request;
    const record: TransactionRecord = {
      ...{ id, to, data, doneErrors },
      chainId: chain.chainId,
      from: chain.from,
      nonce: await this.#freeNonce(),
      gasLimit: simulation.gasLimit,
      attempts: [],
    };
    await log.saveTransaction(record);
    return resultOf(await this.#bring(record, true));
  }

  async #simulate({ to, data }: TransactionRequest): Promise<Simulation> {
    const { chain, timer, policy, signal } = this.#parts;
    for (let look = 1; ; look++) {
      try {
        return await chain.simulate(to, data, "next-block");
      } catch (error) {
        if (!(error instanceof NodesDisagree) || look === SIMULATION_LOOKS) throw error;
      }
      await timer.sleep(policy.pollMs, signal);
    }
  }

  /** Sees to it that every open transaction, in order of nonce, is on the chain; closes those that are final. */
  async settle(): Promise<void> {
    for (const { id } of await this.#openByNonce()) await this.#settleOne(id);
  }

  /** The same, without a look at those whose nonce is used and not final: there is nothing to do for them. */
  async tend(): Promise<void> {
    const { chain, policy } = this.#parts;
    const { confirmedNonce, settledNonce: finalNonce } = await chain.state(policy.finalityBlocks);
    for (const { id, nonce, attempts } of await this.#openByNonce()) {
      const isOnChain = attempts.length > 0 && nonce < confirmedNonce;
      if (!isOnChain || nonce < finalNonce) await this.#settleOne(id);
    }
  }

  async #settleOne(id: string): Promise<void> {
    const brought = await this.#bringOpen(id);
    const outcome = brought?.outcome.kind;
    if (outcome === "refused" || outcome === "superseded")
      this.#parts.telemetry.warn("transaction-ended-without-effect", { id, outcome });
  }

  /** Null when nothing of that id is open (any more). */
  async #bringOpen(id: string): Promise<Brought | null> {
    const record = (await this.#openByNonce()).find((open) => open.id === id);
    return record === undefined ? null : this.#bring(record, false);
  }

  async #openByNonce(): Promise<readonly TransactionRecord[]> {
    const { log, chain } = this.#parts;
    const open = await log.openTransactions(chain.chainId, chain.from);
    return open.toSorted((a, b) => a.nonce - b.nonce);
  }

  /** What became of an effect that was sent before; null when it may be sent (again). */
  async #earlier(id: string): Promise<SentTransaction | null> {
    const outcome = await this.#parts.log.transactionOutcome(id);
    if (outcome?.kind === "already-done") return { kind: "already-done" };
    if (outcome?.kind !== "mined") return null;
    const place = await this.#parts.chain.place(outcome.hash);
    return { ...outcome, events: place.kind === "mined" ? place.mined.events : [] };
  }

  /** Brings a transaction to its end, those before it first. */
  async #bring(given: TransactionRecord, isFresh: boolean): Promise<Brought> {
    const gap = new NonceGap(this.#parts);
    let followed = await followTransaction(this.#parts, await this.#renumbered(given), isFresh);
    while (followed.kind === "blocked") {
      await this.#fillBelow(followed.record, gap);
      followed = await followTransaction(this.#parts, await this.#renumbered(followed.record), false);
    }
    const { record } = followed;
    const outcome = await this.#judge(followed);
    const isFinal = followed.kind !== "mined" || followed.depth >= this.#parts.policy.finalityBlocks;
    if (isFinal) await this.#close(record.id, outcome);
    return { record, followed, outcome };
  }

  /** Transactions with lower nonces fell out of the chain, and were lost perhaps: they come first. */
  async #fillBelow({ id, nonce }: TransactionRecord, gap: NonceGap): Promise<void> {
    const { timer, policy, signal, telemetry } = this.#parts;
    telemetry.warn("transaction-waits-for-lower-nonces", { id, nonce });
    const below = (await this.#openByNonce()).filter((open) => open.nonce < nonce && open.id !== id);
    for (const lower of below) await this.#settleOne(lower.id);
    const filler = await gap.fillerBelow(nonce);
    if (filler !== null) await this.#bring(filler, true);
    else await timer.sleep(policy.pollMs, signal);
  }

  /** An intent for which nothing was signed is bound to no nonce: it takes the next free one. */
  async #renumbered(record: TransactionRecord): Promise<TransactionRecord> {
    const isBound = record.attempts.length > 0 || isFiller(record);
    return isBound ? record : { ...record, nonce: await this.#freeNonce() };
  }

  /** After the chain's count, and after all that was signed: what fell out of the chain keeps its nonce. */
  async #freeNonce(): Promise<number> {
    const { chain, policy } = this.#parts;
    const { confirmedNonce } = await chain.state(policy.confirmations);
    const signed = (await this.#openByNonce()).filter(({ attempts }) => attempts.length > 0);
    return Math.max(confirmedNonce, ...signed.map(({ nonce }) => nonce + 1));
  }

  async #judge(followed: Ended): Promise<TransactionOutcome> {
    if (followed.kind === "superseded") return { kind: "superseded" };
    const { record } = followed;
    if (followed.kind === "refused") return refusedOrDone(record, followed.refusal.revertData);
    const { attempt, mined } = followed;
    if (attempt.kind === "effect" && mined.isSuccess) {
      const { hash, blockNumber, gasUsed } = mined;
      return { kind: "mined", hash, blockNumber, gasUsed };
    }
    const why: Simulation = await this.#parts.chain.simulate(record.to, record.data, "head");
    return refusedOrDone(record, why.kind === "refused" ? why.revertData : null);
  }

  /** The nonce of what had no effect stays watched until it is final, under a name of its own: the effect's may be used again. */
  async #makeRoomAfter({ record, followed, outcome }: Brought): Promise<void> {
    if (followed.kind === "mined" && followed.depth < this.#parts.policy.finalityBlocks)
      await this.#parts.log.saveTransaction({ ...record, id: `${record.id}/spent/${record.nonce}` });
    await this.#close(record.id, outcome);
  }

  async #close(id: string, outcome: TransactionOutcome): Promise<void> {
    await this.#parts.log.closeTransaction(id, outcome);
    this.#parts.telemetry.info("transaction-closed", { id, outcome: outcome.kind });
  }
}

/** Only where the contract itself refuses repeats: the first may yet succeed, in another block after a reorganisation. */
function mayRepeat({ outcome }: Brought, { doneErrors }: TransactionRequest): boolean {
  return outcome.kind === "refused" && doneErrors.length > 0;
}

/** @throws TransactionRefused or TransactionSuperseded when there was no effect */
function resultOf({ record, followed, outcome }: Brought): SentTransaction {
  switch (outcome.kind) {
    case "mined":
      return { ...outcome, events: followed.kind === "mined" ? followed.mined.events : [] };
    case "already-done":
      return outcome;
    case "refused": {
      const reason = followed.kind === "mined" ? `reverted in ${followed.mined.hash}` : "simulation reverted";
      throw new TransactionRefused(record.id, reason, outcome.revertData);
    }
    case "superseded":
      throw new TransactionSuperseded(record.id, record.nonce);
  }
}

function isDone({ doneErrors }: TransactionRequest, revertData: Hex | null): boolean {
  const selector = revertData?.slice(0, SELECTOR_CHARACTERS).toLowerCase();
  return doneErrors.some((done) => done.toLowerCase() === selector);
}

function refusedOrDone(record: TransactionRecord, revertData: Hex | null): TransactionOutcome {
  return isDone(record, revertData) ? { kind: "already-done" } : { kind: "refused", revertData };
}
