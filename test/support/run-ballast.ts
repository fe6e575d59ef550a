// Runs the command line as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../keeper/cli/main.ts", import.meta.url));

export interface BallastRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts `ballast` with the deployment's file, or without one, and waits for its end. */
export async function runBallast(
  deploymentFile: string | null,
  args: readonly string[],
): Promise<BallastRun> {
  const deployment = deploymentFile === null ? [] : ["--deployment", deploymentFile];
  const child = spawn(process.execPath, [MAIN, ...deployment, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}
