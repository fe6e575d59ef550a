// Runs the command line as a process of its own.
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createInterface } from "node:readline";
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

/** A `ballast` that runs until it is told to stop, seen through its log of JSON lines. */
export interface BallastProcess {
  /** The first line of an event, past or to come. Rejects when the process ends before. */
  logged(event: string): Promise<Readonly<Record<string, unknown>>>;
  /** Sends SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

export function startBallast(args: readonly string[]): BallastProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Readonly<Record<string, unknown>>[] = [];
  const heard = new EventEmitter();
  createInterface({ input: child.stdout }).on("line", (text) => {
    lines.push(JSON.parse(text) as Readonly<Record<string, unknown>>);
    heard.emit("line");
  });
  const ended = once(child, "close").then(() => {
    heard.emit("line");
    return child.exitCode;
  });
  return {
    logged: async (event) => {
      for (;;) {
        const line = lines.find((each) => each["event"] === event);
        if (line !== undefined) return line;
        if (child.exitCode !== null) throw new Error(`it ended before it logged ${event}`);
        await once(heard, "line");
      }
    },
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
