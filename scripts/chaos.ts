// Keepers under chaos in simulated time: `npm run chaos`. --seeds N runs, from --seed S on; --keepers 4 or 7 ...; --slots of storm each; with --json the last line is
// one JSON object. Fails, with the command that repeats it, when a promise is broken.
import { parseArgs } from "node:util";
import { type ChaosResult, liveThroughChaos } from "../test/support/chaos-world.ts";

const UINT31 = 0x7fff_ffff;
const MIN_KEEPERS = 4;
const MS_PER_SECOND = 1_000;

const { values: flags } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    seed: { type: "string" },
    keepers: { type: "string", default: "4" },
    slots: { type: "string", default: "12" },
    json: { type: "boolean", default: false },
  },
});
const [seeds, keepers, slots] = [flags.seeds, flags.keepers, flags.slots].map(Number) as [
  number,
  number,
  number,
];
const firstSeed = flags.seed === undefined ? Date.now() & UINT31 : Number(flags.seed);
if (![seeds, keepers, slots, firstSeed].every(Number.isInteger) || keepers < MIN_KEEPERS || seeds < 1) {
  console.error(`--seeds, --seed, --keepers (at least ${MIN_KEEPERS}) and --slots take whole numbers`);
  process.exit(1);
}

console.log(`${seeds} runs from seed ${firstSeed}: ${keepers} keepers, ${slots} slots of storm each`);
const startMs = performance.now();
const results: ChaosResult[] = [];
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  const result = await liveThroughChaos({ seed, keepers, slots });
  results.push(result);
  const { conducts, reports, kills, refusedMessages, broken } = result;
  console.log(
    `seed ${seed}: ${conducts.join(", ")}; ${reports} reports, ${kills} kills, ${refusedMessages} messages refused${broken.length === 0 ? "" : " - BROKEN"}`,
  );
  for (const line of broken) console.error(`  ${line}`);
  if (broken.length > 0)
    console.error(`  again: npm run chaos -- --seeds 1 --seed ${seed} --keepers ${keepers} --slots ${slots}`);
}
const failed = results.filter(({ broken }) => broken.length > 0);
const sum = (of: (result: ChaosResult) => number) => results.reduce((total, result) => total + of(result), 0);
const seconds = Math.round((performance.now() - startMs) / MS_PER_SECOND);
const reports = sum((result) => result.reports);
const kills = sum((result) => result.kills);
console.log(
  `${seeds} runs, ${reports} reports, ${kills} kills in ${seconds} s; ${failed.length} runs broke a promise`,
);
if (flags.json)
  console.log(
    JSON.stringify({
      firstSeed,
      seeds,
      keepers,
      slots,
      reports,
      kills,
      seconds,
      failed: failed.map(({ seed }) => seed),
    }),
  );
if (failed.length > 0) process.exitCode = 1;
