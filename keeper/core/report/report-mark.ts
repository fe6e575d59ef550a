import type { MarketObservation } from "./quantise.ts";
import type { Smile } from "./market-state.ts";
import { RATIO_SCALE, SECONDS_PER_HOUR } from "./market-state.ts";
import type { RiskReport } from "./typed-data.ts";
import { unpackMarketWord, unpackSmileWord } from "./words.ts";

/** What is compared of a market from report to report. */
export interface MarketMark {
  readonly spotE8: bigint;
  readonly sigmaE9: bigint;
  /** Forward over spot by expiry hour, in rising order of expiry. */
  readonly forwardRatiosE8: ReadonlyMap<bigint, bigint>;
}

/** The report that a new one is measured against: the chain's, or a signed one on its way there. */
export interface ReportMark {
  readonly observedAtSeconds: number;
  readonly markets: ReadonlyMap<number, MarketMark>;
}

/** The marks of a report. */
export function markOfReport(report: Pick<RiskReport, "observedAt" | "markets" | "smiles">): ReportMark {
  const markets = marketsOfReport(report).map(markOfMarket);
  return { observedAtSeconds: report.observedAt, markets: new Map(markets) };
}

/** The markets of a report, taken apart. */
export function marketsOfReport({
  markets,
  smiles,
}: Pick<RiskReport, "markets" | "smiles">): readonly MarketObservation[] {
  let next = 0;
  return markets.map((word) => {
    const market = unpackMarketWord(word);
    const own = smiles.slice(next, next + Number(market.smileCount)).map(unpackSmileWord);
    next += own.length;
    return { market, smiles: own };
  });
}

/** A market's number and its mark. */
function markOfMarket({ market, smiles }: MarketObservation): readonly [number, MarketMark] {
  const { spotE8, sigmaE9 } = market;
  const forwardRatiosE8 = new Map(
    smiles.map(({ expiryHour, forwardRatioE8 }) => [expiryHour, forwardRatioE8]),
  );
  return [Number(market.market), { spotE8, sigmaE9, forwardRatiosE8 }];
}

/** The mark of a market as the chain stores it. */
export function markOfStored(stored: {
  readonly spotE8: bigint;
  readonly sigmaE9: bigint;
  readonly smiles: readonly Smile[];
}): MarketMark {
  const { spotE8, sigmaE9, smiles } = stored;
  const forwardRatiosE8 = new Map(
    smiles.map(({ expiry, forwardRatio }) => [
      BigInt(expiry / SECONDS_PER_HOUR),
      BigInt(Math.round(forwardRatio * RATIO_SCALE)),
    ]),
  );
  return { spotE8, sigmaE9, forwardRatiosE8 };
}
