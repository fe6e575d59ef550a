import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { equalWeights, tailRisk } from "../../../../keeper/core/risk/tail.ts";
import type {
  JointScenarios,
  MarketResiduals,
} from "../../../../keeper/core/scenarios/filtered-historical.ts";
import {
  bookPnl,
  proxyPnl,
  randomBook,
  type ProxyInstrument,
} from "../../../../keeper/core/scenarios/proxy-books.ts";
import { thinScenarios, WEIGHT_PER_DAY } from "../../../../keeper/core/scenarios/thin.ts";
import { seededRandom } from "../../../../keeper/core/statistics/seeded-random.ts";

const DAYS = 1_500;
const COUNT = 256;
/** Other instruments than those the choice is made with. */
const TEST_INSTRUMENTS: readonly ProxyInstrument[] = [
  { strike: null, width: 0 },
  { strike: -2, width: 2.5 },
  { strike: 1, width: 2.5 },
  { strike: 4, width: 2.5 },
  { strike: -8, width: 6 },
];

/** Fat-tailed joint days of two tied markets, with the vol link of crypto. */
function fatTailed(): JointScenarios {
  const random = seededRandom(11);
  const z = [new Float64Array(DAYS), new Float64Array(DAYS)];
  const y = [new Float64Array(DAYS), new Float64Array(DAYS)];
  for (let day = 0; day < DAYS; day++) {
    const stress = 1 / Math.sqrt(0.25 + 1.5 * random.uniform());
    const common = random.normal();
    for (const [market, moves] of z.entries()) {
      const move = stress * (0.9 * common + 0.4 * random.normal());
      moves[day] = move;
      const vols = y[market] ?? new Float64Array(DAYS);
      vols[day] = stress * random.normal() - 0.4 * move;
    }
  }
  return {
    days: Array.from({ length: DAYS }, (_, day) => 18_000 + day),
    markets: z.map((moves, index): MarketResiduals => ({
      market: index + 1,
      z: moves,
      y: y[index] ?? new Float64Array(DAYS),
      imputed: new Uint8Array(DAYS),
    })),
  };
}

describe("thinScenarios", () => {
  const full = fatTailed();
  const thinned = thinScenarios(full, { count: COUNT, seed: 7 });

  it("keeps the asked number of real days with weights that sum to all days", () => {
    expect(thinned.indices).to.have.length(COUNT);
    expect(new Set(thinned.indices).size).to.equal(COUNT);
    const days = thinned.weights.reduce((sum, weight) => sum + weight, 0) / WEIGHT_PER_DAY;
    expect(days).to.be.closeTo(DAYS, COUNT / 2 / WEIGHT_PER_DAY);
    expect(Math.min(...thinned.weights)).to.be.above(0);
    for (const [position, index] of thinned.indices.entries()) {
      expect(thinned.scenarios.days[position]).to.equal(full.days[index]);
      for (const [market, residuals] of full.markets.entries()) {
        expect(thinned.scenarios.markets[market]?.z[position]).to.equal(residuals.z[index]);
        expect(thinned.scenarios.markets[market]?.y[position]).to.equal(residuals.y[index]);
      }
    }
  });

  it("keeps the worst day of every market in both directions, each for about a day", () => {
    for (const { z } of full.markets) {
      for (const extreme of [Math.min(...z), Math.max(...z)]) {
        const position = thinned.indices.indexOf(z.indexOf(extreme));
        expect(thinned.weights[position]).to.be.within(WEIGHT_PER_DAY / 4, 2 * WEIGHT_PER_DAY);
      }
    }
  });

  it("reproduces the tails of random books over instruments it was not chosen with", () => {
    const rows = proxyPnl(full, TEST_INSTRUMENTS);
    const random = seededRandom(99);
    const errors: number[] = [];
    for (let turn = 0; turn < 400; turn++) {
      const pnl = bookPnl(rows, randomBook(random, rows.length, full.markets.length, turn));
      const kept = Float64Array.from(thinned.indices, (index) => pnl[index] ?? NaN);
      const exact = tailRisk(pnl, equalWeights(DAYS), 9750).expectedShortfall;
      errors.push(tailRisk(kept, thinned.weights, 9750).expectedShortfall / exact - 1);
    }
    const sizes = errors.map(Math.abs).sort((left, right) => left - right);
    expect(sizes[200]).to.be.below(0.01);
    expect(sizes[380]).to.be.below(0.04);
    expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length)).to.be.below(0.01);
  });

  it("is a function of the seed", () => {
    expect(thinScenarios(full, { count: COUNT, seed: 7 }).indices).to.deep.equal(thinned.indices);
    expect(thinScenarios(full, { count: COUNT, seed: 8 }).indices).to.not.deep.equal(thinned.indices);
  });

  it("keeps everything with weight 1 when asked for all days, and refuses more", () => {
    const all = thinScenarios(full, { count: DAYS, seed: 7 });
    expect(all.scenarios.days).to.deep.equal(full.days);
    expect(all.weights).to.deep.equal(equalWeights(DAYS).map((weight) => weight * WEIGHT_PER_DAY));
    for (const count of [0, DAYS + 1]) {
      expect(() => thinScenarios(full, { count, seed: 7 }))
        .to.throw(CoreError)
        .with.property("code", "argument-out-of-domain");
    }
  });
});
