// Hours as an exchange and a volatility index show them, made up from a slow wave so that everybody sees the same.
import type { Market } from "../../keeper/ports/market-data.ts";
import type { HourBar, HourVol, JointHour, RecordSource } from "../../keeper/ports/market-records.ts";

export const HOUR = 3_600;
const LEVEL_USD: Readonly<Record<Market, number>> = { BTC: 60_000, ETH: 2_000 };
const PERIOD_HOURS = 173;
const CENTS = 100;

const cents = (usd: number): number => Math.round(usd * CENTS) / CENTS;
const priceAt = (market: Market, seconds: number): number =>
  cents(LEVEL_USD[market] * (1 + 0.05 * Math.sin((2 * Math.PI * seconds) / (PERIOD_HOURS * HOUR))));

export function barOf(market: Market, endSeconds: number): HourBar {
  const [openUsd, closeUsd] = [priceAt(market, endSeconds - HOUR), priceAt(market, endSeconds)];
  return {
    endSeconds,
    openUsd,
    highUsd: cents(Math.max(openUsd, closeUsd) * 1.002),
    lowUsd: cents(Math.min(openUsd, closeUsd) * 0.998),
    closeUsd,
  };
}

/** Percent, two decimals. */
export const indexOf = (market: Market, endSeconds: number): number =>
  cents((market === "BTC" ? 45 : 60) + 5 * Math.cos(endSeconds / (PERIOD_HOURS * HOUR)));

const volOf = (market: Market, endSeconds: number): HourVol => ({
  endSeconds,
  vol: indexOf(market, endSeconds) / 100,
});

/** The hour of both markets, as a store keeps it. */
export function jointHourOf(endSeconds: number): JointHour {
  const values = (market: Market) => {
    const { openUsd, highUsd, lowUsd, closeUsd } = barOf(market, endSeconds);
    const impliedVol = Math.round(indexOf(market, endSeconds) * CENTS) / (CENTS * CENTS);
    return { openUsd, highUsd, lowUsd, closeUsd, impliedVol };
  };
  return { endSeconds, markets: { BTC: values("BTC"), ETH: values("ETH") } };
}

export interface VenueHours extends RecordSource {
  /** Ends of the hours asked for, and how often. */
  readonly asked: { market: Market; afterSeconds: number; untilSeconds: number }[];
  /** What is not shown: by market, series and end of the hour. */
  hide: (market: Market, series: "bar" | "vol", endSeconds: number) => boolean;
  /** Changes a bar before it is shown. */
  alter: (market: Market, bar: HourBar) => HourBar;
}

export function venueHours(): VenueHours {
  const hours = <T>(
    afterSeconds: number,
    untilSeconds: number,
    of: (endSeconds: number) => T,
  ): readonly T[] => {
    const all: T[] = [];
    for (let end = afterSeconds + HOUR; end <= untilSeconds; end += HOUR) all.push(of(end));
    return all;
  };
  const venue: VenueHours = {
    asked: [],
    hide: () => false,
    alter: (_, bar) => bar,
    bars: (market, afterSeconds, untilSeconds) => {
      venue.asked.push({ market, afterSeconds, untilSeconds });
      const shown = hours(afterSeconds, untilSeconds, (end) => venue.alter(market, barOf(market, end)));
      return Promise.resolve(shown.filter(({ endSeconds }) => !venue.hide(market, "bar", endSeconds)));
    },
    impliedVols: (market, afterSeconds, untilSeconds) => {
      const shown = hours(afterSeconds, untilSeconds, (end) => volOf(market, end));
      return Promise.resolve(shown.filter(({ endSeconds }) => !venue.hide(market, "vol", endSeconds)));
    },
  };
  return venue;
}
