import { requireWithin } from "../errors.ts";
import { BPS } from "../units.ts";
import type { SumKernel } from "./kernel.ts";
import { priceInstruments } from "./instrument-pnl.ts";
import type { RevaluationPlan } from "./plan.ts";
import { selectSmallest } from "./smallest.ts";

/** Confidences at which the tails of all accounts are taken, in basis points. */
export interface TailConfidences {
  readonly varConfidenceBps: number;
  readonly esConfidenceBps: number;
}

/** Losses per account, USD; negative where even the tail gains. */
export interface AccountTails {
  readonly valueAtRisk: Float64Array;
  readonly expectedShortfall: Float64Array;
}

/** Accounts from `from` to `to`, excluded. */
export interface AccountRange {
  readonly from: number;
  readonly to: number;
}

/** Candidates kept of each account, as a multiple of its tail: selecting among them costs little per scenario. */
const CAPACITY_PER_TAIL = 2;

/** Scenarios in the tail of a confidence: k = ceil((1 - confidence) N), the house's convention, in integers. */
export function tailLength(scenarios: number, confidenceBps: number): number {
  requireWithin("confidenceBps", confidenceBps, 0, BPS - 1);
  return Math.ceil(((BPS - confidenceBps) * scenarios) / BPS);
}

/** Bytes of candidates that an account needs while scenarios stream by. */
export function candidateBytes(scenarios: number, confidences: TailConfidences): number {
  return CAPACITY_PER_TAIL * longestTail(scenarios, confidences) * Float64Array.BYTES_PER_ELEMENT;
}

function longestTail(scenarios: number, confidences: TailConfidences): number {
  return Math.max(
    tailLength(scenarios, confidences.varConfidenceBps),
    tailLength(scenarios, confidences.esConfidenceBps),
  );
}

/**
 * VaR and expected shortfall of a range of accounts by full revaluation. Scenarios stream by in chunks of the kernel's length: each
 * chunk prices every instrument once, sums the rows of each account and keeps its worst scenarios so far, so that memory is the
 * kernel's plus `candidateBytes` per account, however many scenarios there are.
 * @returns a generator that yields after each chunk, the number of scenarios done, and returns the tails
 */
export function* streamAccountTails(
  plan: RevaluationPlan,
  { from, to }: AccountRange,
  confidences: TailConfidences,
  kernel: SumKernel,
): Generator<number, AccountTails, undefined> {
  const { scenarios, accounts } = plan;
  const tail = longestTail(scenarios, confidences);
  const worst = new WorstScenarios(to - from, tail);
  for (let first = 0; first < scenarios; first += kernel.chunk) {
    const last = Math.min(scenarios, first + kernel.chunk);
    priceInstruments(plan, first, last, kernel.rows, kernel.chunk);
    for (let account = from; account < to; account++) {
      kernel.sum(accounts, accounts.offsets[account]!, accounts.offsets[account + 1]!);
      worst.add(account - from, kernel.sums, last - first);
    }
    yield last;
  }
  return worst.tails(
    tailLength(scenarios, confidences.varConfidenceBps),
    tailLength(scenarios, confidences.esConfidenceBps),
  );
}

/** The worst P&L of each account so far. */
class WorstScenarios {
  readonly #tail: number;
  readonly #capacity: number;
  readonly #candidates: Float64Array;
  readonly #counts: Int32Array;
  /** What a scenario must stay below to be among the worst; infinite until there are enough. */
  readonly #limits: Float64Array;

  constructor(accounts: number, tail: number) {
    this.#tail = tail;
    this.#capacity = CAPACITY_PER_TAIL * tail;
    this.#candidates = new Float64Array(accounts * this.#capacity);
    this.#counts = new Int32Array(accounts);
    this.#limits = new Float64Array(accounts).fill(Infinity);
  }

  add(account: number, pnl: Float64Array, count: number): void {
    const start = account * this.#capacity;
    let limit = this.#limits[account]!;
    let held = this.#counts[account]!;
    for (let scenario = 0; scenario < count; scenario++) {
      const value = pnl[scenario]!;
      if (value >= limit) continue;
      this.#candidates[start + held] = value;
      held++;
      if (held === this.#capacity) {
        selectSmallest(this.#candidates, start, start + held, this.#tail);
        held = this.#tail;
        limit = this.#candidates[start + held - 1]!;
      }
    }
    this.#counts[account] = held;
    this.#limits[account] = limit;
  }

  tails(varLength: number, esLength: number): AccountTails {
    const accounts = this.#counts.length;
    const valueAtRisk = new Float64Array(accounts);
    const expectedShortfall = new Float64Array(accounts);
    for (let account = 0; account < accounts; account++) {
      const start = account * this.#capacity;
      const end = start + this.#counts[account]!;
      selectSmallest(this.#candidates, start, end, esLength);
      let sum = 0;
      for (let place = start; place < start + esLength; place++) sum += this.#candidates[place]!;
      expectedShortfall[account] = -sum / esLength;
      selectSmallest(this.#candidates, start, end, varLength);
      valueAtRisk[account] = -this.#candidates[start + varLength - 1]!;
    }
    return { valueAtRisk, expectedShortfall };
  }
}
