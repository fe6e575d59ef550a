import { join } from "node:path";
import { z } from "zod";
import { ABSENT, FORMAT_VERSION } from "../../../keeper/adapters/replay/file-format.ts";
import { assertRising, readRecords } from "../../../keeper/adapters/replay/read-records.ts";

export const CRASH_FORMAT = "ballast-crash-bars";
export const CRASH_COLUMNS =
  "end,seconds,btcOpen,btcHigh,btcLow,btcClose,ethOpen,ethHigh,ethLow,ethClose,btcVol,ethVol";
const CRASH_BARS_FILE = join("episodes", "crashes.ndjson");
export const BTC_TICKS_PER_USD = 1;
export const ETH_TICKS_PER_USD = 10;
export const CRASH_VOL_TICKS_PER_UNIT = 1_000;

const provenance = z.strictObject({
  format: z.literal(CRASH_FORMAT),
  version: z.literal(FORMAT_VERSION),
  title: z.string().min(1),
  source: z.array(z.string().min(1)).min(1),
  licence: z.string().min(1),
  cut: z.string().min(1),
  columns: z.literal(CRASH_COLUMNS),
  btcTicksPerUsd: z.literal(BTC_TICKS_PER_USD),
  ethTicksPerUsd: z.literal(ETH_TICKS_PER_USD),
  volTicksPerUnit: z.literal(CRASH_VOL_TICKS_PER_UNIT),
});
const ticks = z.int().positive();
const vol = z.int().nonnegative();
const record = z.tuple([ticks, ticks, ticks, ticks, ticks, ticks, ticks, ticks, ticks, ticks, vol, vol]);

export type CrashBarsHeader = z.infer<typeof provenance>;
export type CrashBarsRecord = z.infer<typeof record>;

/** A bar of one market, USD. */
export interface Bar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** What both markets did in the same span. */
export interface JointBar {
  readonly endSeconds: number;
  readonly seconds: number;
  /** By market id. */
  readonly bars: readonly [btc: Bar, eth: Bar];
  /** 30-day implied-vol index at the end, annual fraction; null before it existed. */
  readonly indexVols: readonly [btc: number | null, eth: number | null];
}

/** The project's own bars of every crash, rising in time. Throws `ReplayFileError`. */
export function loadCrashBars(projectFolder: string): readonly JointBar[] {
  const file = join(projectFolder, CRASH_BARS_FILE);
  const { records } = readRecords(file, provenance, record);
  assertRising(
    file,
    records.map(({ line, record: [end] }) => ({ line, value: end })),
  );
  const volOf = (value: number) => (value === ABSENT ? null : value / CRASH_VOL_TICKS_PER_UNIT);
  return records.map(({ record: [end, seconds, bo, bh, bl, bc, eo, eh, el, ec, bv, ev] }) => ({
    endSeconds: end,
    seconds,
    bars: [scaled(BTC_TICKS_PER_USD, bo, bh, bl, bc), scaled(ETH_TICKS_PER_USD, eo, eh, el, ec)],
    indexVols: [volOf(bv), volOf(ev)],
  }));
}

function scaled(ticksPerUsd: number, open: number, high: number, low: number, close: number): Bar {
  return {
    open: open / ticksPerUsd,
    high: high / ticksPerUsd,
    low: low / ticksPerUsd,
    close: close / ticksPerUsd,
  };
}
