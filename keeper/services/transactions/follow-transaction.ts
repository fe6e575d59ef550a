import { effectPolicy, type Fees, replacementFees } from "../../core/transactions/fees.ts";
import { type Look, nextStep, type NextStep } from "../../core/transactions/next-step.ts";
import type { Telemetry, TelemetryFields } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import type { MinedTransaction, Simulation, TransactionChain } from "../../ports/transaction-chain.ts";
import type { TransactionAttempt, TransactionLog, TransactionRecord } from "../../ports/transaction-log.ts";
import { AccountCannotPay, ChainUnavailable, NodesDisagree } from "../../ports/transaction-sender.ts";
import { Pauses } from "./pauses.ts";
import type { TransactionPolicy } from "./transaction-policy.ts";

/** What sending needs. */
export interface TransactionParts {
  readonly chain: TransactionChain;
  readonly log: TransactionLog;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
  readonly policy: TransactionPolicy;
  /** Ends every wait; what is open stays open in the log. */
  readonly signal: AbortSignal;
}

type Refusal = Extract<Simulation, { kind: "refused" }>;

/** How following a transaction ended. */
export type Followed =
  /** An effect or a cancellation is mined, `confirmations` deep. */
  | {
      readonly kind: "mined";
      readonly record: TransactionRecord;
      readonly attempt: TransactionAttempt;
      readonly mined: MinedTransaction;
      readonly depth: bigint;
    }
  | { readonly kind: "superseded"; readonly record: TransactionRecord }
  /** It cannot go on before the nonces below are filled again. */
  | { readonly kind: "blocked"; readonly record: TransactionRecord }
  /** The contract refuses it and nothing was ever signed. */
  | { readonly kind: "refused"; readonly record: TransactionRecord; readonly refusal: Refusal };

/** Looks in a row that must agree that the nonce went to a stranger: one may mix answers of two nodes. */
const SUPERSEDED_LOOKS = 3;
/** First time between two looks, ms; it doubles up to the policy's. A chain that mines at once is read at once. */
const FIRST_POLL_MS = 10;
/** Longest time between two sendings of one attempt that no node holds, ms. */
const MAX_RESEND_MS = 15_000;
/** What a transfer of nothing to oneself costs. */
const CANCELLATION_GAS = 21_000n;

/**
 * Brings an open transaction to its end: signs, sends, sends again, replaces and waits, whatever the chain shows. Everything is in the log
 * before a node sees it, so that following the record of the log after a crash goes on where it stopped.
 * @param isFresh the contract has just been asked and accepts the effect
 * @throws the signal's reason when it aborts
 */
export async function followTransaction(
  parts: TransactionParts,
  record: TransactionRecord,
  isFresh: boolean,
): Promise<Followed> {
  const follower = new Follower(parts, record, isFresh);
  for (;;) {
    parts.signal.throwIfAborted();
    try {
      const followed = await follower.advance();
      if (followed !== null) return followed;
    } catch (error) {
      if (!isPassing(error)) throw error;
      follower.alert("warn", `transaction-${error.code}`, { reason: error.message });
    }
    await parts.timer.sleep(follower.nextPollMs(), parts.signal);
  }
}

/** What the next look may find otherwise. */
function isPassing(error: unknown): error is ChainUnavailable | NodesDisagree | AccountCannotPay {
  return (
    error instanceof ChainUnavailable || error instanceof NodesDisagree || error instanceof AccountCannotPay
  );
}

/** What one look shows. */
interface Sight {
  readonly look: Look;
  readonly mined: MinedTransaction | null;
  /** Not mined by the word of most nodes, but some show it on a block. */
  readonly isDisputed: boolean;
}

/** The changing state of one transaction on its way. */
class Follower {
  readonly #parts: TransactionParts;
  #record: TransactionRecord;
  #isFresh: boolean;
  /** When this process first saw the newest attempt waiting. */
  #since: { readonly headNumber: bigint; readonly ms: number } | null = null;
  /** Height at which the contract was asked last: before the next block it has nothing new to say. */
  #askedAtHead: bigint | null = null;
  #isUnderpriced = false;
  #isUnfunded = false;
  #wasMined = false;
  #supersededLooks = 0;
  #pollMs = FIRST_POLL_MS;
  /** Between sendings of the newest attempt: nodes that drop or reject it will do so again. */
  readonly #resends = new Pauses(FIRST_POLL_MS, MAX_RESEND_MS);
  readonly #alertedAtMs = new Map<string, number>();

  constructor(parts: TransactionParts, record: TransactionRecord, isFresh: boolean) {
    this.#parts = parts;
    this.#record = record;
    this.#isFresh = isFresh;
  }

  nextPollMs(): number {
    const pollMs = this.#pollMs;
    this.#pollMs = Math.min(pollMs * 2, this.#parts.policy.pollMs);
    return pollMs;
  }

