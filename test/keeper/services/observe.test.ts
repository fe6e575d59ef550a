import { expect } from "chai";
import { openReplay } from "../../../keeper/adapters/replay/replay.ts";
import type { MarketsView } from "../../../keeper/core/report/aggregate.ts";
import { decodeMarketState, totalVariance, type Smile } from "../../../keeper/core/report/market-state.ts";
import type { MarketObservation } from "../../../keeper/core/report/quantise.ts";
import { totalVarianceE18 } from "../../../keeper/core/report/svi-checks.ts";
import type { MarketData } from "../../../keeper/ports/market-data.ts";
import type { OracleChain, StoredMarket } from "../../../keeper/ports/oracle-chain.ts";
import type { HourlyForecaster } from "../../../keeper/services/hourly-forecast.ts";
import { StaleHistory } from "../../../keeper/services/history-freshness.ts";
import { NoSmile, observe, StaleSnapshot } from "../../../keeper/services/observe.ts";
import {
  history,
  LISTINGS,
  MAX_AGE_SECONDS,
  replay,
  settings,
  storedOf,
} from "../../support/recorded-observer.ts";
import { oracleDouble } from "../../support/keeper-doubles.ts";
import { hasNonNegativeVariance, wingSlopeE18 } from "../../support/slice-checks.ts";

const HOUR = 3_600;
const SECONDS_PER_YEAR = 31_536_000;
const MAX_WING_SLOPE_E18 = 2n * 10n ** 18n;
const CALENDAR_SIGMAS = 5n;
const SNAPSHOT_STEP = 12;
const [firstTime = 0] = replay.snapshotTimes;

const smilesOf = (observation: MarketsView, index = 0): readonly Smile[] => {
  const entry = observation.markets[index];
  return entry === undefined ? [] : decodeMarketState(entry.market, entry.smiles).smiles;
};

/** The bounds the oracle holds every report to. */
function expectAcceptable({ market, smiles }: MarketObservation, now: number): void {
  const offsets = [-CALENDAR_SIGMAS * market.sigmaE9, 0n, CALENDAR_SIGMAS * market.sigmaE9];
  let earlier = offsets.map(() => 0n);
  let expiryBefore = BigInt(Math.floor(now / HOUR));
  expect(market.smileCount).to.equal(BigInt(smiles.length));
  for (const smile of smiles) {
    expect(smile.expiryHour > expiryBefore, "expiries rise and lie ahead").to.equal(true);
    expiryBefore = smile.expiryHour;
    expect(wingSlopeE18(smile) <= MAX_WING_SLOPE_E18, "wing slope").to.equal(true);
    expect(hasNonNegativeVariance(smile), "variance").to.equal(true);
    const variances = offsets.map((k) => totalVarianceE18(smile, k));
    variances.forEach((variance, i) => {
      expect(variance >= (earlier[i] ?? 0n), "calendar").to.equal(true);
    });
    earlier = variances;
    expect(Number(smile.forwardRatioE8) / 1e8).to.be.within(0.95, 1.05);
    expect(Number(smile.discountE9) / 1e9).to.be.within(0.9, 1.05);
    const years = (Number(smile.expiryHour) * HOUR - now) / SECONDS_PER_YEAR;
    const atmVol = Math.sqrt(Number(variances[1]) / 1e18 / years);
    expect(atmVol, "at-the-money vol").to.be.within(0.2, 4);
  }
}

