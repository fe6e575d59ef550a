import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  CALENDAR_MARGIN,
  calendarNodes,
  findCalendarViolation,
  repairCalendar,
  type CalendarEntry,
} from "../../../../keeper/core/surface/calendar.ts";
import {
  atTheMoneyVol,
  fitSurface,
  type ChainQuotes,
  type FittedExpiry,
  type Surface,
} from "../../../../keeper/core/surface/fit-surface.ts";
import type { OptionQuote } from "../../../../keeper/core/surface/quotes.ts";
import { fitReport } from "../../../../keeper/core/surface/fit-report.ts";
import {
  findSviViolation,
  sliceVol,
  totalVariance,
  type SviSlice,
} from "../../../../keeper/core/surface/svi.ts";
import vectors from "../../../vectors/deribit-chains.json" with { type: "json" };

type Row = readonly [number, number, number, number | null, number | null];
const SNAPSHOTS = vectors.snapshots.map((snapshot) => ({ ...snapshot, chain: chainOf(snapshot) }));

function chainOf(snapshot: { spot: number; rows: unknown }): ChainQuotes {
  const usd = (coin: number | null): number | null => (coin === null ? null : coin * snapshot.spot);
  const quotes = (snapshot.rows as readonly Row[]).map(([expirySeconds, strike, sign, bid, ask]) => ({
    expirySeconds,
    strike,
    kind: sign > 0 ? ("call" as const) : ("put" as const),
    bid: usd(bid),
    ask: usd(ask),
  }));
  return { spot: snapshot.spot, quotes };
}

