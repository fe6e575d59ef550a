// Gas of the contracts and speed of the core: `npm run bench`. With --check, fails when gas grew or a bar is missed; with --update, keeps
// today's gas as the snapshot; with --json, the last line is one JSON object.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureActionGas } from "../test/bench/gas-actions.ts";
import { measureKeeperGas } from "../test/bench/gas-keepers.ts";
import { measureMarginGas } from "../test/bench/gas-margin.ts";
import { measure as measureReportGas } from "../test/bench/gas-report.ts";
import { measureMassRevaluation } from "../test/bench/mass-revaluation.ts";
import { measurePricingOnCores } from "../test/bench/pricing-cores.ts";
import { measureSpeed } from "../test/bench/speed.ts";
import type { GasEntry } from "./bench/gas-entry.ts";
import { gasProblems, missedBars, type GasBar } from "./bench/gas-snapshot.ts";

const SNAPSHOT = new URL("../test/bench/gas-snapshot.json", import.meta.url);
const DATA_FOLDER = fileURLToPath(new URL("../data", import.meta.url));
const INDENT = 2;
const NAME_WIDTH = 46;
const NUMBER_WIDTH = 12;

/** What the project promises. */
const BARS: readonly GasBar[] = [
  { name: "marginal cost per option per repricing", options: 1, maxGas: 700 },
  { name: "initial-margin check", options: 16, maxGas: 900_000 },
  { name: "initial-margin check", options: 64, maxGas: 3_000_000 },
  { name: "report, 3 of 4 signatures", options: 0, maxGas: 200_000 },
  { name: "report, 9 of 13 signatures", options: 0, maxGas: 260_000 },
  { name: "equivocation proof", options: 0, maxGas: 150_000 },
];

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
  },
});

const rounded = (entries: readonly GasEntry[]): readonly GasEntry[] =>
  entries.map((entry) => ({ ...entry, gas: Math.round(entry.gas) }));

const gas = rounded([
  ...(await measureMarginGas()),
  ...(await measureReportGas()),
  ...(await measureActionGas()),
  ...(await measureKeeperGas()),
]);
const speed = [
  ...(await measureSpeed(DATA_FOLDER)),
  await measurePricingOnCores(),
  ...(await measureMassRevaluation()),
];

const row = (name: string, ...numbers: readonly string[]): string =>
  name.padEnd(NAME_WIDTH) + numbers.map((text) => text.padStart(NUMBER_WIDTH)).join("");
console.log(row("gas", "options", "markets", "repricings", "gas"));
for (const { name, options, markets, repricings, gas: used } of gas)
  console.log(row(name, String(options), String(markets), String(repricings), used.toLocaleString("en-US")));
console.log(`\n${row("speed, one operation", "time", "unit", "of the peer's")}`);
for (const { name, value, unit, ratio } of speed) {
  const compared = ratio === undefined ? [] : [`x ${ratio.toFixed(2)}`];
  console.log(row(name, value.toPrecision(3), unit, ...compared));
}

if (flags.update) {
  await writeFile(SNAPSHOT, `${JSON.stringify(gas, null, INDENT)}\n`);
  console.log("\nThe gas snapshot is written: commit test/bench/gas-snapshot.json.");
}
if (flags.check) {
  const snapshot = JSON.parse(await readFile(SNAPSHOT, "utf8")) as readonly GasEntry[];
  const problems = [...gasProblems(gas, snapshot), ...missedBars(gas, BARS)];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error("\nGas grew or a bar is missed: make it cheaper, or write the new figures with --update.");
    process.exitCode = 1;
  } else console.log("\nGas: within 2 % of the snapshot and below every bar.");
}
if (flags.json) console.log(JSON.stringify({ gas, speed }));
