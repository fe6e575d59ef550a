import { expect } from "chai";
import fc from "fast-check";
import { NO_ACCOUNT_ROOT } from "../../../../keeper/core/report/account-root.ts";
import { aggregateObservations, type Observation } from "../../../../keeper/core/report/aggregate.ts";
import { packSmileWord, unpackMarketWord } from "../../../../keeper/core/report/words.ts";
import { honestObservation } from "../../../support/keeper-round.ts";

const FAULTS = 1;
const RUNS = 60;

/** Honest keepers: 2f + 1 or 3f + 1 views within half a percent of one another. */
const honest = fc
  .array(fc.double({ min: 0.995, max: 1.005, noNaN: true }), { minLength: 2 * FAULTS, maxLength: 3 * FAULTS })
  .map((factors) => factors.map(honestObservation));

/** A liar says anything that a word can hold. */
const lie = fc
  .record({
    spotTimes: fc.constantFrom(0n, 1n, 3n, 10_000n),
    sigmaE9: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
    dispersionBps: fc.bigInt({ min: 0n, max: 65_535n }),
    varianceTimes: fc.constantFrom(-3n, 0n, 5n),
    smiles: fc.nat({ max: 8 }),
  })
  .map(({ spotTimes, sigmaE9, dispersionBps, varianceTimes, smiles }): Observation => {
    const seen = honestObservation(1);
    return {
      pegBps: 0,
      accountRoot: NO_ACCOUNT_ROOT,
      markets: seen.markets.map((market) => ({
        market: { ...market.market, spotE8: market.market.spotE8 * spotTimes, sigmaE9, dispersionBps },
        smiles: market.smiles
          .slice(0, smiles)
          .map((smile) => ({ ...smile, aE10: smile.aE10 * varianceTimes })),
      })),
    };
  });

const rangeOf = (values: readonly bigint[]) => ({
  low: values.reduce((a, b) => (a < b ? a : b)),
  high: values.reduce((a, b) => (a > b ? a : b)),
});

describe("keepers' agreement", () => {
  it("does not depend on the order in which observations came", () => {
    fc.assert(
      fc.property(honest, lie, fc.nat(), (views, lied, turn) => {
        const all = [...views, lied];
        const start = turn % all.length;
        const turned = [...all.slice(start), ...all.slice(0, start)];
        expect(aggregateObservations(turned)).to.deep.equal(aggregateObservations(all));
        expect(aggregateObservations([...turned].reverse())).to.deep.equal(aggregateObservations(all));
      }),
      { numRuns: RUNS },
    );
  });

  it("stays within what honest keepers see, whatever one liar says", () => {
    fc.assert(
      fc.property(honest, lie, (views, lied) => {
        const report = aggregateObservations([...views, lied]);
        report.markets.forEach((word, index) => {
          const market = unpackMarketWord(word);
          const seen = views.map((view) => view.markets[index]);
          const spots = rangeOf(seen.map((entry) => entry?.market.spotE8 ?? 0n));
          expect(market.spotE8 >= spots.low && market.spotE8 <= spots.high, "spot").to.equal(true);
          const sigmas = rangeOf(seen.map((entry) => entry?.market.sigmaE9 ?? 0n));
          expect(market.sigmaE9 >= sigmas.low && market.sigmaE9 <= sigmas.high, "sigma").to.equal(true);
          const widestBps = ((spots.high - spots.low) * 10_000n) / spots.low + 1n;
          expect(market.dispersionBps <= widestBps, "dispersion").to.equal(true);
        });
      }),
      { numRuns: RUNS },
    );
  });

  it("posts the surface that one of the keepers fitted, never a mixture", () => {
    fc.assert(
      fc.property(honest, lie, (views, lied) => {
        const all = [...views, lied];
        const { markets, smiles } = aggregateObservations(all);
        let from = 0;
        markets.forEach((word, index) => {
          const count = Number(unpackMarketWord(word).smileCount);
          const posted = smiles.slice(from, from + count);
          from += count;
          const fitted = all.map((view) => view.markets[index]?.smiles.map(packSmileWord));
          expect(fitted).to.deep.include(posted);
        });
        expect(from).to.equal(smiles.length);
      }),
      { numRuns: RUNS },
    );
  });
});
