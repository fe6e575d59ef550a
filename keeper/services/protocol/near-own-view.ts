import { deviationBps } from "../../core/protocol/report-need.ts";
import type { MarketsView } from "../../core/report/aggregate.ts";
import type { MarketObservation } from "../../core/report/quantise.ts";
import { marketsOfReport } from "../../core/report/report-mark.ts";
import { comparedPlaces, totalVolE9 } from "../../core/report/surface-choice.ts";
import type { RiskReport } from "../../core/report/typed-data.ts";
import type { SmileFields } from "../../core/report/words.ts";
import { SigningRefused } from "./parts.ts";

/** Largest distance of a proposed spot, forward, discount or coin from a keeper's own, in bps, at which it still signs. */
const MAX_PRICE_DEVIATION_BPS = 200n;
/** The same of volatility forecasts: keepers with other sources of hours differ more in them. */
const MAX_FORECAST_DEVIATION_BPS = 5_000n;
/** The same of a slice's total volatility at the money, and what is added with each half of it to either side: there fewer quotes tell it. */
const MAX_SMILE_DEVIATION_BPS = 1_500n;
const MAX_SMILE_DEVIATION_BPS_PER_HALF = 625n;
/** A smaller distance of total volatility counts for nothing: at the money it moves a price by 10 bps of the spot. */
const MIN_SMILE_DISTANCE_E9 = 2_500_000n;
const BPS = 10_000n;

/** @throws SigningRefused naming the first value of the report that is too far from this keeper's own view */
export function requireNearOwn(
  report: Pick<RiskReport, "pegBps" | "markets" | "smiles">,
  own: MarketsView,
): void {
  requireNear("settlement coin", BigInt(report.pegBps), BigInt(own.pegBps), MAX_PRICE_DEVIATION_BPS);
  const markets = new Map(marketsOfReport(report).map((each) => [each.market.market, each]));
  if (markets.size !== own.markets.length) throw new SigningRefused("the report lists other markets");
  for (const seen of own.markets) {
    const proposed = markets.get(seen.market.market);
    if (proposed === undefined) throw new SigningRefused("the report lists other markets");
    requireMarketNear(proposed, seen);
  }
}

function requireMarketNear(proposed: MarketObservation, own: MarketObservation): void {
  const name = `market ${own.market.market.toString()}`;
  requireNear(`${name}: spot`, proposed.market.spotE8, own.market.spotE8, MAX_PRICE_DEVIATION_BPS);
  requireNear(`${name}: forecast`, proposed.market.sigmaE9, own.market.sigmaE9, MAX_FORECAST_DEVIATION_BPS);
  requireNear(`${name}: vol of vol`, proposed.market.psiE9, own.market.psiE9, MAX_FORECAST_DEVIATION_BPS);
  const slices = new Map(own.smiles.map((smile) => [smile.expiryHour, smile]));
  for (const smile of proposed.smiles) {
    const seen = slices.get(smile.expiryHour);
    if (seen !== undefined)
      requireSliceNear(`${name}, hour ${smile.expiryHour.toString()}`, smile, seen, own.market.sigmaE9);
  }
}

function requireSliceNear(name: string, proposed: SmileFields, own: SmileFields, sigmaE9: bigint): void {
  requireNear(`${name}: forward ratio`, proposed.forwardRatioE8, own.forwardRatioE8, MAX_PRICE_DEVIATION_BPS);
  requireNear(`${name}: discount`, proposed.discountE9, own.discountE9, MAX_PRICE_DEVIATION_BPS);
  for (const { kE9, halves } of comparedPlaces(totalVolE9(own, 0n), sigmaE9)) {
    const [vol, ownVol] = [totalVolE9(proposed, kE9), totalVolE9(own, kE9)];
    const distance = vol > ownVol ? vol - ownVol : ownVol - vol;
    const maxBps = MAX_SMILE_DEVIATION_BPS + halves * MAX_SMILE_DEVIATION_BPS_PER_HALF;
    if (distance <= MIN_SMILE_DISTANCE_E9 || distance * BPS <= ownVol * maxBps) continue;
    throw new SigningRefused(
      `${name}: total volatility ${vol.toString()} against own ${ownVol.toString()} at log-moneyness ${kE9.toString()} * 1e-9`,
    );
  }
}

function requireNear(what: string, value: bigint, own: bigint, maxBps: bigint): void {
  if (deviationBps(value, own) > maxBps)
    throw new SigningRefused(`${what} ${value.toString()} against own ${own.toString()}`);
}
