// Runs every test suite: `npm test`, or some of them: `npm test -- keeper scripts`. The suite of the contracts runs beside the others.
import { localBin, runCommand, secondsSince } from "./run-command.ts";
import { readTestCounts, suiteProblem, type TestCounts } from "./test-counts.ts";

type Suite = Readonly<{ name: string; program: string; args: readonly string[] }>;
type Outcome = Readonly<{ suite: Suite; counts: TestCounts; exitCode: number; time: string }>;

const PLAIN_SUITES: readonly Suite[] = [
  { name: "scripts", program: "mocha", args: ["test/scripts/**/*.test.ts"] },
  { name: "keeper", program: "mocha", args: ["test/keeper/**/*.ts"] },
];
const CONTRACTS: Suite = {
  name: "contracts",
  program: "hardhat",
  args: ["test", "solidity", "--no-compile"],
};
const CHAIN: Suite = { name: "chain", program: "hardhat", args: ["test", "mocha", "--no-compile"] };
const SUITES: readonly Suite[] = [...PLAIN_SUITES, CHAIN, CONTRACTS];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  const known = SUITES.map((suite) => suite.name).join(", ");
  console.error(`Unknown suite: ${unknown.join(", ")}. Known suites: ${known}.`);
  process.exit(1);
}
const isWanted = ({ name }: Suite) => wanted.length === 0 || wanted.includes(name);

const build = async (what: string, scope: string): Promise<boolean> => {
  const startMs = performance.now();
  console.log(`== build of ${what}: hardhat build ${scope}`);
  const { exitCode } = await runCommand(localBin("hardhat"), ["build", scope], {
    echo: true,
    label: "build",
  });
  console.log(`== build of ${what} ended after ${secondsSince(startMs)}`);
  return exitCode === 0;
};

const run = async (suite: Suite): Promise<Outcome> => {
  console.log(`== suite ${suite.name}: ${suite.program} ${suite.args.join(" ")}`);
  const startMs = performance.now();
  const { exitCode, output } = await runCommand(localBin(suite.program), suite.args, {
    echo: true,
    label: suite.name,
  });
  return { suite, counts: readTestCounts(output), exitCode, time: secondsSince(startMs) };
};

/** The contracts come first, since all types follow from them; their tests are then built and run beside all other suites. */
if (!(await build("the contracts", "--no-tests"))) process.exit(1);

const contractsLane = async (): Promise<readonly Outcome[]> => {
  if (!isWanted(CONTRACTS)) return [];
  if (await build("the contracts' tests", "--no-contracts")) return [await run(CONTRACTS)];
  return [{ suite: CONTRACTS, counts: readTestCounts(""), exitCode: 1, time: "not built" }];
};
const otherLane = async (): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const suite of [...PLAIN_SUITES, CHAIN].filter(isWanted)) outcomes.push(await run(suite));
  return outcomes;
};

let passed = 0;
let failed = 0;
const summary: string[] = [];
const problems: string[] = [];
for (const { suite, counts, exitCode, time } of (await Promise.all([otherLane(), contractsLane()])).flat()) {
  passed += counts.passed;
  failed += counts.failed;
  const figures = `${counts.passed} passed, ${counts.failed} failed`;
  summary.push(`${suite.name.padEnd(10)} ${figures.padEnd(28)} ${time}`);
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