  /** One look and one step; null when there is more to come. */
  async advance(): Promise<Followed | null> {
    const { look, mined, isDisputed } = await this.#look();
    const step = nextStep(look, this.#policyNow());
    this.#supersededLooks = step.kind === "superseded" && !isDisputed ? this.#supersededLooks + 1 : 0;
    switch (step.kind) {
      case "confirmed":
        return mined === null ? null : this.#confirm(mined, step.depth);
      case "superseded":
        // The nonce is used, and one node at least says that it was used for this.
        if (isDisputed) this.alert("error", "transaction-receipt-disputed", {});
        return this.#supersededLooks < SUPERSEDED_LOOKS ? null : { kind: "superseded", record: this.#record };
      case "attempt":
        return this.#attempt(look, step);
      case "rebroadcast":
        return this.#rebroadcast(look);
      case "capped":
        return this.#capped(look);
      case "blocked":
        return { kind: "blocked", record: this.#record };
      case "wait":
        return null;
    }
  }

  /** A line at most every so often, because a stuck transaction is looked at again and again. */
  alert(level: "warn" | "error", event: string, fields: TelemetryFields): void {
    const { timer, telemetry, policy } = this.#parts;
    const nowMs = timer.nowMs();
    const lastMs = this.#alertedAtMs.get(event);
    if (lastMs !== undefined && nowMs - lastMs < policy.alertEveryMs) return;
    this.#alertedAtMs.set(event, nowMs);
    telemetry[level](event, { ...this.#named(), ...fields });
  }

  /** A cancellation may use the caps up to the last wei, an effect leaves room for one. */
  #policyNow(): TransactionPolicy {
    const { policy } = this.#parts;
    return this.#record.attempts.at(-1)?.kind === "cancellation" ? policy : effectPolicy(policy);
  }

  #named(): TelemetryFields {
    return { id: this.#record.id, nonce: this.#record.nonce, attempts: this.#record.attempts.length };
  }

  async #look(): Promise<Sight> {
    const { chain, policy, timer } = this.#parts;
    const { nonce, attempts } = this.#record;
    // The counts come first: a nonce that one of the attempts has taken by then shows its receipt afterwards.
    const state = await chain.state(policy.confirmations);
    const { mined, isDisputed } = await this.#findPlace();
    this.#noteFall(mined, state.headNumber);
    const newest = attempts.at(-1);
    const mayWait = mined === null && state.confirmedNonce <= nonce;
    const isKnown =
      newest !== undefined && (mined !== null || (mayWait && (await chain.isKnown(newest.hash))));
    this.#since ??= { headNumber: state.headNumber, ms: timer.nowMs() };
    this.#askedAtHead ??= state.headNumber;
    if (isKnown) {
      this.#isUnfunded = false;
      this.#resends.reset();
    }
    const look: Look = {
      nonce,
      lastFees: newest?.fees ?? null,
      inclusion: mined,
      headNumber: state.headNumber,
      confirmedNonce: state.confirmedNonce,
      settledNonce: state.settledNonce,
      isKnown,
      isUnderpriced: this.#isUnderpriced,
      isUnfunded: this.#isUnfunded,
      waitedBlocks: state.headNumber - this.#since.headNumber,
      waitedMs: timer.nowMs() - this.#since.ms,
      market: state.market,
    };
    return { look, mined, isDisputed };
  }

  async #findPlace(): Promise<Pick<Sight, "mined" | "isDisputed">> {
    let isDisputed = false;
    for (const { hash } of this.#record.attempts.toReversed()) {
      const place = await this.#parts.chain.place(hash);
      if (place.kind === "mined") return { mined: place.mined, isDisputed: false };
      isDisputed ||= place.kind === "disputed";
    }
    return { mined: null, isDisputed };
  }

  /** A transaction that was on the chain and is no more waits anew: it is not stuck. */
  #noteFall(mined: MinedTransaction | null, headNumber: bigint): void {
    if (this.#wasMined && mined === null) {
      this.alert("warn", "transaction-fell-out-of-the-chain", { headNumber });
      this.#since = { headNumber, ms: this.#parts.timer.nowMs() };
      this.#pollMs = FIRST_POLL_MS;
    }
    this.#wasMined = mined !== null;
  }

  #confirm(mined: MinedTransaction, depth: bigint): Followed {
    const attempt = this.#record.attempts.find(({ hash }) => hash === mined.hash);
    if (attempt === undefined)
      throw new Error(`the chain answered with ${mined.hash}, which was not asked for`);
    return { kind: "mined", record: this.#record, attempt, mined, depth };
  }

