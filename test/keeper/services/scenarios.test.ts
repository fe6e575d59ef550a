import { expect } from "chai";
import type { MarketRecords } from "../../../keeper/core/scenarios/history.ts";
import type { Hex } from "../../../keeper/ports/hex.ts";
import type { DailyObservation } from "../../../keeper/ports/market-data.ts";
import { ScenarioBuildFailed } from "../../../keeper/ports/scenario-builder.ts";
import { createOwnScenarios, marketRecords } from "../../../keeper/services/scenarios.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const DAY_SECONDS = 86_400;
const FIRST_DAY = 20_000;
const RETRY_MS = 60_000;
const LISTINGS = [
  { market: 1, symbol: "BTC" },
  { market: 2, symbol: "ETH" },
] as const;

const dayOf = (index: number, closeUsd = 50_000): DailyObservation => ({
  observedAtSeconds: (FIRST_DAY + index) * DAY_SECONDS + 1,
  priceSource: "exchange-close",
  markets: {
    BTC: { closeUsd, impliedVol: { vol: 0.5, source: "thirty-day-index" } },
    ETH: { closeUsd: 2_000, impliedVol: null },
  },
});

/** A history that a test changes, and a builder whose sets are numbered. */
function desk() {
  const time = virtualTime(0);
  const state = { days: [dayOf(0), dayOf(1)], failure: null as Error | null, isSlow: false };
  const builds: (readonly MarketRecords[])[] = [];
  const answers: PromiseWithResolvers<Hex>[] = [];
  const own = createOwnScenarios({
    // Read anew each time, as from a file.
    marketData: { history: () => Promise.resolve({ days: structuredClone(state.days) }) },
    listings: LISTINGS,
    builder: {
      build: (histories) => {
        builds.push(histories);
        const answer = Promise.withResolvers<Hex>();
        answers.push(answer);
        if (state.failure !== null) answer.reject(state.failure);
        else if (!state.isSlow) answer.resolve(`0x0${builds.length}`);
        return answer.promise;
      },
    },
    timer: time.timer,
  });
  const { signal } = new AbortController();
  return { time, state, builds, answers, current: () => own.current(signal) };
}

describe("a market's daily records", () => {
  const days = (...sources: readonly DailyObservation["priceSource"][]) =>
    sources.map((priceSource, index) => ({ ...dayOf(index), priceSource }));
  const kept = (history: readonly DailyObservation[]) =>
    marketRecords({ days: history }, LISTINGS)[0]?.records.map(({ day }) => day - FIRST_DAY);

  it("leave out the first day of a source that follows another on the next day", () => {
    const [a, b] = ["exchange-close", "index-snapshot"] as const;
    expect(kept(days(a, a, b, b, a, a))).to.deep.equal([0, 1, 3, 5]);
  });

  it("keep it after a gap, across which no return is taken anyway", () => {
    const [first, , third] = days("exchange-close", "exchange-close", "index-snapshot");
    expect(kept([first!, third!])).to.deep.equal([0, 2]);
  });
});

describe("a keeper's own scenario set", () => {
  it("is built from the days of every listing", async () => {
    const { builds, current } = desk();
    await current();
    expect(builds).to.deep.equal([
      [
        {
          market: 1,
          records: [0, 1].map((index) => ({ day: FIRST_DAY + index, close: 50_000, volIndex: 0.5 })),
        },
        {
          market: 2,
          records: [0, 1].map((index) => ({ day: FIRST_DAY + index, close: 2_000, volIndex: null })),
        },
      ],
    ]);
    expect(builds[0]).to.deep.equal(marketRecords({ days: [dayOf(0), dayOf(1)] }, LISTINGS));
  });

  it("is built once for a history, whoever asks and however often", async () => {
    const { builds, current } = desk();
    const asked = await Promise.all(Array.from({ length: 100 }, current));
    asked.push(await current());
    expect(new Set(asked)).to.deep.equal(new Set(["0x01"]));
    expect(builds).to.have.length(1);
  });

  it("is built anew when a day comes, or one is corrected", async () => {
    const { state, builds, current } = desk();
    expect(await current()).to.equal("0x01");
    state.days = [...state.days, dayOf(2)];
    expect(await current()).to.equal("0x02");
    state.days = [dayOf(0), dayOf(1, 50_001), dayOf(2)];
    expect(await current()).to.equal("0x03");
    expect(await current()).to.equal("0x03");
    expect(builds).to.have.length(3);
  });

  it("says why it failed, and tries the same history again a minute later and no earlier", async () => {
    const { time, state, builds, current } = desk();
    state.failure = new ScenarioBuildFailed("broke-off", "SIGKILL");
    const reasonOf = () => current().catch((error: unknown) => error);
    for (let turn = 0; turn < 10; turn++) expect(await reasonOf()).to.equal(state.failure);
    await time.run(RETRY_MS - 1);
    expect(await reasonOf()).to.equal(state.failure);
    expect(builds).to.have.length(1);
    await time.run(1);
    state.failure = null;
    expect(await current()).to.equal("0x02");
  });

  it("tries another history at once", async () => {
    const { state, builds, current } = desk();
    state.failure = new ScenarioBuildFailed("no-set", "series-too-short");
    await current().catch(() => undefined);
    state.failure = null;
    state.days = [...state.days, dayOf(2)];
    expect(await current()).to.equal("0x02");
    expect(builds).to.have.length(2);
  });

  it("is built after the one before, not beside it, when a day comes meanwhile", async () => {
    const { time, state, builds, answers, current } = desk();
    state.isSlow = true;
    const before = current();
    await time.run(0);
    state.days = [...state.days, dayOf(2)];
    const after = current();
    await time.run(0);
    expect(builds).to.have.length(1);
    state.isSlow = false;
    answers[0]?.resolve("0x01");
    expect([await before, await after]).to.deep.equal(["0x01", "0x02"]);
  });
});
