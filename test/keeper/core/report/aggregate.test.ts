import { expect } from "chai";
import { NO_ACCOUNT_ROOT } from "../../../../keeper/core/report/account-root.ts";
import { aggregateObservations, type Observation } from "../../../../keeper/core/report/aggregate.ts";
import { quantiseMarket } from "../../../../keeper/core/report/quantise.ts";
import { findSurfaceRefusal } from "../../../../keeper/core/report/report-checks.ts";
import { marketLimits } from "../../../support/keeper-doubles.ts";
import { packSmileWord, unpackMarketWord, unpackSmileWord } from "../../../../keeper/core/report/words.ts";
import { RANDOM_MARKETS, RANDOM_OBSERVED_AT, randomMarketState } from "../../../support/random-books.ts";
import { randomSource } from "../../../support/random-source.ts";

const STATE = randomMarketState(randomSource(5), RANDOM_MARKETS[0], RANDOM_OBSERVED_AT);

/** Keepers who see one market nearly alike: spot and variance differ by a factor each. */
function observations(factors: readonly number[]): readonly Observation[] {
  return factors.map((factor, keeper) => ({
    pegBps: 10_000 - keeper,
    accountRoot: NO_ACCOUNT_ROOT,
    markets: [
      quantiseMarket({
        ...STATE,
        spot: STATE.spot * factor,
        dispersion: 0,
        smiles: STATE.smiles.map((smile) => ({
          ...smile,
          slice: { ...smile.slice, a: smile.slice.a * factor },
        })),
      }),
    ],
  }));
}

function marketOf(report: { readonly markets: readonly bigint[] }) {
  const [word] = report.markets;
  if (word === undefined) throw new Error("a report has markets");
  return unpackMarketWord(word);
}

const wordsOf = (observation: Observation | undefined) => observation?.markets[0]?.smiles.map(packSmileWord);

describe("aggregated report", () => {
  it("takes the median, the lower of an even number of values", () => {
    expect(aggregateObservations(observations([1, 1.001, 0.999, 1.002])).pegBps).to.equal(9_998);
    expect(aggregateObservations(observations([1, 1.001, 0.999])).pegBps).to.equal(9_999);
  });

  it("does not depend on the order of the observations", () => {
    const seen = observations([1, 1.001, 0.999, 1.002]);
    expect(aggregateObservations([...seen].reverse())).to.deep.equal(aggregateObservations(seen));
  });

  it("is moved by one liar no further than to an honest value", () => {
    const honest = observations([1, 1.001, 0.9995]);
    const report = aggregateObservations(observations([1, 1.001, 0.9995, 50]));
    expect(honest.map(({ markets }) => markets[0]?.market.spotE8)).to.include(marketOf(report).spotE8);
    expect(marketOf(report).dispersionBps).to.equal(10n);
    expect(honest.map(wordsOf)).to.deep.include(report.smiles);
  });

  it("posts one keeper's real surface, the middle one", () => {
    const seen = observations([0.98, 1, 1.03]);
    expect(aggregateObservations(seen).smiles).to.deep.equal(wordsOf(seen[1]));
  });

  it("gives each expiry the medians of its forwards and discounts, whosever slices it takes", () => {
    const [low, middle, high] = observations([1, 1.0001, 1.0002]).map((observation, keeper) => ({
      ...observation,
      markets: observation.markets.map(({ market, smiles }) => ({
        market,
        smiles: smiles.map((smile) => ({
          ...smile,
          forwardRatioE8: smile.forwardRatioE8 + [0n, 500n, 100n][keeper]!,
          discountE9: smile.discountE9 - [70n, 0n, 30n][keeper]!,
        })),
      })),
    }));
    if (low === undefined || middle === undefined || high === undefined) throw new Error("three keepers");
    const report = aggregateObservations([low, middle, high], 1);
    const seen = STATE.smiles.map((_, index) =>
      [low, middle, high].map((each) => each.markets[0]!.smiles[index]!),
    );
    for (const [index, smile] of report.smiles.map(unpackSmileWord).entries()) {
      const [, , ofHigh] = seen[index]!;
      expect(smile).to.deep.equal({
        ...seen[index]![1],
        forwardRatioE8: ofHigh!.forwardRatioE8,
        discountE9: ofHigh!.discountE9,
      });
    }
  });

  it("lifts slices whose variance would fall where the median forecast makes the oracle look", () => {
    const [seen] = observations([1]);
    const [market] = seen?.markets ?? [];
    const [near, far] = market?.smiles ?? [];
    if (seen === undefined || market === undefined || near === undefined || far === undefined)
      throw new Error("a market has expiries");
    // Steep near wings cross flat far ones, beyond five of its author's daily volatilities.
    const crossing = [
      { ...near, aE10: 4_000_000n, bE9: 60_000_000n, rhoE9: 0n, mE9: 0n, sE9: 1_000_000n },
      { ...far, aE10: 120_000_000n, bE9: 0n, rhoE9: 0n, mE9: 0n, sE9: 1_000_000n },
    ];
    const view = (sigmaE9: bigint): Observation => ({
      ...seen,
      markets: [{ market: { ...market.market, smileCount: 2n, sigmaE9 }, smiles: crossing }],
    });
    const limits = { ...marketLimits(Number(market.market.market)), maxAtmVolBps: 10n ** 9n };
    const refusal = (smiles: readonly bigint[], sigmaE9: bigint) =>
      findSurfaceRefusal(smiles.map(unpackSmileWord), sigmaE9, limits, RANDOM_OBSERVED_AT)?.error;
    expect(refusal(crossing.map(packSmileWord), 20_000_000n)).to.equal(undefined);
    expect(refusal(crossing.map(packSmileWord), 60_000_000n)).to.equal("CalendarArbitrage");
    const report = aggregateObservations([view(20_000_000n), view(60_000_000n), view(60_000_000n)], 1);
    expect(refusal(report.smiles, marketOf(report).sigmaE9)).to.equal(undefined);
  });

  it("posts the expiries that most keepers see", () => {
    const [first, ...others] = observations([1, 1, 1]);
    if (first === undefined) throw new Error("three keepers observed");
    const shorter = others.map((observation) => ({
      ...observation,
      markets: observation.markets.map((market) => ({ ...market, smiles: market.smiles.slice(1) })),
    }));
    const report = aggregateObservations([first, ...shorter]);
    expect(report.smiles.length).to.equal(STATE.smiles.length - 1);
    expect(marketOf(report).smileCount).to.equal(BigInt(report.smiles.length));
    const [nearest] = report.smiles;
    expect(unpackSmileWord(nearest ?? 0n).expiryHour).to.equal(
      BigInt((STATE.smiles[1]?.expiry ?? 0) / 3_600),
    );
  });

  it("widens the dispersion to the spread of the honest spots, rounded up", () => {
    expect(marketOf(aggregateObservations(observations([1]))).dispersionBps).to.equal(0n);
    expect(marketOf(aggregateObservations(observations([1, 1.00001]))).dispersionBps).to.equal(1n);
    expect(marketOf(aggregateObservations(observations([1, 1, 1.5, 1]))).dispersionBps).to.equal(0n);
  });

  it("refuses observations of different markets and none at all", () => {
    const [one] = observations([1]);
    if (one === undefined) throw new Error("one keeper observed");
    expect(() => aggregateObservations([one, { ...one, markets: [] }])).to.throw("name=markets");
    expect(() => aggregateObservations([{ ...one, markets: [] }, one])).to.throw("name=markets");
    expect(() => aggregateObservations([])).to.throw("name=observations");
  });
});
