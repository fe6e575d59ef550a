import type { Hex } from "../../ports/hex.ts";
import type { Simulation } from "../../ports/transaction-chain.ts";
import type { TransactionOutcome, TransactionRecord } from "../../ports/transaction-log.ts";
import {
  type SentTransaction,
  TransactionRefused,
  type TransactionRequest,
  type TransactionSender,
  TransactionSuperseded,
} from "../../ports/transaction-sender.ts";
import { type Followed, followTransaction, type TransactionParts } from "./follow-transaction.ts";
import { requireUsable } from "./transaction-policy.ts";

/** A sender that outlives its process. */
export interface ResumableSender extends TransactionSender {
  /** Ends what an earlier process left open, then resolves. Call it before the first send. */
  resume(): Promise<void>;
  /** Looks after transactions that are mined and not final, until the sender's signal aborts. */
  watch(): Promise<void>;
}

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
        if (lane.hasOpen()) await inTurn(() => lane.settle());
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

/** The open transactions of one account; its methods never overlap. */
class Lane {
  readonly #parts: TransactionParts;
  /** By id; null until read from the log. */
  #open: Map<string, TransactionRecord> | null = null;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
  }

  /** Whether anything may still fall out of the chain. */
  hasOpen(): boolean {
    return this.#open === null || this.#open.size > 0;
  }

  async send(request: TransactionRequest): Promise<SentTransaction> {
    const { chain, log } = this.#parts;
    const earlier = await this.#earlier(request.id);
    if (earlier !== null) return earlier;
    const open = await this.#openRecords();
    await this.settle(request.id);
    const left = open.get(request.id);
    if (left !== undefined) return this.#carryOut(left, false);

    const simulation = await chain.simulate(request.to, request.data, "next-block");
    if (simulation.kind === "refused") {
      if (isDone(request, simulation.revertData)) return { kind: "already-done" };
      throw new TransactionRefused(request.id, simulation.reason, simulation.revertData);
    }
    const { confirmedNonce } = await chain.state(this.#parts.policy.confirmations);
    const { id, to, data, doneErrors } = request;
    const record: TransactionRecord = {
      ...{ id, to, data, doneErrors },
      chainId: chain.chainId,
      from: chain.from,
      nonce: confirmedNonce,
      gasLimit: simulation.gasLimit,
      attempts: [],
    };
    await log.saveTransaction(record);
    open.set(id, record);
    return this.#carryOut(record, true);
  }

  /** Sees to it that every open transaction, in order of nonce, is on the chain; closes those that are final. */
  async settle(exceptId?: string): Promise<void> {
    const open = await this.#openRecords();
    const byNonce = [...open.values()].sort((a, b) => a.nonce - b.nonce);
    for (const record of byNonce) {
      if (record.id === exceptId) continue;
      try {
        await this.#carryOut(record, false);
      } catch (error) {
        if (!(error instanceof TransactionRefused || error instanceof TransactionSuperseded)) throw error;
        this.#parts.telemetry.warn("transaction-ended-without-effect", {
          id: record.id,
          reason: error.message,
        });
      }
    }
  }

  async #openRecords(): Promise<Map<string, TransactionRecord>> {
    const { log, chain } = this.#parts;
    this.#open ??= new Map(
      (await log.openTransactions(chain.chainId, chain.from)).map((record) => [record.id, record]),
    );
    return this.#open;
  }

  /** What became of an effect that was sent before; null when it may be sent (again). */
  async #earlier(id: string): Promise<SentTransaction | null> {
    const outcome = await this.#parts.log.transactionOutcome(id);
    if (outcome?.kind === "already-done") return { kind: "already-done" };
    if (outcome?.kind !== "mined") return null;
    const place = await this.#parts.chain.place(outcome.hash);
    return { ...outcome, events: place.kind === "mined" ? place.mined.events : [] };
  }

  async #carryOut(record: TransactionRecord, isFresh: boolean): Promise<SentTransaction> {
    const followed = await followTransaction(this.#parts, await this.#renumbered(record), isFresh);
    const outcome = await this.#judge(followed);
    const isFinal = followed.kind !== "mined" || followed.depth >= this.#parts.policy.finalityBlocks;
    if (isFinal) await this.#close(record.id, outcome);
    else this.#open?.set(record.id, followed.record);
    switch (outcome.kind) {
      case "mined":
        return { ...outcome, events: followed.kind === "mined" ? followed.mined.events : [] };
      case "already-done":
        return outcome;
      case "refused": {
        const reason =
          followed.kind === "mined" ? `reverted in ${followed.mined.hash}` : "simulation reverted";
        throw new TransactionRefused(record.id, reason, outcome.revertData);
      }
      case "superseded":
        throw new TransactionSuperseded(record.id, followed.record.nonce);
    }
  }

  /** An intent for which nothing was signed is bound to no nonce: it takes the next free one. */
  async #renumbered(record: TransactionRecord): Promise<TransactionRecord> {
    if (record.attempts.length > 0) return record;
    const { confirmedNonce } = await this.#parts.chain.state(this.#parts.policy.confirmations);
    return { ...record, nonce: confirmedNonce };
  }

  async #judge(followed: Followed): Promise<TransactionOutcome> {
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

  async #close(id: string, outcome: TransactionOutcome): Promise<void> {
    await this.#parts.log.closeTransaction(id, outcome);
    this.#open?.delete(id);
    this.#parts.telemetry.info("transaction-closed", { id, outcome: outcome.kind });
  }
}

function isDone({ doneErrors }: TransactionRequest, revertData: Hex | null): boolean {
  const selector = revertData?.slice(0, SELECTOR_CHARACTERS).toLowerCase();
  return doneErrors.some((done) => done.toLowerCase() === selector);
}

function refusedOrDone(record: TransactionRecord, revertData: Hex | null): TransactionOutcome {
  return isDone(record, revertData) ? { kind: "already-done" } : { kind: "refused", revertData };
}