  async #attempt(
    look: Look,
    { fees, reason }: Extract<NextStep, { kind: "attempt" }>,
  ): Promise<Followed | null> {
    const newest = this.#record.attempts.at(-1);
    if (newest?.kind === "cancellation") {
      await this.#signAndSend(look, fees, "cancellation", reason);
      return null;
    }
    const refusal = await this.#refusalNow(look);
    if (refusal !== null && newest === undefined) return { kind: "refused", record: this.#record, refusal };
    await this.#signAndSend(look, fees, refusal === null ? "effect" : "cancellation", reason);
    return null;
  }

  async #rebroadcast(look: Look): Promise<Followed | null> {
    const newest = this.#record.attempts.at(-1);
    if (newest === undefined) return null;
    if ((await this.#refusalSince(look)) === null) await this.#sendAgain(newest, look);
    // Nobody holds it and the contract no longer wants it: the nonce is freed by a transfer of nothing.
    else await this.#signAndSend(look, newest.fees, "cancellation", "dropped");
    return null;
  }

  async #capped(look: Look): Promise<Followed | null> {
    const { policy } = this.#parts;
    const { maxFeePerGasCapWei, maxPriorityFeePerGasCapWei } = policy;
    const { baseFeeWei } = look.market;
    const caps = { maxFeePerGasCapWei, maxPriorityFeePerGasCapWei };
    this.alert("error", "transaction-fee-capped", { ...caps, baseFeeWei });
    const newest = this.#record.attempts.at(-1);
    const refusal = await this.#refusalSince(look);
    if (newest === undefined)
      return refusal === null ? null : { kind: "refused", record: this.#record, refusal };
    // What the contract no longer wants would be mined, and revert, once fees fall.
    const fees =
      refusal === null
        ? null
        : look.isKnown
          ? replacementFees(newest.fees, look.market, policy)
          : newest.fees;
    if (fees !== null) await this.#signAndSend(look, fees, "cancellation", "capped");
    else if (!look.isKnown) await this.#sendAgain(newest, look);
    return null;
  }

  /**
   * Why the contract refuses the effect, asked once a block: a simulation on the head does not know the head's own hash, which a report may
   * name, until the next block. Null when it accepts, when there is nothing new to ask, and for a cancellation, which no contract sees.
   */
  async #refusalSince(look: Look): Promise<Refusal | null> {
    if (this.#record.attempts.at(-1)?.kind === "cancellation") return null;
    return look.headNumber > (this.#askedAtHead ?? look.headNumber) ? this.#refusalNow(look) : null;
  }

  /** Why the contract refuses the effect now; null when it accepts it. */
  async #refusalNow({ headNumber }: Look): Promise<Refusal | null> {
    this.#askedAtHead = headNumber;
    if (this.#isFresh) {
      this.#isFresh = false;
      return null;
    }
    const { to, data, attempts } = this.#record;
    const on = attempts.length === 0 ? "next-block" : "head";
    const simulation = await this.#parts.chain.simulate(to, data, on);
    if (simulation.kind === "refused") return simulation;
    this.#record = { ...this.#record, gasLimit: simulation.gasLimit };
    return null;
  }

  async #signAndSend(
    look: Look,
    fees: Fees,
    kind: TransactionAttempt["kind"],
    reason: string,
  ): Promise<void> {
    const { chain, log, telemetry } = this.#parts;
    const { to, data, nonce, gasLimit, attempts } = this.#record;
    const body =
      kind === "effect"
        ? { to, data, gasLimit }
        : { to: chain.from, data: "0x" as const, gasLimit: CANCELLATION_GAS };
    const signed = await chain.sign({ ...body, nonce, fees });
    const attempt: TransactionAttempt = { kind, ...signed, fees };
    this.#record = { ...this.#record, attempts: [...attempts, attempt] };
    await log.saveTransaction(this.#record);
    telemetry.info("transaction-signed", {
      ...this.#named(),
      kind,
      reason,
      hash: signed.hash,
      maxFeePerGasWei: fees.maxFeePerGasWei,
    });
    this.#since = { headNumber: look.headNumber, ms: this.#parts.timer.nowMs() };
    // A chain that mines at once is looked at again at once, unless it took nothing.
    if (await this.#send(attempt, look)) this.#pollMs = FIRST_POLL_MS;
  }

  /** Sends what no node holds. */
  async #sendAgain(attempt: TransactionAttempt, look: Look): Promise<void> {
    if (!this.#resends.isDue(this.#parts.timer.nowMs())) return;
    this.alert("warn", "transaction-sent-again", { hash: attempt.hash });
    await this.#send(attempt, look);
  }

  /** @returns whether a node took it */
  async #send({ raw, hash }: TransactionAttempt, { market, headNumber }: Look): Promise<boolean> {
    this.#resends.begin(this.#parts.timer.nowMs());
    const answer = await this.#parts.chain.broadcast(raw);
    // Only now does it wait for a block.
    if (this.#isUnfunded && answer.kind === "taken")
      this.#since = { headNumber, ms: this.#parts.timer.nowMs() };
    this.#isUnderpriced = answer.kind === "underpriced";
    this.#isUnfunded = answer.kind === "unfunded";
    if (answer.kind === "unfunded" || answer.kind === "rejected") {
      const event = answer.kind === "unfunded" ? "transaction-account-cannot-pay" : "transaction-rejected";
      this.alert("error", event, { hash, reason: answer.reason, baseFeeWei: market.baseFeeWei });
    }
    return answer.kind === "taken";
  }
}
