import { ABSENT, FORMAT_VERSION } from "../../keeper/adapters/replay/file-format.ts";
import {
  BTC_TICKS_PER_USD,
  CRASH_COLUMNS,
  CRASH_FORMAT,
  CRASH_VOL_TICKS_PER_UNIT,
  ETH_TICKS_PER_USD,
} from "../backtest/protocol/crash-bars.ts";
import type { Bar, CrashBarsHeader, CrashBarsRecord } from "../backtest/protocol/crash-bars.ts";
import { CRASHES } from "../backtest/protocol/episodes.ts";
import { openRecordedBars } from "../backtest/protocol/recorded-bars.ts";
import { CRASH_SOURCE, DVOL_SOURCE, LICENCE, SPOT_SOURCE } from "./sources.ts";
import { toTicks } from "./ticks.ts";

const LEAST_BAR_SECONDS = 1_800;

/** Cuts both markets' bars of every crash, half-hourly where recorded, else hourly. */
export function extractCrashBars(from: string): readonly [CrashBarsHeader, ...CrashBarsRecord[]] {
  const recorded = openRecordedBars(from);
  const header: CrashBarsHeader = {
    format: CRASH_FORMAT,
    version: FORMAT_VERSION,
    title: "BTC and ETH spot on Binance in eleven crashes, 2020 to 2025, with the 30-day implied-vol index",
    source: [SPOT_SOURCE, CRASH_SOURCE, DVOL_SOURCE],
    licence: LICENCE,
    cut:
      "Bars of 30 minutes where both markets have 30 minutes or finer, else of an hour; end is the second at which a bar ends. Index as last known at the end; where only " +
      "the daily close of ETH's is recorded (before June 2022), that of the evening before moved in proportion to BTC's since. Zero in a vol column means none exists.",
    columns: CRASH_COLUMNS,
    btcTicksPerUsd: BTC_TICKS_PER_USD,
    ethTicksPerUsd: ETH_TICKS_PER_USD,
    volTicksPerUnit: CRASH_VOL_TICKS_PER_UNIT,
  };
  const records = CRASHES.flatMap((episode) =>
    recorded
      .of(episode, LEAST_BAR_SECONDS)
      .map(({ endSeconds, seconds, bars, indexVols }): CrashBarsRecord => {
        const [btc, eth] = bars;
        return [
          endSeconds,
          seconds,
          ...ticksOf(btc, BTC_TICKS_PER_USD),
          ...ticksOf(eth, ETH_TICKS_PER_USD),
          volTicks(indexVols[0]),
          volTicks(indexVols[1]),
        ];
      }),
  );
  return [header, ...records];
}

function ticksOf({ open, high, low, close }: Bar, ticksPerUsd: number): [number, number, number, number] {
  return [
    toTicks(open, ticksPerUsd),
    toTicks(high, ticksPerUsd),
    toTicks(low, ticksPerUsd),
    toTicks(close, ticksPerUsd),
  ];
}

function volTicks(vol: number | null): number {
  return vol === null ? ABSENT : toTicks(vol, CRASH_VOL_TICKS_PER_UNIT);
}