describe("fitSurface", () => {
  for (const { time, nowSeconds, chain, exchangeForwards } of SNAPSHOTS) {
    it(`fits the recorded chain of ${time} without arbitrage and close to its quotes`, () => {
      const { expiries, dropped } = fitSurface(chain, nowSeconds);
      expect(dropped).to.deep.equal([]);
      expect(expiries.map((expiry) => expiry.expirySeconds)).to.deep.equal(
        exchangeForwards.map(([expiry]) => expiry),
      );
      for (const [index, { svi, forward, report }] of expiries.entries()) {
        expect(findSviViolation(svi)).to.equal(undefined);
        const exchangeForward = exchangeForwards[index]?.[1] ?? NaN;
        expect(forward / exchangeForward).to.be.closeTo(1, 0.001);
        expect(report.weightedRmseVolPoints).to.be.below(report.points > 20 ? 1.5 : 4);
        const longer = expiries[index + 1];
        if (longer !== undefined) expect(findCalendarViolation(svi, longer.svi)).to.equal(undefined);
      }
    });
  }

  const [stressed] = SNAPSHOTS;
  if (stressed === undefined) throw new Error("no snapshot");

  it("is a pure function of its quotes, whatever their order", () => {
    const shuffled = { ...stressed.chain, quotes: stressed.chain.quotes.toReversed() };
    expect(fitSurface(shuffled, stressed.nowSeconds)).to.deep.equal(
      fitSurface(stressed.chain, stressed.nowSeconds),
    );
  });

  it("counts rejected quotes by reason and drops expiries it cannot fit, each with its reason", () => {
    const [first = 0, second = 0, third = 0] = stressed.exchangeForwards.map(([expiry]) => expiry ?? 0);
    const onlyStrike = stressed.chain.quotes
      .filter(({ expirySeconds }) => expirySeconds === third)
      .map(({ strike }) => strike)
      .findLast((strike) => strike < 0.95 * stressed.spot);
    const quotes = stressed.chain.quotes.flatMap((quote) => {
      if (quote.expirySeconds === first) return { ...quote, expirySeconds: stressed.nowSeconds + 60 };
      if (quote.expirySeconds === second) return quote.kind === "call" ? quote : [];
      if (quote.expirySeconds === third) return quote.strike === onlyStrike ? quote : [];
      return quote;
    });
    const { expiries, dropped } = fitSurface({ ...stressed.chain, quotes }, stressed.nowSeconds);
    expect(dropped.map(({ reason }) => reason)).to.deep.equal(["expired", "no-forward", "too-few-quotes"]);
    const report = expiries[0]?.report;
    const rejections = Object.values(report?.rejected ?? {}).reduce((sum, count) => sum + count, 0);
    const listed = quotes.filter((quote) => quote.expirySeconds === expiries[0]?.expirySeconds).length;
    expect((report?.points ?? 0) + rejections).to.equal(listed);
  });

  it("leaves stale quotes out of forward and smile, and counts them", () => {
    const [expiry = 0] = stressed.exchangeForwards[0] ?? [];
    const wrong = (quote: OptionQuote, seconds: number): OptionQuote => ({
      ...quote,
      ask: quote.bid,
      bid: (quote.bid ?? 0) / 2,
      quotedAtSeconds: stressed.nowSeconds - seconds,
    });
    const ofExpiry = stressed.chain.quotes.filter(({ expirySeconds }) => expirySeconds === expiry);
    const fitWith = (seconds: number): Surface =>
      fitSurface(
        { ...stressed.chain, quotes: [...ofExpiry, ...ofExpiry.map((quote) => wrong(quote, seconds))] },
        stressed.nowSeconds,
      );
    const plain = fitSurface({ ...stressed.chain, quotes: ofExpiry }, stressed.nowSeconds).expiries[0];
    const [stale, fresh] = [fitWith(301).expiries[0], fitWith(300).expiries[0]];
    expect(stale?.svi).to.deep.equal(plain?.svi);
    expect(stale?.forward).to.equal(plain?.forward);
    expect(stale?.report.rejected.stale).to.equal(ofExpiry.length);
    expect(fresh?.svi).to.not.deep.equal(plain?.svi);
    expect(fresh?.report.rejected.stale).to.equal(undefined);
  });

  it("gives an expiry with too few quotes for SVI its neighbour's shape at its own level", () => {
    const [, , third = 0] = stressed.exchangeForwards.map(([expiry]) => expiry ?? 0);
    const near = (strike: number): boolean => Math.abs(strike / stressed.spot - 1) < 0.02;
    const sparse = stressed.chain.quotes.filter(
      ({ expirySeconds, strike }) => expirySeconds !== third || near(strike),
    );
    const { expiries, dropped } = fitSurface({ ...stressed.chain, quotes: sparse }, stressed.nowSeconds);
    expect(dropped).to.deep.equal([]);
    const own = expiries.find(({ expirySeconds }) => expirySeconds === third);
    const full = fitSurface(stressed.chain, stressed.nowSeconds).expiries.find(
      ({ expirySeconds }) => expirySeconds === third,
    );
    if (own === undefined || full === undefined) throw new Error("the expiry is missing");
    expect(own.report.butterflyRepair).to.equal("ssvi");
    expect(own.report.points).to.be.below(5);
    expect(sliceVol(own.svi, 0, own.tauYears)).to.be.closeTo(sliceVol(full.svi, 0, full.tauYears), 0.03);
    expect(sliceVol(own.svi, -0.2, own.tauYears)).to.be.closeTo(
      sliceVol(full.svi, -0.2, full.tauYears),
      0.15,
    );
    const alone = sparse.filter(({ expirySeconds }) => expirySeconds === third);
    expect(fitSurface({ ...stressed.chain, quotes: alone }, stressed.nowSeconds)).to.deep.equal({
      expiries: [],
      dropped: [{ expirySeconds: third, reason: "too-few-quotes" }],
    });
  });

  it("refuses a spot that is not positive", () => {
    expect(() => fitSurface({ spot: 0, quotes: [] }, 0))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });

  it("interpolates the at-the-money total variance and holds the vol beyond the ends", () => {
    const surface = fitSurface(stressed.chain, stressed.nowSeconds);
    const [near, far] = [surface.expiries[0], surface.expiries[1]];
    if (near === undefined || far === undefined) throw new Error("too few expiries");
    const ownVol = ({ svi, tauYears }: FittedExpiry): number => sliceVol(svi, 0, tauYears);
    const nearVol = ownVol(near);
    expect(atTheMoneyVol(surface, near.tauYears / 2)).to.be.closeTo(nearVol, 1e-15);
    expect(atTheMoneyVol(surface, near.tauYears)).to.be.closeTo(nearVol, 1e-15);
    const middle = (near.tauYears + far.tauYears) / 2;
    const variance = (totalVariance(near.svi, 0) + totalVariance(far.svi, 0)) / 2;
    expect(atTheMoneyVol(surface, middle)).to.be.closeTo(Math.sqrt(variance / middle), 1e-14);
    const last = surface.expiries.at(-1) ?? near;
    expect(atTheMoneyVol(surface, 5)).to.be.closeTo(ownVol(last), 1e-15);
    expect(atTheMoneyVol({ expiries: [], dropped: [] }, 1)).to.equal(null);
  });
});

