import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { extractCrashBars } from "./extract/crash-bars.ts";
import { extractDailyHistory } from "./extract/daily-history.ts";
import { extractEarlyCloses } from "./extract/early-closes.ts";
import { extractOptionEpisode } from "./extract/option-episode.ts";
import { extractSpotEpisode } from "./extract/spot-episode.ts";

/** `node scripts/extract-market-data.ts --from FOLDER [--to data]`: cuts the recorded market data the project carries. */

const DEFAULT_TARGET = fileURLToPath(new URL("../data", import.meta.url));

const CUTS: Readonly<Record<string, (from: string) => readonly unknown[]>> = {
  "episodes/2026-02.ndjson": extractOptionEpisode,
  "episodes/2020-03.ndjson": extractSpotEpisode,
  "episodes/crashes.ndjson": extractCrashBars,
  "history/daily.ndjson": extractDailyHistory,
  "history/early-closes.ndjson": extractEarlyCloses,
};

function main(): void {
  const { values } = parseArgs({
    options: { from: { type: "string" }, to: { type: "string", default: DEFAULT_TARGET } },
  });
  if (values.from === undefined)
    throw new Error("--from FOLDER is missing: a folder of recorded market data");
  for (const [file, extract] of Object.entries(CUTS)) {
    const text = extract(values.from)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    const path = join(values.to, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${file}: ${Buffer.byteLength(text)} bytes`);
  }
}

main();
