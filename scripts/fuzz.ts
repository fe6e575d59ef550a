// Hostile bytes for every parser of outside input: `npm run fuzz`. --runs is the number for whatever comes over the network, parsers of files get a
// tenth; --seed repeats a run; with --json, the last line is one JSON object.
import { parseArgs } from "node:util";
import { withFolder } from "../test/support/keeper-file.ts";
import { fuzzMessages } from "../test/support/message-fuzz.ts";
import { networkTargets } from "../test/support/network-targets.ts";
import { openLiveKeepers } from "../test/support/live-keepers-fuzz.ts";
import { fileTargets, fuzzTarget, watchTargets, type TargetCount } from "../test/support/parser-fuzz.ts";
import { UINT31 } from "./whole-number.ts";

const DEFAULT_RUNS = 100_000;
const FILES_SHARE = 10;
const NAME_WIDTH = 22;
const NUMBER_WIDTH = 12;
const MS_PER_SECOND = 1000;

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: DEFAULT_RUNS.toString() },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(flags.runs);
const seed = flags.seed === undefined ? Date.now() & UINT31 : Number(flags.seed);
if (!Number.isInteger(runs) || runs < FILES_SHARE || !Number.isInteger(seed)) {
  console.error(`--runs takes a whole number of at least ${FILES_SHARE}, --seed a whole number`);
  process.exit(1);
}

const row = (name: string, ...cells: readonly (string | number)[]): string =>
  name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.toLocaleString("en-US").padStart(NUMBER_WIDTH)).join("");
console.log(`seed ${seed}\n${row("parser", "inputs", "refused", "accepted", "inputs/s")}`);

const results: (TargetCount & { readonly inputsPerSecond: number })[] = [];
const measure = async (fuzz: () => TargetCount | Promise<TargetCount>): Promise<void> => {
  const startMs = performance.now();
  const count = await fuzz();
  const inputs = count.refused + count.accepted;
  const inputsPerSecond = Math.round((inputs * MS_PER_SECOND) / (performance.now() - startMs));
  results.push({ ...count, inputsPerSecond });
  console.log(row(count.name, inputs, count.refused, count.accepted, inputsPerSecond));
};

await measure(() => ({ name: "message", ...fuzzMessages(runs, seed) }));
const live = await openLiveKeepers();
await measure(() => fuzzTarget(live.target, runs, seed));
live.close();
const network = await networkTargets();
for (const target of [...watchTargets(), ...network.targets])
  await measure(() => fuzzTarget(target, runs, seed));
await network.close();
await withFolder(async (folder) => {
  for (const target of await fileTargets(folder))
    await measure(() => fuzzTarget(target, Math.ceil(runs / FILES_SHARE), seed));
});
console.log(
  "\nNo parser threw anything but its own error, no prototype changed, and no live keeper wrote or moved.",
);
if (flags.json) console.log(JSON.stringify({ seed, results }));
