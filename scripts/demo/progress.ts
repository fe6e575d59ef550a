import type { SnapshotRecord } from "./snapshot-record.ts";

const PERCENT = 100;
const MILLION = 1e6;

/** `2026-02-05 21:29`. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 16).replace("T", " ");
}

export const PROGRESS_HEADER =
  "time (UTC)          BTC     ETH   vol forecast BTC/ETH   initial margin   below 1   calls  fills  called   fund     report gas";

/** One line of progress for a snapshot. */
export function progressLine(record: SnapshotRecord): string {
  const { BTC, ETH } = record.markets;
  const initial = record.accounts.reduce((sum, it) => sum + it.initialUsd.default, 0);
  const open = record.accounts.filter(({ grossUsd }) => grossUsd > 0);
  const below = open.filter(({ health }) => health < 1).length;
  return [
    timeText(record.seconds),
    BTC.spotUsd.toFixed(0).padStart(7),
    ETH.spotUsd.toFixed(0).padStart(7),
    `${percent(BTC.forecastVol)} / ${percent(ETH.forecastVol)}`.padStart(20),
    `$${(initial / MILLION).toFixed(1)}m`.padStart(16),
    percent(open.length === 0 ? 0 : below / open.length).padStart(9),
    record.flagged.toString().padStart(7),
    record.fills.toString().padStart(6),
    record.stillCalled.toString().padStart(7),
    `$${(record.fundUsd / MILLION).toFixed(2)}m`.padStart(9),
    record.reportGas.toString().padStart(11),
  ].join(" ");
}

export function percent(share: number): string {
  return `${(share * PERCENT).toFixed(1)} %`;
}
