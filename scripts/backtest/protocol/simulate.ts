import { advanceAuction, auctionPrice, healthOf, openAuction, type Auction } from "./auction.ts";
import type { RelativeBook } from "./books.ts";
import { INITIAL_FACTOR, LIQUIDATION } from "./parameters.ts";

/** What bidders ask per unit of gross notional: a fixed cost of hedging and half a quarter-hour's standard deviation. */
const HEDGE_COST = 0.001;
const RISK_SHARE = 0.5;
const QUARTER_HOURS_PER_DAY = 96;
const CAPACITY_SECONDS = 900;
/** Accounts open at the first report of every hour: with one opening a day, bad debt hangs on a handful of moments. */
const OPENING_SECONDS = 3_600;
const DUST_SHARE = 1e-9;

/** Measures of all books at all reports of an episode: [report * books + book]. */
export interface EpisodeMeasures {
  readonly seconds: readonly number[];
  /** Largest posted daily volatility of the markets at each report. */
  readonly dailyVols: Float64Array;
  readonly value: Float64Array;
  readonly grossUsd: Float64Array;
  /** By model. */
  readonly maintenance: readonly Float64Array[];
}

/** What became of a group of accounts. */
export interface Outcome {
  /** Initial margin required at opening, and gross notional then, USD. */
  capital: number;
  notional: number;
  /** What the fund paid: debts and subsidies. */
  badDebt: number;
  liquidated: number;
  accounts: number;
  called: number;
  insolvent: number;
}

export function noOutcome(): Outcome {
  return { capital: 0, notional: 0, badDebt: 0, liquidated: 0, accounts: 0, called: 0, insolvent: 0 };
}

interface Account {
  readonly book: number;
  cash: number;
  /** Share of the book still held. */
  share: number;
  auction: Auction | undefined;
  wasCalled: boolean;
  wasInsolvent: boolean;
}

/**
 * Accounts open every book at the first report of every hour with equity = factor * initial margin * surplus, top up nothing, and live to the end under
 * the rules of the contracts. `factor` scales the model's margin.
 */
export function simulate(
  books: readonly RelativeBook[],
  measures: EpisodeMeasures,
  model: number,
  { factor, bidderCapacity, kind }: ProtocolSettings,
): Outcome {
  const outcome = noOutcome();
  let lastOpening = -1;
  for (const [start, seconds] of measures.seconds.entries()) {
    const opening = Math.floor(seconds / OPENING_SECONDS);
    // An account opened at the last report has no life.
    if (opening === lastOpening || start === measures.seconds.length - 1) continue;
    lastOpening = opening;
    runCohort({ books, measures, model, factor, bidderCapacity, kind, start }, outcome);
  }
  return outcome;
}

export interface ProtocolSettings {
  /** Scales the model's margin. */
  readonly factor: number;
  /** Bidders together take on at most this share of the gross notional at opening per quarter of an hour. */
  readonly bidderCapacity: number;
  readonly kind: RelativeBook["kind"];
}

interface Cohort extends ProtocolSettings {
  readonly books: readonly RelativeBook[];
  readonly measures: EpisodeMeasures;
  readonly model: number;
  /** Report at which it opens. */
  readonly start: number;
}

function runCohort(cohort: Cohort, outcome: Outcome): void {
  const { books, measures, start } = cohort;
  const accounts = openAccounts(cohort, outcome);
  const limit =
    cohort.bidderCapacity *
    accounts.reduce((sum, { book }) => sum + measures.grossUsd[start * books.length + book]!, 0);
  let capacity = limit;
  for (let report = start + 1; report < measures.seconds.length; report++) {
    const elapsed = measures.seconds[report]! - measures.seconds[report - 1]!;
    capacity = Math.min(limit, capacity + (limit * elapsed) / CAPACITY_SECONDS);
    capacity -= liquidateWorstFirst(cohort, accounts, report, capacity, outcome);
  }
  closeInsolvent(cohort, accounts, outcome);
}

