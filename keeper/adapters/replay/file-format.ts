import { z } from "zod";

import { MARKETS } from "../../ports/market-data.ts";

/**
 * The project's own format for recorded market data: newline-delimited JSON whose first line is a header (format, source, units, cut)
 * and whose other lines are records in rising order of time. Quantities are whole numbers of the ticks that the header names.
 */

export const FORMAT_VERSION = 1;

/** A quote, a volatility or a listing that was not there when it was recorded. A recorded premium or volatility is never zero. */
export const ABSENT = 0;

/** Numbers stored for each strike of a chain, in this order. */
export const STRIKE_FIELDS = [
  "callBid",
  "callAsk",
  "putBid",
  "putAsk",
  "vol",
  "callOpenInterest",
  "putOpenInterest",
] as const;

export const SPOT_COLUMNS = "time,btcClose,btcLow,ethClose,ethLow";
export const DAILY_COLUMNS = "time,series,btcClose,ethClose,btcVol,ethVol";
export const HOURLY_COLUMNS =
  "time,btcOpen,btcHigh,btcLow,btcClose,ethOpen,ethHigh,ethLow,ethClose,btcVol,ethVol";

const EARLIEST_SECONDS = Date.UTC(2009, 0) / 1000;
const SECONDS_PER_HOUR = 3_600;
const LATEST_SECONDS = Date.UTC(2100, 0) / 1000;

const market = z.enum(MARKETS);
const timeSeconds = z.int().min(EARLIEST_SECONDS).max(LATEST_SECONDS);
const ticks = z.int().nonnegative();
const positiveTicks = z.int().positive();
const scale = z.int().positive();

const provenance = {
  version: z.literal(FORMAT_VERSION),
  title: z.string().min(1),
  source: z.array(z.string().min(1)).min(1),
  licence: z.string().min(1),
  cut: z.string().min(1),
};

const expiryListing = z.strictObject({
  expirySeconds: timeSeconds,
  strikesUsd: z.array(z.number().positive()).min(1),
});

const marketListing = z.strictObject({
  spotTicksPerUsd: scale,
  premiumTicksPerCoin: scale,
  volTicksPerUnit: scale,
  openInterestTicksPerCoin: scale,
  expiries: z.array(expiryListing).min(1),
});

export const optionEpisodeHeader = z.strictObject({
  format: z.literal("ballast-option-episode"),
  ...provenance,
  strikeFields: z.literal(STRIKE_FIELDS.join(",")),
  markets: z.strictObject({ BTC: marketListing, ETH: marketListing }),
});

/** One expiry: its index in the header, the forward in spot ticks, then `STRIKE_FIELDS` for each strike of the header. */
const chain = z.tuple([z.int().nonnegative(), positiveTicks, z.array(ticks)]);

export const optionEpisodeRecord = z.strictObject({
  time: timeSeconds,
  market,
  spot: positiveTicks,
  openInterest: ticks,
  chains: z.array(chain),
});

export const spotEpisodeHeader = z.strictObject({
  format: z.literal("ballast-spot-episode"),
  ...provenance,
  columns: z.literal(SPOT_COLUMNS),
  spotTicksPerUsd: scale,
});

export const spotEpisodeRecord = z.tuple([
  timeSeconds,
  positiveTicks,
  positiveTicks,
  positiveTicks,
  positiveTicks,
]);

export const dailyHistoryHeader = z.strictObject({
  format: z.literal("ballast-daily-history"),
  ...provenance,
  columns: z.literal(DAILY_COLUMNS),
  closeTicksPerUsd: z.strictObject({ BTC: scale, ETH: scale }),
  volTicksPerUnit: scale,
  /** What the `series` column points to. */
  series: z
    .array(
      z.strictObject({
        priceSource: z.enum(["exchange-close", "index-snapshot"]),
        impliedVolSource: z.enum(["thirty-day-index", "thirty-day-at-the-money"]),
      }),
    )
    .min(1),
});

export const dailyHistoryRecord = z.tuple([
  timeSeconds,
  z.int().nonnegative(),
  positiveTicks,
  positiveTicks,
  ticks,
  ticks,
]);

export const hourlyHistoryHeader = z.strictObject({
  format: z.literal("ballast-hourly-history"),
  ...provenance,
  columns: z.literal(HOURLY_COLUMNS),
  priceTicksPerUsd: scale,
  volTicksPerUnit: scale,
});

export const hourlyHistoryRecord = z.tuple([
  timeSeconds.multipleOf(SECONDS_PER_HOUR),
  positiveTicks,
  positiveTicks,
  positiveTicks,
  positiveTicks,
  positiveTicks,
  positiveTicks,
  positiveTicks,
  positiveTicks,
  ticks,
  ticks,
]);

export type OptionEpisodeHeader = z.infer<typeof optionEpisodeHeader>;
export type OptionEpisodeRecord = z.infer<typeof optionEpisodeRecord>;
export type MarketListing = z.infer<typeof marketListing>;
export type SpotEpisodeHeader = z.infer<typeof spotEpisodeHeader>;
export type SpotEpisodeRecord = z.infer<typeof spotEpisodeRecord>;
export type DailyHistoryHeader = z.infer<typeof dailyHistoryHeader>;
export type DailyHistoryRecord = z.infer<typeof dailyHistoryRecord>;
export type HourlyHistoryHeader = z.infer<typeof hourlyHistoryHeader>;
export type HourlyHistoryRecord = z.infer<typeof hourlyHistoryRecord>;
