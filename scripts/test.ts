// Runs every test suite in turn: `npm test`, or some of them: `npm test -- keeper scripts`.
import { localBin, runCommand, secondsSince } from "./run-command.ts";
import { readTestCounts, suiteProblem } from "./test-counts.ts";

type Suite = Readonly<{ name: string; program: string; args: readonly string[] }>;

const SUITES: readonly Suite[] = [
  { name: "scripts", program: "mocha", args: ["test/scripts/**/*.test.ts"] },
  { name: "keeper", program: "mocha", args: ["test/keeper/**/*.ts"] },
  { name: "contracts", program: "hardhat", args: ["test", "solidity"] },
  { name: "chain", program: "hardhat", args: ["test", "mocha"] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  const known = SUITES.map((suite) => suite.name).join(", ");
  console.error(`Unknown suite: ${unknown.join(", ")}. Known suites: ${known}.`);
  process.exit(1);
}

let passed = 0;
let failed = 0;
const summary: string[] = [];
const problems: string[] = [];
for (const suite of SUITES) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  console.log(`\n== suite ${suite.name}: ${suite.program} ${suite.args.join(" ")}`);
  const startMs = performance.now();
  const { exitCode, output } = await runCommand(localBin(suite.program), suite.args, { echo: true });
  const counts = readTestCounts(output);
  passed += counts.passed;
  failed += counts.failed;
  const figures = `${counts.passed} passed, ${counts.failed} failed`;
  summary.push(`${suite.name.padEnd(10)} ${figures.padEnd(28)} ${secondsSince(startMs)}`);
  const problem = suiteProblem(counts, exitCode);
  if (problem !== undefined) {
    problems.push(`Suite ${suite.name}: ${problem}. Run it alone: npm test -- ${suite.name}`);
    // A runner that broke before or after its tests counts as one failure, so that the closing line never looks green.
    if (counts.failed === 0) failed += 1;
  }
}

console.log(`\n${summary.join("\n")}`);
for (const problem of problems) console.error(problem);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = problems.length > 0 ? 1 : 0;
