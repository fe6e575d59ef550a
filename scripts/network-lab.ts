// A measured network of real keepers: `npm run bench:network -- --help` says more.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { readLabOptions } from "./network/lab-options.ts";
import { judgeLab } from "./network/lab-verdict.ts";
import { runLab } from "./network/run-lab.ts";
import { PROJECT_ROOT } from "./run-command.ts";

const BYTES_PER_MB = 1e6;

const options = readLabOptions(process.argv.slice(2));
const { seed, keepers, rounds, slotSeconds } = options;
console.log(`seed ${seed}: ${keepers} keepers, ${rounds} rounds of ${slotSeconds} s`);
mkdirSync(join(PROJECT_ROOT, "out"), { recursive: true });
const folder = mkdtempSync(join(PROJECT_ROOT, "out", "network-"));
console.log(`stores and logs: ${relative(PROJECT_ROOT, folder)} (removed when nothing is wrong)`);
const record = await runLab(options, folder);
const figures = judgeLab(record);
const {
  medianMs,
  p99Ms,
  missedRounds,
  allowedRounds,
  missedHeartbeats,
  longestAgeSeconds,
  maxPeakBytes,
  processorMsPerRound,
} = figures;
const kills = record.killed.length;
console.log(`slot to signed: median ${medianMs} ms, 99 % ${p99Ms} ms (bar 1,500 ms)`);
console.log(
  `rounds without a report: ${missedRounds} of ${rounds} (faulty leaders may cost ${allowedRounds})`,
);
console.log(
  `missed heartbeats: ${missedHeartbeats}; the chain's newest report was at most ${longestAgeSeconds} s old`,
);
console.log(
  `memory: ${Math.round(maxPeakBytes / BYTES_PER_MB)} MB at the peak of the largest process (bar 200 MB)`,
);
console.log(`processor: ${processorMsPerRound} ms a round of the busiest keeper, no bar`);
console.log(
  `two reports for one round: ${record.conflicts.length}; values outside the honest range: ${record.outOfRange.length}; kills: ${kills}`,
);
if (options.json) console.log(JSON.stringify({ ...options, kills, ...figures }));
for (const problem of figures.problems) console.error(problem);
if (figures.problems.length > 0) process.exitCode = 1;
else rmSync(folder, { recursive: true });