describe("repairCalendar", () => {
  const strikes = [-0.3, -0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.3];
  const sound: SviSlice = { a: 0.002, b: 0.03, rho: -0.2, m: 0, sigma: 0.1 };

  function entry(svi: SviSlice, tauYears: number, halfSpreadVol = 0.01, quoted = strikes): CalendarEntry {
    const points = quoted.map((k) => ({
      logMoneyness: k,
      midVol: sliceVol(svi, k, tauYears),
      halfSpreadVol,
    }));
    return {
      tauYears,
      points,
      fit: { svi, report: fitReport(svi, points, tauYears, "none") },
      repair: "none",
    };
  }

  function expectOrdered(entries: readonly CalendarEntry[]): void {
    for (const [index, { fit }] of entries.entries()) {
      expect(findSviViolation(fit.svi)).to.equal(undefined);
      const longer = entries[index + 1];
      if (longer === undefined) continue;
      expect(findCalendarViolation(fit.svi, longer.fit.svi, CALENDAR_MARGIN)).to.equal(undefined);
    }
  }

  it("leaves ordered slices as they are", () => {
    const ordered = [
      entry(sound, 0.02),
      entry({ ...sound, a: 0.004 }, 0.04),
      entry({ ...sound, a: 0.01, b: 0.04 }, 0.1),
    ];
    expect(repairCalendar(ordered)).to.deep.equal(ordered);
  });

  it("bends the extrapolated wing of the shorter slice when the quotes allow it", () => {
    const steep = entry({ ...sound, b: 0.06, a: -0.003, sigma: 0.12 }, 0.02, 0.01, strikes.slice(2, -2));
    const longer = entry({ ...sound, a: 0.0075, b: 0.05 }, 0.04, 0.003);
    expect(findCalendarViolation(steep.fit.svi, longer.fit.svi)).to.not.equal(undefined);
    const repaired = repairCalendar([steep, longer]);
    expectOrdered(repaired);
    expect(repaired[1]).to.equal(longer);
    expect(repaired[0]?.repair).to.equal("lowered");
    expect(repaired[0]?.fit.report.rmseVolPoints).to.be.below(1);
  });

  it("moves the slice whose quotes are wider when all of one lies above the other", () => {
    const low = { ...sound, a: 0.001 };
    const trustShorter = repairCalendar([entry(sound, 0.02, 0.002), entry(low, 0.03, 0.05)]);
    expectOrdered(trustShorter);
    expect(trustShorter[0]?.repair).to.equal("none");
    const trustLonger = repairCalendar([entry(sound, 0.02, 0.05), entry(low, 0.03, 0.002)]);
    expectOrdered(trustLonger);
    expect(trustLonger[1]?.repair).to.equal("none");
  });

  it("does not let one bad slice push well-quoted later ones", () => {
    const chain = [
      entry({ ...sound, a: 0.004 }, 0.02, 0.02),
      entry({ ...sound, a: 0.003 }, 0.03, 0.1),
      entry({ ...sound, a: 0.0035 }, 0.04, 0.002),
      entry({ ...sound, a: 0.0037 }, 0.05, 0.002),
    ];
    const repaired = repairCalendar(chain);
    expectOrdered(repaired);
    expect(repaired.slice(2)).to.deep.equal(chain.slice(2));
  });

  it("orders hopeless chains too", () => {
    const jumbled = [0.03, 0.001, 0.02, 0.0005, 0.005].map((a, index) =>
      entry(
        {
          a,
          b: 0.02 + 0.03 * ((index * 2) % 3),
          rho: index % 2 ? -0.7 : 0.6,
          m: 0.05 * index - 0.1,
          sigma: 0.15,
        },
        0.01 * (index + 1),
      ),
    );
    expectOrdered(repairCalendar(jumbled));
  });

  it("compares at nodes that lie dense around the forward and reach three in log-moneyness", () => {
    const nodes = calendarNodes();
    expect(nodes[0]).to.be.closeTo(-3, 1e-12);
    expect(nodes.at(-1)).to.be.closeTo(3, 1e-12);
    expect(nodes[30]).to.equal(0);
    expect((nodes[31] ?? NaN) - (nodes[30] ?? NaN)).to.be.below(0.01);
  });

  it("finds slices that cross between two nodes only", () => {
    const nodes = calendarNodes();
    const middle = ((nodes[44] ?? NaN) + (nodes[45] ?? NaN)) / 2;
    const peak = { a: 0, b: 0.03, rho: 0, m: middle, sigma: 0.001 };
    const longer = { ...peak, a: 0.003, sigma: 0.0001 };
    const shorter = { ...longer, a: 0.0025, sigma: 0.03 };
    const excess = totalVariance(shorter, middle) - totalVariance(longer, middle);
    for (const k of nodes) expect(totalVariance(shorter, k)).to.be.below(totalVariance(longer, k));
    expect(findCalendarViolation(shorter, longer)?.excess).to.be.closeTo(excess, 1e-7);
  });

  it("finds slices that cross between the last two nodes only", () => {
    const shorter = {
      a: -0.5617268632235705,
      b: 0.4164670119218554,
      rho: 0.32230653391468583,
      m: 0.9319225189923099,
      sigma: 1.7709836753958155,
    };
    const longer = {
      a: -0.9831886902496144,
      b: 0.5087696939411338,
      rho: 0.2739021216959351,
      m: 1.0888388657027617,
      sigma: 2.4144758875392376,
    };
    for (const k of calendarNodes())
      expect(totalVariance(shorter, k)).to.be.below(totalVariance(longer, k) + 1e-15);
    const violation = findCalendarViolation(shorter, longer);
    expect(violation?.excess).to.be.closeTo(2.796e-4, 1e-6);
    expect(violation?.logMoneyness).to.be.closeTo(2.878, 0.005);
  });

  it("reports the worst excess and where it is", () => {
    const violation = findCalendarViolation({ ...sound, a: 0.005 }, sound);
    expect(violation?.excess).to.be.closeTo(0.003, 1e-15);
  });
});
