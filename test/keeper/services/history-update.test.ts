import { expect } from "chai";
import type { DailyObservation } from "../../../keeper/ports/market-data.ts";
import { HistoryRefused, type HistoryStore, type JointHour } from "../../../keeper/ports/market-records.ts";
import { nextHourDueSeconds, updateHistory } from "../../../keeper/services/history-update.ts";
import { barOf, HOUR, indexOf, jointHourOf, venueHours, type VenueHours } from "../../support/venue-hours.ts";

const DAY = 24 * HOUR;
const MIDNIGHT = Date.UTC(2026, 5, 10) / 1_000;
const SETTLING = 120;
const FIRST_HOURS = 800 * 24;

const closeDay = (observedAtSeconds: number, btcClose: number, ethClose: number): DailyObservation => ({
  observedAtSeconds,
  priceSource: "exchange-close",
  markets: {
    BTC: { closeUsd: btcClose, impliedVol: null },
    ETH: { closeUsd: ethClose, impliedVol: null },
  },
});
/** The day that the venue shows, as a file keeps it. */
const venueDay = (end: number): DailyObservation =>
  closeDay(end, Math.round(barOf("BTC", end).closeUsd * 10) / 10, barOf("ETH", end).closeUsd);

function memoryStore(days: readonly DailyObservation[], hours: readonly JointHour[] = []) {
  const kept = { days: [...days], hours: [...hours], appends: 0 };
  const store: HistoryStore = {
    read: () => ({
      days: { days: kept.days },
      firstHourSeconds: kept.hours[0]?.endSeconds ?? null,
      lastHour: kept.hours.at(-1) ?? null,
    }),
    hoursAfter: (end) => kept.hours.filter(({ endSeconds }) => endSeconds > end),
    append: (newHours, newDays) => {
      kept.appends += 1;
      kept.hours.push(...newHours);
      kept.days.push(...newDays);
    },
  };
  return { store, kept };
}

const update = (store: HistoryStore, source: VenueHours, nowSeconds: number) =>
  updateHistory({ source, store, clock: { nowSeconds: () => nowSeconds } });
const refusedBy = async (promise: Promise<unknown>): Promise<HistoryRefused> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof HistoryRefused) return error;
  throw new Error("expected a refusal", { cause: error });
};
/** A store that holds the days to a time and the hours of the last four. */
function keptUntil(endSeconds: number) {
  const source = venueHours();
  const lastDay = Math.floor(endSeconds / DAY) * DAY;
  const hours = Array.from({ length: 4 * 24 }, (_, back) => jointHourOf(endSeconds - back * HOUR)).reverse();
  const days = [3, 2, 1, 0].map((back) => venueDay(lastDay - back * DAY));
  return { ...memoryStore(days, hours), source };
}

