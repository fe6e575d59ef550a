import { stripVTControlCharacters } from "node:util";

export type TestCounts = Readonly<{ passed: number; failed: number; skipped: number }>;

const lastCount = (plain: string, word: string): number => {
  const matches = [...plain.matchAll(new RegExp(`^\\s*(\\d+) ${word}\\b`, "gm"))];
  return Number(matches.at(-1)?.[1] ?? 0);
};

/** Reads the closing counts that mocha and Hardhat's Solidity runner print ("12 passing (3s)"). */
export const readTestCounts = (output: string): TestCounts => {
  const plain = stripVTControlCharacters(output);
  return {
    passed: lastCount(plain, "passing"),
    failed: lastCount(plain, "failing"),
    skipped: lastCount(plain, "(?:pending|skipped)"),
  };
};

/** Says why a suite does not count as passed, or undefined when it does. */
export const suiteProblem = (counts: TestCounts, exitCode: number): string | undefined => {
  if (counts.failed > 0) return `${counts.failed} failed`;
  if (exitCode !== 0) return `its runner ended with exit code ${exitCode}`;
  if (counts.skipped > 0) return `${counts.skipped} skipped; finish or remove them`;
  if (counts.passed === 0) return "no test ran; a suite without tests proves nothing";
  return undefined;
};
