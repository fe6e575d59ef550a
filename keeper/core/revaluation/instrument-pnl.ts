import { MAX_LOG_VOL_MULTIPLIER } from "../report/grid.ts";
import { fastNormalCdf } from "../pricing/fast-normal.ts";
import type { MarketMoves, RevaluationPlan, RevaluedInstrument } from "./plan.ts";

type Priced = Pick<RevaluationPlan, "instruments" | "markets">;

/** Scratch memory of a chunk: what scenarios of one market and one expiry share. */
interface SharedMoves {
  readonly growth: readonly Float64Array[];
  readonly volMultiplier: Float64Array;
}

/**
 * Prices every instrument in the scenarios from `from` to `to` and writes P&L of one unit, USD: row i of `rows` holds instrument
 * i, its first element scenario `from`. What scenarios share is computed once: growth per market, vol multipliers per expiry as
 * long as its instruments follow each other. Black-76 with a tabled cdf: absolute error below 1e-13 of the forward.
 * @param rows instruments times `stride` numbers, `stride` at least `to` - `from`
 */
export function priceInstruments(
  { instruments, markets }: Priced,
  from: number,
  to: number,
  rows: Float64Array,
  stride: number,
): void {
  const count = to - from;
  const moves = markets.map(({ logReturns, volShocks }) => ({
    logReturns: logReturns.subarray(from, to),
    volShocks: volShocks.subarray(from, to),
  }));
  const shared: SharedMoves = {
    growth: moves.map(({ logReturns }) => logReturns.map((move) => Math.exp(move))),
    volMultiplier: new Float64Array(count),
  };
  let last: RevaluedInstrument | undefined;
  for (const [row, instrument] of instruments.entries()) {
    const growth = shared.growth[instrument.market]!;
    const out = rows.subarray(row * stride, row * stride + count);
    if (instrument.kind === "linear") {
      for (let s = 0; s < count; s++) out[s] = instrument.forward * growth[s]! - instrument.mark;
      continue;
    }
    const market = moves[instrument.market]!;
    if (last?.market !== instrument.market || last.volTerm !== instrument.volTerm) {
      fillVolMultipliers(market, instrument.volTerm, shared.volMultiplier);
      last = instrument;
    }
    priceOption(instrument, market.logReturns, growth, shared.volMultiplier, out);
  }
}

function fillVolMultipliers({ volShocks }: MarketMoves, volTerm: number, out: Float64Array): void {
  for (let s = 0; s < out.length; s++) {
    const exponent = volShocks[s]! * volTerm;
    out[s] = Math.exp(Math.min(MAX_LOG_VOL_MULTIPLIER, Math.max(-MAX_LOG_VOL_MULTIPLIER, exponent)));
  }
}

function priceOption(
  { kind, forward, strike, discount, totalVol, mark }: RevaluedInstrument,
  logReturns: Float64Array,
  growth: Float64Array,
  volMultiplier: Float64Array,
  out: Float64Array,
): void {
  const logMoneyness = strike > 0 ? Math.log(forward / strike) : Number.MAX_VALUE;
  const parity = kind === "call" ? 0 : 1;
  for (let s = 0; s < out.length; s++) {
    const sd = totalVol * volMultiplier[s]!;
    const d1 = (logMoneyness + logReturns[s]!) / sd + 0.5 * sd;
    const shocked = forward * growth[s]!;
    const call = shocked * fastNormalCdf(d1) - strike * fastNormalCdf(d1 - sd);
    out[s] = discount * Math.max(0, call - parity * (shocked - strike)) - mark;
  }
}