describe("an observation of recorded markets", () => {
  it("is acceptable to the oracle at snapshots all through the crash, each after the report before", async () => {
    let stored: ReadonlyMap<number, StoredMarket> = new Map();
    let postedAt = 0;
    for (const now of replay.snapshotTimes.filter((_, index) => index % SNAPSHOT_STEP === 0)) {
      const observation = await observe(settings(replay.at(now), stored, postedAt), now);
      for (const market of observation.markets) {
        expectAcceptable(market, now);
        expect(market.smiles.length).to.be.within(4, 8);
        expect(Number(market.market.sigmaE9) / 1e9).to.be.within(0.01, 0.2);
        expect(Number(market.market.psiE9) / 1e9).to.be.within(0.01, 0.3);
      }
      stored = storedOf(observation);
      postedAt = now;
    }
  });

  it("forecasts a market from its hours where the data keep them, the other from its days", async () => {
    const hourlyForecaster: HourlyForecaster = {
      dailyVol: (market, hours, spotNow, now) =>
        market === "BTC" && hours === null && spotNow > 1_000 && now === firstTime ? 0.15 : null,
    };
    const fromDays = await observe(settings(replay.at(firstTime)), firstTime);
    const fromHours = await observe({ ...settings(replay.at(firstTime)), hourlyForecaster }, firstTime);
    const sigmas = ({ markets }: MarketsView) => markets.map(({ market }) => Number(market.sigmaE9) / 1e9);
    expect(sigmas(fromHours)[0]).to.be.above(0.75 * 0.15);
    expect(sigmas(fromDays)[0]).to.be.below(0.75 * 0.15);
    expect(sigmas(fromHours)[1]).to.equal(sigmas(fromDays)[1]);
  });

  it("goes on from the last report as of a block where one is named, from the latest otherwise", async () => {
    const latest = settings(replay.at(firstTime));
    const first = await observe(latest, firstTime);
    const posted = settings(replay.at(firstTime), storedOf(first, 110n), firstTime - 60);
    const second = await observe(posted, firstTime);
    expect(second).not.to.deep.equal(first);
    const chain: OracleChain = {
      ...latest.chain,
      lastReport: (markets, blockNumber) => (blockNumber === 7n ? posted : latest).chain.lastReport(markets),
    };
    const both = { ...latest, chain };
    expect(await observe(both, firstTime, 7n)).to.deep.equal(second);
    expect(await observe(both, firstTime)).to.deep.equal(first);
  });

  it("sees nothing that comes later", async () => {
    const { episode } = replay;
    for (const now of replay.snapshotTimes.filter((_, index) => index % SNAPSHOT_STEP === 3)) {
      const snapshots = episode.snapshots.filter(({ observedAtSeconds }) => observedAtSeconds <= now);
      const future = episode.snapshots
        .filter(({ observedAtSeconds }) => observedAtSeconds > now)
        .map((snapshot) => ({ ...snapshot, spotUsd: 1, expiries: [] }));
      const days = history.days.map((day) =>
        day.observedAtSeconds > now
          ? {
              ...day,
              markets: { BTC: { closeUsd: 1, impliedVol: null }, ETH: { closeUsd: 1, impliedVol: null } },
            }
          : day,
      );
      const scrambled = openReplay({ ...episode, snapshots: [...snapshots, ...future] }, { days });
      expect(await observe(settings(scrambled.at(now)), now)).to.deep.equal(
        await observe(settings(replay.at(now)), now),
      );
    }
  });

  it("is the same for every keeper who asks", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => observe(settings(replay.at(firstTime)), firstTime)));
    expect(a).to.deep.equal(b);
  });

  it("is refused when a market was last seen too long ago", async () => {
    const late = firstTime + MAX_AGE_SECONDS;
    await observe(settings(replay.at(firstTime)), late);
    const error: unknown = await observe(settings(replay.at(firstTime)), late + 1).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StaleSnapshot);
    expect(error).to.include({ code: "stale-snapshot", symbol: "BTC", ageSeconds: MAX_AGE_SECONDS + 1 });
    expect(String(error)).to.include(`at most ${MAX_AGE_SECONDS} s`);
  });

  it("is refused when nobody continues the history", async () => {
    const known = (await replay.at(firstTime).history()).days.at(-1)?.observedAtSeconds ?? 0;
    const late = known + 3 * 86_400;
    const data = { ...settings(replay.at(firstTime)), maxDataAgeSeconds: Number.POSITIVE_INFINITY };
    await observe(data, late);
    const error: unknown = await observe(data, late + 1).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(StaleHistory);
    expect(error).to.include({ code: "stale-history" });
    expect(String(error)).to.include("ballast history update");
    const none: unknown = await observe(
      settings({ ...replay.at(firstTime), history: () => Promise.resolve({ days: [] }) }),
      firstTime,
    ).catch((e: unknown) => e);
    expect(none).to.be.instanceOf(StaleHistory);
  });

  it("waits for no market while another is asked", async () => {
    const asked: string[] = [];
    const all = Promise.withResolvers<null>();
    const data: MarketData = {
      ...replay.at(firstTime),
      latest: async (market) => {
        asked.push(market);
        if (asked.length === LISTINGS.length) all.resolve(null);
        await all.promise;
        return replay.at(firstTime).latest(market);
      },
    };
    expect((await observe(settings(data), firstTime)).markets).to.have.length(LISTINGS.length);
  });

  it("gives spot, open interest and each market's number as the venue shows them", async () => {
    const { markets, pegBps } = await observe(settings(replay.at(firstTime)), firstTime);
    expect(pegBps).to.equal(10_000);
    for (const [index, { symbol, market }] of LISTINGS.entries()) {
      const snapshot = await replay.at(firstTime).latest(symbol);
      const seen = markets[index]?.market;
      expect(seen?.market).to.equal(BigInt(market));
      expect(Number(seen?.spotE8) / 1e8).to.be.closeTo(snapshot.spotUsd, 1e-8 * snapshot.spotUsd);
      expect(seen?.openInterestUsd).to.equal(BigInt(Math.floor(snapshot.openInterestUsd ?? 0)));
    }
  });

  it("carries the settlement coin rounded down, at par at most, and at least what the oracle takes", async () => {
    const pegOf = async (usd: number) => {
      const data = { ...replay.at(firstTime), settlementCoinUsd: () => Promise.resolve(usd) };
      return (await observe(settings(data), firstTime)).pegBps;
    };
    expect(await pegOf(0.98769)).to.equal(9_876);
    expect(await pegOf(1.003)).to.equal(10_000);
    expect(await pegOf(0.3)).to.equal(8_000);
  });

  it("prices at the money what the venue marks", async () => {
    const { expiries, spotUsd } = await replay.at(firstTime).latest("BTC");
    const smiles = smilesOf(await observe(settings(replay.at(firstTime)), firstTime));
    let compared = 0;
    for (const { expiry, forwardRatio, slice } of smiles) {
      const quotes = expiries.find(({ expirySeconds }) => expirySeconds === expiry)?.quotes ?? [];
      const forward = forwardRatio * spotUsd;
      const nearest = [...quotes].sort(
        (a, b) => Math.abs(a.strikeUsd - forward) - Math.abs(b.strikeUsd - forward),
      )[0];
      if (nearest?.venueVol === undefined || nearest.venueVol === null) continue;
      const years = (expiry - firstTime) / SECONDS_PER_YEAR;
      const vol = Math.sqrt(totalVariance(slice, Math.log(nearest.strikeUsd / forward)) / years);
      expect(vol).to.be.closeTo(nearest.venueVol, 0.03);
      compared++;
    }
    expect(compared).to.be.at.least(4);
  });
});

