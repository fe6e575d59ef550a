import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LabReport } from "./lab-world.ts";

/** A keeper makes little garbage at a time: a small young generation keeps the process small (MiB). */
const HEAP_FLAGS = ["--max-semi-space-size=2", "--max-old-space-size=128"] as const;
const HONEST = fileURLToPath(new URL("lab-keeper.ts", import.meta.url));
const HOSTILE = fileURLToPath(new URL("lab-hostile.ts", import.meta.url));

export interface LabProcess {
  readonly index: number;
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly reports: readonly LabReport[];
  readonly ended: Promise<unknown>;
}

export interface LabArguments {
  readonly index: number;
  readonly count: number;
  /** Of the first keeper. */
  readonly port: number;
  /** Seconds. */
  readonly slot: number;
  readonly folder: string;
}

/** Starts one keeper; Node runs the source as it is, without a compiler's memory. */
export function startLabKeeper(given: LabArguments, isHostile: boolean): LabProcess {
  const args = Object.entries(given).map(([name, value]) => `--${name}=${String(value)}`);
  const child = spawn(process.execPath, [...HEAP_FLAGS, isHostile ? HOSTILE : HONEST, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const reports: LabReport[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    // A line that the kill cut short is no report.
    if (line.endsWith("}")) reports.push(JSON.parse(line) as LabReport);
  });
  return { index: given.index, child, reports, ended: once(child, "exit") };
}
