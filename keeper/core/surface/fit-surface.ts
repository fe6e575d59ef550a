import { requireWithin } from "../errors.ts";
import { SECONDS_PER_YEAR } from "../units.ts";
import { repairCalendar, type CalendarRepair } from "./calendar.ts";
import type { FitReport, SviFit } from "./fit-report.ts";
import { impliedForward } from "./forward.ts";
import {
  isStale,
  selectSmilePoints,
  type OptionQuote,
  type QuoteRejection,
  type SmilePoint,
} from "./quotes.ts";
import { powerLawPhi } from "./ssvi.ts";
import { fitSsvi, MIN_SSVI_POINTS, ssviShape } from "./ssvi-fit.ts";
import { DENSITY_FLOOR, fitSvi, MIN_FIT_POINTS } from "./svi-fit.ts";
import { totalVariance, type SviSlice } from "./svi.ts";

/** One market's option quotes at one time. Prices and spot in USD per unit of underlying. */
export interface ChainQuotes {
  readonly spot: number;
  readonly quotes: readonly OptionQuote[];
}

/** What the fit of one expiry met and did. */
interface ExpiryReport extends FitReport {
  /** Call-put pairs behind the forward. */
  readonly parityPairs: number;
  /** Median absolute error of put-call parity as a share of the forward. */
  readonly parityError: number;
  readonly calendarRepair: CalendarRepair;
  /** Rejected quotes by reason. */
  readonly rejected: Readonly<Partial<Record<QuoteRejection, number>>>;
}

/** One expiry of a surface. */
export interface FittedExpiry {
  /** Unix seconds. */
  readonly expirySeconds: number;
  /** Years of 365 days from the time of the quotes. */
  readonly tauYears: number;
  readonly forward: number;
  readonly discount: number;
  /** Total variance at the time of the quotes. */
  readonly svi: SviSlice;
  readonly report: ExpiryReport;
}

/** Why an expiry of the chain has no slice. */
type DroppedReason = "expired" | "no-forward" | "too-few-quotes";

/** A volatility surface free of butterfly and calendar arbitrage, expiries in rising order. */
export interface Surface {
  readonly expiries: readonly FittedExpiry[];
  readonly dropped: readonly { readonly expirySeconds: number; readonly reason: DroppedReason }[];
}

/** Less time than this before expiry, quotes say more about the fixing than about volatility. */
const MIN_SECONDS_TO_EXPIRY = 3_600;

/** Exponent of the curvature's power law by which an expiry takes over its neighbour's shape. */
const POWER_LAW_EXPONENT = 0.5;

interface PreparedExpiry {
  readonly code: "prepared";
  readonly expirySeconds: number;
  readonly tauYears: number;
  readonly forward: number;
  readonly discount: number;
  readonly parityPairs: number;
  readonly parityError: number;
  readonly points: readonly SmilePoint[];
  readonly rejected: Readonly<Partial<Record<QuoteRejection, number>>>;
}

/** An expiry ready for the calendar repair. */
interface FitExpiry extends PreparedExpiry {
  readonly fit: SviFit;
}

type Prepared = PreparedExpiry | { readonly code: DroppedReason };

/**
 * Option quotes to a surface: per expiry forward and discount by put-call parity, implied vols of the out-of-the-money
 * mids, an arbitrage-free SVI slice, for expiries with too few quotes one of surface SVI shaped like their nearest neighbour,
 * then calendar arbitrage removed across expiries.
 * @param nowSeconds unix seconds of the quotes
 * @throws CoreError `argument-out-of-domain` for a spot that is not positive; bad quotes and expiries never throw
 */
