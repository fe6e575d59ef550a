import { join } from "node:path";

import { ABSENT, DAILY_COLUMNS, FORMAT_VERSION } from "../../keeper/adapters/replay/file-format.ts";
import type { DailyHistoryHeader, DailyHistoryRecord } from "../../keeper/adapters/replay/file-format.ts";
import type { Market } from "../../keeper/ports/market-data.ts";
import { constantMaturityVol } from "./at-the-money.ts";
import { numberOf, readCsvGz, secondsOf } from "./csv.ts";
import { groupBy } from "./group-by.ts";
import { readChains } from "./option-chain.ts";
import type { RecordedChain } from "./option-chain.ts";
import { CHAIN_SOURCE, DVOL_SOURCE, LICENCE, SPOT_SOURCE } from "./sources.ts";
import { HOUR_SECONDS, readSpotBars } from "./spot-bars.ts";
import { toTicks } from "./ticks.ts";

const DAY_SECONDS = 86_400;
const FROM_SECONDS = Date.UTC(2018, 0, 1) / 1000;
const CHAIN_MONTHS = ["2025-12", "2026-01", "2026-02"];
const CHAIN_UNTIL_SECONDS = Date.UTC(2026, 1, 10) / 1000;
/** One chain a day is kept: that nearest to this time of day, if it is near enough for its returns to span about a day. */
const CHAIN_TIME_OF_DAY_SECONDS = 9.5 * HOUR_SECONDS;
const CHAIN_TIME_TOLERANCE_SECONDS = HOUR_SECONDS;
const THIRTY_DAYS_IN_YEARS = 30 / 365;

const CLOSE_TICKS_PER_USD: Readonly<Record<Market, number>> = { BTC: 10, ETH: 100 };
const VOL_TICKS_PER_UNIT = 10_000;
const PERCENT = 100;

const EXCHANGE_SERIES = 0;
const CHAIN_SERIES = 1;

const DVOL_FILES: Readonly<Record<Market, string>> = {
  BTC: "dvol_btc_daily.csv.gz",
  ETH: "dvol_eth_daily.csv.gz",
};

/** Closing value of the index by the second at which its day ends. */
function readDvol(from: string, market: Market): ReadonlyMap<number, number> {
  const closes = new Map<number, number>();
  for (const row of readCsvGz(join(from, "deribit", DVOL_FILES[market]))) {
    closes.set(secondsOf(row("date")) + DAY_SECONDS, numberOf(row("close")) / PERCENT);
  }
  return closes;
}

function exchangeDays(from: string): readonly DailyHistoryRecord[] {
  const endsDay = (closedAt: number): boolean => closedAt > FROM_SECONDS && closedAt % DAY_SECONDS === 0;
  const [btc, eth] = [readSpotBars(from, "BTC", endsDay), readSpotBars(from, "ETH", endsDay)];
  const [btcVol, ethVol] = [readDvol(from, "BTC"), readDvol(from, "ETH")];
  const vol = (value: number | undefined): number =>
    value === undefined ? ABSENT : toTicks(value, VOL_TICKS_PER_UNIT);
  return [...btc].flatMap(([time, { closeUsd }]): DailyHistoryRecord[] => {
    const ethClose = eth.get(time)?.closeUsd;
    if (ethClose === undefined) return [];
    return [
      [
        time,
        EXCHANGE_SERIES,
        toTicks(closeUsd, CLOSE_TICKS_PER_USD.BTC),
        toTicks(ethClose, CLOSE_TICKS_PER_USD.ETH),
        vol(btcVol.get(time)),
        vol(ethVol.get(time)),
      ],
    ];
  });
}

function distanceFromHour(timeSeconds: number): number {
  return Math.abs((timeSeconds % DAY_SECONDS) - CHAIN_TIME_OF_DAY_SECONDS);
}

function chainDays(from: string): readonly DailyHistoryRecord[] {
  const chains = readChains(
    from,
    CHAIN_MONTHS,
    (time) => time < CHAIN_UNTIL_SECONDS && distanceFromHour(time) <= CHAIN_TIME_TOLERANCE_SECONDS,
  );
  const vol = (chain: RecordedChain): number =>
    toTicks(constantMaturityVol(chain, THIRTY_DAYS_IN_YEARS), VOL_TICKS_PER_UNIT);
  return [...groupBy(chains, (chain) => Math.floor(chain.timeSeconds / DAY_SECONDS)).values()].map(
    (ofDay) => {
      const byDistance = ofDay.toSorted(
        (a, b) => distanceFromHour(a.timeSeconds) - distanceFromHour(b.timeSeconds),
      );
      const btc = byDistance.find((chain) => chain.market === "BTC");
      const eth = byDistance.find((chain) => chain.market === "ETH");
      if (btc === undefined || eth?.timeSeconds !== btc.timeSeconds)
        throw new Error("a snapshot lacks one of its markets");
      return [
        btc.timeSeconds,
        CHAIN_SERIES,
        toTicks(btc.indexUsd, CLOSE_TICKS_PER_USD.BTC),
        toTicks(eth.indexUsd, CLOSE_TICKS_PER_USD.ETH),
        vol(btc),
        vol(eth),
      ];
    },
  );
}

/** Joins the daily closes and implied volatilities of both markets: header, then one record for each day that both have. */
export function extractDailyHistory(from: string): readonly [DailyHistoryHeader, ...DailyHistoryRecord[]] {
  const header: DailyHistoryHeader = {
    format: "ballast-daily-history",
    version: FORMAT_VERSION,
    title: "BTC and ETH day by day: price and thirty-day implied volatility",
    source: [SPOT_SOURCE, DVOL_SOURCE, CHAIN_SOURCE],
    licence: LICENCE,
    cut:
      "Series 0, 2018-01-01 to 2025-08-31: spot close of the hour that ends the day (UTC) and DVOL close of the same day (from 2021-03-24). Series 1, " +
      "2025-12-31 to 2026-02-09: index of the option chain recorded nearest to 09:30 UTC, within an hour of it, and at-the-money mark volatility at thirty days, " +
      "total variance linear between the expiries around. Nothing is filled: 1 September to 30 December 2025 is a gap, so is any day whose last hour is " +
      "missing at the exchange; zero in a vol column means none exists. Later days are added to a keeper's own file by the rule of series 0 (`ballast history update`).",
    columns: DAILY_COLUMNS,
    closeTicksPerUsd: CLOSE_TICKS_PER_USD,
    volTicksPerUnit: VOL_TICKS_PER_UNIT,
    series: [
      { priceSource: "exchange-close", impliedVolSource: "thirty-day-index" },
      { priceSource: "index-snapshot", impliedVolSource: "thirty-day-at-the-money" },
    ],
  };
  return [header, ...exchangeDays(from), ...chainDays(from)];
}
