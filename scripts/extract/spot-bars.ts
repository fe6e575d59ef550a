import { join } from "node:path";

import type { Market } from "../../keeper/ports/market-data.ts";
import { numberOf, readCsvGz, secondsOf } from "./csv.ts";

export interface SpotBar {
  readonly closeUsd: number;
  readonly lowUsd: number;
}

export const HOUR_SECONDS = 3_600;

const FILES: Readonly<Record<Market, string>> = {
  BTC: "btcusdt_binance_spot_1h.csv.gz",
  ETH: "ethusdt_binance_spot_1h.csv.gz",
};

/** Hourly bars by the second at which they closed, for closing times that `keep` accepts. */
export function readSpotBars(
  from: string,
  market: Market,
  keep: (closedAtSeconds: number) => boolean,
): ReadonlyMap<number, SpotBar> {
  const bars = new Map<number, SpotBar>();
  for (const row of readCsvGz(join(from, "prices", FILES[market]))) {
    const closedAtSeconds = secondsOf(row("time")) + HOUR_SECONDS;
    if (keep(closedAtSeconds))
      bars.set(closedAtSeconds, { closeUsd: numberOf(row("close")), lowUsd: numberOf(row("low")) });
  }
  return bars;
}
