import { join } from "node:path";
import { z } from "zod";
import { FORMAT_VERSION } from "../../keeper/adapters/replay/file-format.ts";
import { assertRising, readRecords } from "../../keeper/adapters/replay/read-records.ts";

export const EARLY_FORMAT = "ballast-early-closes";
export const EARLY_COLUMNS = "time,btcClose,ethClose";
const EARLY_CLOSES_FILE = join("history", "early-closes.ndjson");
/** ETH cost less than a dollar in 2015. */
export const CLOSE_TICKS_PER_USD = 1_000;

const header = z.strictObject({
  format: z.literal(EARLY_FORMAT),
  version: z.literal(FORMAT_VERSION),
  title: z.string().min(1),
  source: z.array(z.string().min(1)).min(1),
  licence: z.string().min(1),
  cut: z.string().min(1),
  columns: z.literal(EARLY_COLUMNS),
  closeTicksPerUsd: z.literal(CLOSE_TICKS_PER_USD),
});
const ticks = z.int().positive();
const record = z.tuple([z.int().positive(), ticks, ticks]);

export type EarlyClosesHeader = z.infer<typeof header>;
export type EarlyClosesRecord = z.infer<typeof record>;

/** Prices of both markets at the end of one day. */
export interface EarlyClose {
  readonly observedAtSeconds: number;
  readonly BTC: number;
  readonly ETH: number;
}

/** Daily closes from before the exchange's own history. Throws `ReplayFileError`. */
export function loadEarlyCloses(dataFolder: string): readonly EarlyClose[] {
  const file = join(dataFolder, EARLY_CLOSES_FILE);
  const { records } = readRecords(file, header, record);
  assertRising(
    file,
    records.map(({ line, record: [time] }) => ({ line, value: time })),
  );
  return records.map(({ record: [observedAtSeconds, btc, eth] }) => ({
    observedAtSeconds,
    BTC: btc / CLOSE_TICKS_PER_USD,
    ETH: eth / CLOSE_TICKS_PER_USD,
  }));
}