export function fitSurface(chain: ChainQuotes, nowSeconds: number): Surface {
  requireWithin("spot", chain.spot, Number.MIN_VALUE, Number.MAX_VALUE);
  const byExpiry = new Map<number, OptionQuote[]>();
  for (const quote of chain.quotes) {
    const expiry = byExpiry.get(quote.expirySeconds);
    if (expiry === undefined) byExpiry.set(quote.expirySeconds, [quote]);
    else expiry.push(quote);
  }
  const prepared: PreparedExpiry[] = [];
  const dropped: { expirySeconds: number; reason: DroppedReason }[] = [];
  for (const expirySeconds of [...byExpiry.keys()].sort((left, right) => left - right)) {
    const outcome = prepareExpiry(byExpiry.get(expirySeconds) ?? [], chain.spot, expirySeconds, nowSeconds);
    if (outcome.code === "prepared") prepared.push(outcome);
    else dropped.push({ expirySeconds, reason: outcome.code });
  }
  const fits = fitExpiries(prepared);
  for (const { expirySeconds } of prepared)
    if (!fits.some((fit) => fit.expirySeconds === expirySeconds))
      dropped.push({ expirySeconds, reason: "too-few-quotes" });
  const entries = repairCalendar(
    fits.map(({ tauYears, points, fit }) => ({ tauYears, points, fit, repair: "none" as const })),
  );
  const expiries = fits.map((expiry, index): FittedExpiry => {
    const { fit, repair } = entries[index] ?? { fit: expiry.fit, repair: "none" };
    const { expirySeconds, tauYears, forward, discount, parityPairs, parityError, rejected } = expiry;
    const report = { ...fit.report, parityPairs, parityError, calendarRepair: repair, rejected };
    return { expirySeconds, tauYears, forward, discount, svi: fit.svi, report };
  });
  dropped.sort((left, right) => left.expirySeconds - right.expirySeconds);
  return { expiries, dropped };
}

/** SVI where the quotes determine it; surface SVI where a neighbour lends its shape; expiries without either are left out. */
function fitExpiries(prepared: readonly PreparedExpiry[]): readonly FitExpiry[] {
  const quoted = prepared.filter(({ points }) => points.length >= MIN_FIT_POINTS);
  return prepared.flatMap((expiry): readonly FitExpiry[] => {
    const { points, tauYears } = expiry;
    if (points.length >= MIN_FIT_POINTS) return [{ ...expiry, fit: fitSvi(points, tauYears) }];
    const distance = (other: PreparedExpiry): number => Math.abs(Math.log(other.tauYears / tauYears));
    const nearest = quoted.toSorted((left, right) => distance(left) - distance(right))[0];
    if (nearest === undefined) return [];
    const shape = ssviShape(nearest.points, nearest.tauYears, DENSITY_FLOOR);
    const theta = (shape.theta * tauYears) / nearest.tauYears;
    const eta = shape.phi * shape.theta ** POWER_LAW_EXPONENT;
    const prior = { theta, rho: shape.rho, phi: powerLawPhi(theta, eta, POWER_LAW_EXPONENT) };
    return [{ ...expiry, fit: fitSsvi(points, tauYears, DENSITY_FLOOR, prior) }];
  });
}

function prepareExpiry(
  listed: readonly OptionQuote[],
  spot: number,
  expirySeconds: number,
  nowSeconds: number,
): Prepared {
  if (!(expirySeconds - nowSeconds >= MIN_SECONDS_TO_EXPIRY)) return { code: "expired" };
  const tauYears = (expirySeconds - nowSeconds) / SECONDS_PER_YEAR;
  const quotes = listed.filter((quote) => !isStale(quote, nowSeconds));
  const implied = impliedForward(quotes, spot, tauYears);
  if (implied === undefined) return { code: "no-forward" };
  const { forward, discount, pairs, parityError } = implied;
  const { points, rejected } = selectSmilePoints(quotes, { forward, discount, tauYears });
  if (points.length < MIN_SSVI_POINTS) return { code: "too-few-quotes" };
  const counts: Partial<Record<QuoteRejection, number>> = {};
  if (quotes.length < listed.length) counts.stale = listed.length - quotes.length;
  for (const { reason } of rejected) counts[reason] = (counts[reason] ?? 0) + 1;
  return {
    code: "prepared",
    expirySeconds,
    tauYears,
    forward,
    discount,
    parityPairs: pairs,
    parityError,
    points,
    rejected: counts,
  };
}

/**
 * At-the-money implied vol for a time to expiry, total variance interpolated linearly between expiries and the vol of
 * the nearest expiry held beyond the ends. The 30-day value is the index the vol-of-vol forecast is fitted to.
 * @returns annual vol (fraction), or null for a surface without expiries
 */
export function atTheMoneyVol(surface: Surface, tauYears: number): number | null {
  const nodes = surface.expiries.map((expiry) => ({
    tauYears: expiry.tauYears,
    variance: totalVariance(expiry.svi, 0),
  }));
  const after = nodes.find((node) => node.tauYears >= tauYears) ?? nodes.at(-1);
  const before = nodes.findLast((node) => node.tauYears <= tauYears) ?? nodes[0];
  if (after === undefined || before === undefined) return null;
  if (after.tauYears <= before.tauYears) return Math.sqrt(before.variance / before.tauYears);
  const share = (tauYears - before.tauYears) / (after.tauYears - before.tauYears);
  const variance = before.variance + share * (after.variance - before.variance);
  return Math.sqrt(variance / tauYears);
}