function openAccounts({ books, measures, model, factor, kind, start }: Cohort, outcome: Outcome): Account[] {
  return books.flatMap((book, index): Account[] => {
    if (book.kind !== kind) return [];
    const at = start * books.length + index;
    const initial = INITIAL_FACTOR * factor * measures.maintenance[model]![at]!;
    const target = outcome;
    target.capital += initial;
    target.notional += measures.grossUsd[at]!;
    target.accounts++;
    const cash = initial * book.surplus - measures.value[at]!;
    return [{ book: index, cash, share: 1, auction: undefined, wasCalled: false, wasInsolvent: false }];
  });
}

interface CalledAccount {
  readonly account: Account;
  readonly equity: number;
  readonly maintenance: number;
}

/** Calls accounts below one and sells slices of the called ones, worst health first, within the bidders' capacity. */
function liquidateWorstFirst(
  { books, measures, model, factor }: Cohort,
  accounts: readonly Account[],
  report: number,
  capacityUsd: number,
  outcome: Outcome,
): number {
  const now = measures.seconds[report]!;
  const called: CalledAccount[] = [];
  for (const account of accounts) {
    if (account.share <= DUST_SHARE) continue;
    const at = report * books.length + account.book;
    const equity = account.cash + account.share * measures.value[at]!;
    const maintenance = factor * account.share * measures.maintenance[model]![at]!;
    if (account.auction === undefined) {
      if (equity >= maintenance) continue;
      account.auction = openAuction(now);
      markCalled(account, outcome);
      advanceAuction(account.auction, equity, maintenance, now);
      continue;
    }
    advanceAuction(account.auction, equity, maintenance, now);
    called.push({ account, equity, maintenance });
  }
  called.sort((a, b) => healthOf(a.equity, a.maintenance) - healthOf(b.equity, b.maintenance));
  let used = 0;
  for (const one of called) {
    const at = report * books.length + one.account.book;
    const grossUsd = one.account.share * measures.grossUsd[at]!;
    used += sell(one, grossUsd, measures.dailyVols[report]!, now, capacityUsd - used, outcome);
  }
  return used;
}

function markCalled(account: Account, outcome: Outcome): void {
  if (account.wasCalled) return;
  const [it, target] = [account, outcome];
  it.wasCalled = true;
  target.called++;
}

/** Sells what a bidder takes of a called account now; returns the notional moved. */
function sell(
  { account, equity, maintenance }: CalledAccount,
  grossUsd: number,
  dailyVol: number,
  now: number,
  capacityUsd: number,
  outcome: Outcome,
): number {
  const auction = account.auction;
  if (auction === undefined) return 0;
  const [it, target] = [account, outcome];
  const health = healthOf(equity, maintenance);
  const price = auctionPrice(auction, health, grossUsd, now);
  if (price.maxShare === 0) {
    it.auction = undefined;
    return 0;
  }
  if (auction.insolventSince !== undefined && !account.wasInsolvent) {
    it.wasInsolvent = true;
    target.insolvent++;
  }
  const asked = (HEDGE_COST + RISK_SHARE * dailyVol * Math.sqrt(1 / QUARTER_HOURS_PER_DAY)) * grossUsd;
  if (price.discount * maintenance < asked || capacityUsd <= 0) return 0;
  const share = Math.min(price.maxShare, capacityUsd / grossUsd);
  const sold = share * maintenance;
  const debt = Math.max(0, -equity);
  target.badDebt += share * debt + price.subsidy * sold;
  target.liquidated += share * grossUsd;
  // The owner keeps his cash but for the moved part of equity: cash' = equity' - what the kept positions are worth.
  const equityAfter = equity + share * debt - price.ownerCost * sold;
  const valueKept = (equity - account.cash) * (1 - share);
  it.cash = equityAfter - valueKept;
  it.share *= 1 - share;
  if (it.share <= DUST_SHARE || healthOf(equityAfter, maintenance - sold) >= LIQUIDATION.targetHealth)
    it.auction = undefined;
  return share * grossUsd;
}

/** Debts that are still open when the episode ends count as the fund's. */
function closeInsolvent({ books, measures }: Cohort, accounts: readonly Account[], outcome: Outcome): void {
  const last = measures.seconds.length - 1;
  const target = outcome;
  for (const { book, cash, share } of accounts) {
    const equity = cash + share * measures.value[last * books.length + book]!;
    target.badDebt += Math.max(0, -equity);
  }
}
