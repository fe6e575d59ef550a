// Runs every static check: `npm run check`, or some of them: `npm run check -- eslint types`.
import { badlyNamedFiles, forbiddenTexts, tooLongFiles } from "./checks/file-rules.ts";
import { bytecodeProblems, contractSizes } from "./checks/bytecode-size.ts";
import { undocumentedDeclarations } from "./checks/interface-natspec.ts";
import { listProjectPaths, listTrackedLinks, readProjectFiles } from "./checks/project-files.ts";
import { solidityLayerProblems, testImportProblems } from "./checks/solidity-layers.ts";
import { existsSync } from "node:fs";
import { PROJECT_ROOT, localBin, runCommand, secondsSince } from "./run-command.ts";

type Check = Readonly<{ name: string; advice: string; run: () => Promise<readonly string[]> }>;

const tool = (name: string, advice: string, program: string, ...args: readonly string[]): Check => ({
  name,
  advice,
  run: async () => {
    const { exitCode, output } = await runCommand(localBin(program), args, { echo: false });
    return exitCode === 0 ? [] : [output.trimEnd()];
  },
});

const rule = (name: string, advice: string, problems: () => readonly string[]): Check => ({
  name,
  advice,
  run: () => Promise.resolve(problems()),
});

const projectFiles = () => readProjectFiles(listProjectPaths());

const CHECKS: readonly Check[] = [
  tool(
    "build",
    "Correct the contracts until `npm run build` passes.",
    "hardhat",
    "build",
    "--no-tests",
    "--quiet",
  ),
  tool("format", "Run `npm run format`.", "prettier", "--check", "--log-level", "warn", "."),
  tool(
    "eslint",
    "Correct each line named; rules are in eslint.config.mjs.",
    "eslint",
    "--max-warnings",
    "0",
    ".",
  ),
  tool(
    "solhint",
    "Correct each line named; rules are in .solhint.json.",
    "solhint",
    "--max-warnings",
    "0",
    "--disc",
    "--noPoster",
    "contracts/**/*.sol",
    "test/contracts/**/*.sol",
  ),
  tool("types", "Correct the types; `npx tsc --project .` shows them alone.", "tsc", "--project", "."),
  tool(
    "core-types",
    "keeper/core is pure: move what touches the outside behind a port.",
    "tsc",
    "--project",
    "keeper/core",
  ),
  tool(
    "ts-layers",
    "Import in the order of CONTRIBUTING.md: core <- ports <- services <- keeper.ts <- main.ts.",
    "depcruise",
    "--config",
    ".dependency-cruiser.mjs",
    "--output-type",
    "err-long",
    ...["keeper", "scripts", "deploy", "test"].filter((folder) => existsSync(`${PROJECT_ROOT}${folder}`)),
  ),
  rule("solidity-layers", "Import in the order of the layers.", () => [
    ...solidityLayerProblems(projectFiles()),
    ...testImportProblems(projectFiles()),
  ]),
  rule("natspec", "Say with @notice what it is for, where it is declared.", () =>
    undocumentedDeclarations(projectFiles()),
  ),
  rule("files", "Correct each file named.", () => [
    ...tooLongFiles(projectFiles()),
    ...badlyNamedFiles(listProjectPaths()),
    ...forbiddenTexts(projectFiles()),
    ...listTrackedLinks().map((path) => `${path}: a link; remove it with \`git rm --cached ${path}\``),
  ]),
  tool("dead-code", "Remove what nothing uses; entry points are in knip.json.", "knip", "--no-progress"),
  rule("bytecode-size", "No chain accepts a larger contract.", () => bytecodeProblems(contractSizes())),
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `Unknown check: ${unknown.join(", ")}. Known: ${CHECKS.map((check) => check.name).join(", ")}.`,
  );
  process.exit(1);
}

const failures: string[] = [];
for (const check of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(check.name)) continue;
  const startMs = performance.now();
  const problems = await check.run();
  const verdict = problems.length === 0 ? "ok" : "FAILED";
  console.log(`${check.name.padEnd(16)} ${verdict.padEnd(7)} ${secondsSince(startMs)}`);
  if (problems.length > 0) {
    failures.push(check.name);
    console.error(
      `\n${problems.join("\n")}\n\nWhat to do: ${check.advice} Then: npm run check -- ${check.name}\n`,
    );
  }
}
if (failures.length > 0) console.error(`Checks that failed: ${failures.join(", ")}`);
process.exitCode = failures.length > 0 ? 1 : 0;