describe("the update of the history", () => {
  it("begins with 800 days of hours, and adds the days after the last one on file", async () => {
    const source = venueHours();
    const { store, kept } = memoryStore([venueDay(MIDNIGHT - 3 * DAY)]);
    const progress: number[] = [];
    const clock = { nowSeconds: () => MIDNIGHT + 5 * HOUR + SETTLING };
    const result = await updateHistory({
      source,
      store,
      clock,
      progress: (done, inAll) => progress.push(done / inAll),
    });
    expect(result).to.deep.equal({
      hours: FIRST_HOURS + 5,
      days: 3,
      lastHourSeconds: MIDNIGHT + 5 * HOUR,
      lastDaySeconds: MIDNIGHT,
      isComplete: true,
    });
    expect(kept.hours[0]?.endSeconds).to.equal(MIDNIGHT - 800 * DAY + HOUR);
    expect(kept.days.map(({ observedAtSeconds }) => observedAtSeconds)).to.deep.equal(
      [3, 2, 1, 0].map((back) => MIDNIGHT - back * DAY),
    );
    expect(kept.days.at(-1)).to.deep.equal({
      observedAtSeconds: MIDNIGHT,
      priceSource: "exchange-close",
      markets: {
        BTC: {
          closeUsd: barOf("BTC", MIDNIGHT).closeUsd,
          impliedVol: { vol: indexOf("BTC", MIDNIGHT) / 100, source: "thirty-day-index" },
        },
        ETH: {
          closeUsd: barOf("ETH", MIDNIGHT).closeUsd,
          impliedVol: { vol: indexOf("ETH", MIDNIGHT) / 100, source: "thirty-day-index" },
        },
      },
    });
    expect(progress.at(-1)).to.equal(1);
    expect(progress).to.deep.equal([...progress].sort((a, b) => a - b));
    for (const { afterSeconds, untilSeconds } of source.asked)
      expect(untilSeconds - afterSeconds).to.be.at.most(1_000 * HOUR);
  });

  it("asks only for what is missing, and for the last hour again", async () => {
    const { store, source } = keptUntil(MIDNIGHT);
    source.asked.length = 0;
    expect(await update(store, source, MIDNIGHT + HOUR + SETTLING - 1)).to.include({ hours: 0 });
    expect(source.asked).to.deep.equal([]);
    expect(await update(store, source, MIDNIGHT + HOUR + SETTLING)).to.include({ hours: 1, days: 0 });
    expect(source.asked[0]).to.deep.equal({
      market: "BTC",
      afterSeconds: MIDNIGHT - HOUR,
      untilSeconds: MIDNIGHT + HOUR,
    });
  });

  it("adds the same whenever and however often it is asked", async () => {
    const often = keptUntil(MIDNIGHT);
    for (let now = MIDNIGHT; now <= MIDNIGHT + 2 * DAY; now += 1_700)
      await update(often.store, often.source, now);
    const once = keptUntil(MIDNIGHT);
    await update(once.store, once.source, MIDNIGHT + 2 * DAY);
    expect(often.kept.days).to.deep.equal(once.kept.days);
    expect(often.kept.hours).to.deep.equal(once.kept.hours);
  });

  it("waits for an hour that a series does not show yet, and leaves it out when later ones come without it", async () => {
    for (const [market, series] of [
      ["BTC", "bar"],
      ["ETH", "vol"],
    ] as const) {
      const { store, kept, source } = keptUntil(MIDNIGHT - HOUR);
      source.hide = (...seen) => seen[0] === market && seen[1] === series && seen[2] === MIDNIGHT;
      expect(await update(store, source, MIDNIGHT + SETTLING)).to.deep.include({
        hours: 0,
        days: 0,
        isComplete: false,
      });
      await update(store, source, MIDNIGHT + HOUR + SETTLING);
      const isThere = kept.hours.some(({ endSeconds }) => endSeconds === MIDNIGHT);
      expect(isThere, series).to.equal(series === "vol");
      expect(kept.days.at(-1)?.observedAtSeconds).to.equal(series === "vol" ? MIDNIGHT : MIDNIGHT - DAY);
      if (series === "vol") expect(kept.days.at(-1)?.markets.ETH.impliedVol).to.equal(null);
    }
  });

  it("makes days that are missing from hours on file, as after a crash between the two", async () => {
    const { store, kept, source } = keptUntil(MIDNIGHT);
    kept.days.pop();
    expect(await update(store, source, MIDNIGHT + HOUR + SETTLING)).to.include({ hours: 1, days: 1 });
    expect(kept.days.at(-1)?.observedAtSeconds).to.equal(MIDNIGHT);
  });

  it("reaches back to the last day on file when that is longer ago", async () => {
    const { store, kept } = memoryStore([venueDay(MIDNIGHT - 900 * DAY)]);
    await update(store, venueHours(), MIDNIGHT + SETTLING);
    expect(kept.days).to.have.length(901);
  });

  for (const [series, what] of [
    ["bar", "a price"],
    ["vol", "an implied vol"],
  ] as const)
    it(`refuses to leave out more than 36 hours without ${what}, and writes nothing`, async () => {
      const { store, kept, source } = keptUntil(MIDNIGHT);
      const appends = kept.appends;
      const hidden =
        (hours: number): VenueHours["hide"] =>
        (market, hiddenSeries, end) =>
          market === "ETH" && hiddenSeries === series && end > MIDNIGHT && end <= MIDNIGHT + hours * HOUR;
      source.hide = hidden(37);
      const error = await refusedBy(update(store, source, MIDNIGHT + 2 * DAY));
      expect(error.code).to.equal("gap");
      expect(error.message).to.include(what).and.include("2026-06-10T00:00:00Z");
      expect(kept.appends).to.equal(appends);
      source.hide = hidden(36);
      await update(store, source, MIDNIGHT + 2 * DAY);
      expect(kept.hours.at(-1)?.endSeconds).to.be.greaterThan(MIDNIGHT + 36 * HOUR);
    });

  it("refuses venues that show another last hour, or another day of the same source", async () => {
    const { store, kept, source } = keptUntil(MIDNIGHT);
    const appends = kept.appends;
    source.alter = (market, bar) =>
      market === "ETH" && bar.endSeconds === MIDNIGHT ? { ...bar, closeUsd: bar.closeUsd + 0.01 } : bar;
    const error = await refusedBy(update(store, source, MIDNIGHT + HOUR + SETTLING));
    expect(error.code).to.equal("restated");
    expect(error.message).to.include("2026-06-10T00:00:00Z of ETH");
    expect(kept.appends).to.equal(appends);

    const wrong = closeDay(MIDNIGHT - 3 * DAY, barOf("BTC", MIDNIGHT - 3 * DAY).closeUsd + 0.1, 1);
    const restated = await refusedBy(update(memoryStore([wrong]).store, venueHours(), MIDNIGHT + SETTLING));
    expect(restated.message).to.include("the day 2026-06-07T00:00:00Z of BTC");
    const other = { ...wrong, priceSource: "index-snapshot" as const };
    await update(memoryStore([other]).store, venueHours(), MIDNIGHT + SETTLING);
  });

  it("refuses a move within an hour that no market made", async () => {
    const { store, source } = keptUntil(MIDNIGHT);
    const end = MIDNIGHT + HOUR;
    for (const alter of [
      { closeUsd: 36_000 * 1.7, highUsd: 70_000 * 1.7 },
      { highUsd: 110_000 },
      { openUsd: 600, highUsd: 601, lowUsd: 599, closeUsd: 600 },
    ]) {
      source.alter = (market, bar) =>
        market === "BTC" && bar.endSeconds === end ? { ...bar, ...alter } : bar;
      expect((await refusedBy(update(store, source, end + SETTLING))).code).to.equal("implausible");
    }
  });

  it("refuses days and hours on file that do not meet", async () => {
    const { store, kept, source } = keptUntil(MIDNIGHT);
    kept.days = [venueDay(MIDNIGHT - 6 * DAY)];
    expect((await refusedBy(update(store, source, MIDNIGHT + HOUR + SETTLING))).code).to.equal("detached");
  });

  it("does nothing when the files are ahead of the clock, as in a replay", async () => {
    const { store, source } = keptUntil(MIDNIGHT);
    source.asked.length = 0;
    expect(await update(store, source, MIDNIGHT - 5 * DAY)).to.include({
      hours: 0,
      days: 0,
      isComplete: true,
    });
    expect(source.asked).to.deep.equal([]);
  });

  it("says when the next hour is final", () => {
    expect(nextHourDueSeconds(MIDNIGHT)).to.equal(MIDNIGHT + SETTLING);
    expect(nextHourDueSeconds(MIDNIGHT + SETTLING - 1)).to.equal(MIDNIGHT + SETTLING);
    expect(nextHourDueSeconds(MIDNIGHT + SETTLING)).to.equal(MIDNIGHT + HOUR + SETTLING);
  });
});
