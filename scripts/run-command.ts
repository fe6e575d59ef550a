import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

export type CommandResult = Readonly<{ exitCode: number; output: string }>;

/** Path of a program that a dependency installs, so that no other version of it on the PATH is run. */
export const localBin = (name: string): string => `${PROJECT_ROOT}node_modules/.bin/${name}`;

/** Runs a program (in the project's root unless told) without standard input; gathers what it prints, showing it if asked. */
export const runCommand = (
  program: string,
  args: readonly string[],
  options: Readonly<{ echo: boolean; cwd?: string }>,
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? PROJECT_ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    const take = (sink: NodeJS.WriteStream) => (chunk: Buffer) => {
      chunks.push(chunk);
      if (options.echo) sink.write(chunk);
    };
    child.stdout.on("data", take(process.stdout));
    child.stderr.on("data", take(process.stderr));
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString("utf8") });
    });
  });

const MILLISECONDS_PER_SECOND = 1_000;

/** Time since `startMs` (from performance.now()) as seconds with one decimal. */
export const secondsSince = (startMs: number): string =>
  `${((performance.now() - startMs) / MILLISECONDS_PER_SECOND).toFixed(1)} s`;