describe("an expiry that cannot be fitted now", () => {
  const withoutFirstExpiry = (now: number): MarketData => {
    const data = replay.at(now);
    return {
      ...data,
      latest: async (market) => {
        const snapshot = await data.latest(market);
        return { ...snapshot, expiries: snapshot.expiries.slice(2) };
      },
    };
  };

  it("is carried on with the implied vol it had", async () => {
    const [, , , secondTime = 0] = replay.snapshotTimes;
    const before = await observe(settings(replay.at(firstTime)), firstTime);
    const after = await observe(
      settings(withoutFirstExpiry(secondTime), storedOf(before), firstTime),
      secondTime,
    );
    const live = smilesOf(before).filter(({ expiry }) => expiry > secondTime);
    const carried = smilesOf(after);
    expect(carried.map(({ expiry }) => expiry)).to.include.members(live.map(({ expiry }) => expiry));
    const [old] = live;
    const [now] = carried;
    if (old === undefined || now === undefined) throw new Error("an expiry outlives the step");
    expect(now.expiry).to.equal(old.expiry);
    for (const k of [-0.1, 0, 0.1]) {
      const volBefore = Math.sqrt(totalVariance(old.slice, k) / (old.expiry - firstTime));
      const volNow = Math.sqrt(totalVariance(now.slice, k) / (now.expiry - secondTime));
      expect(volNow).to.be.closeTo(volBefore, 1e-4 * volBefore);
    }
    after.markets.forEach((market) => {
      expectAcceptable(market, secondTime);
    });
  });

  it("is dropped once it has expired", async () => {
    const before = await observe(settings(replay.at(firstTime)), firstTime);
    const expiry = smilesOf(before)[0]?.expiry ?? 0;
    for (const [now, listed] of [
      [expiry - 1, true],
      [expiry, false],
    ] as const) {
      const after = await observe(settings(withoutFirstExpiry(now), storedOf(before), firstTime), now);
      expect(smilesOf(after).some((smile) => smile.expiry === expiry)).to.equal(listed);
    }
  });
});

describe("a market without option quotes", () => {
  const spotOnly: MarketData = {
    ...replay.at(firstTime),
    latest: async (market) => ({ ...(await replay.at(firstTime).latest(market)), expiries: [] }),
  };

  it("is refused by name when nothing can be carried on", async () => {
    const error: unknown = await observe(settings(spotOnly), firstTime).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(NoSmile);
    expect(String(error)).to.include("BTC");
  });

  it("takes the smiles of the model it was given, fed with the forecast", async () => {
    const smile: Smile = {
      expiry: (Math.floor(firstTime / HOUR) + 24) * HOUR,
      forwardRatio: 1,
      discount: 1,
      slice: { a: 0.001, b: 0, rho: 0, m: 0, s: 0.1 },
    };
    const vols: number[] = [];
    const observation = await observe(
      {
        ...settings(spotOnly),
        smileModel: (_, dailyVol) => {
          vols.push(dailyVol);
          return [smile];
        },
      },
      firstTime,
    );
    expect(smilesOf(observation).map(({ expiry }) => expiry)).to.deep.equal([smile.expiry]);
    expect(vols.map((vol) => BigInt(Math.round(vol * 1e9)))).to.deep.equal(
      observation.markets.map(({ market }) => market.sigmaE9),
    );
  });

  it("needs bounds from governance", async () => {
    const oracle = oracleDouble([], [1]);
    const error: unknown = await observe(
      { ...settings(replay.at(firstTime)), chain: oracle.chain },
      firstTime,
    ).catch(String);
    expect(error).to.include("no oracle bounds for market 2");
  });
});
