import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

export type CommandResult = Readonly<{ exitCode: number; output: string }>;

/** Path of a program that a dependency installs, so that no other version of it on the PATH is run. */
export const localBin = (name: string): string => `${PROJECT_ROOT}node_modules/.bin/${name}`;

/** Writes whole lines behind a label, so that programs that run at once can be told apart. */
const labelled = (sink: NodeJS.WriteStream, label: string) => {
  let rest = "";
  return {
    write: (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) sink.write(`${label} | ${line}\n`);
    },
    end: () => {
      if (rest !== "") sink.write(`${label} | ${rest}\n`);
    },
  };
};

/** Runs a program (in the project's root unless told) without standard input; gathers what it prints, showing it if asked, each line behind `label`. */
export const runCommand = (
  program: string,
  args: readonly string[],
  options: Readonly<{ echo: boolean; label?: string; cwd?: string }>,
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? PROJECT_ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: string[] = [];
    const label = options.label ?? program.split("/").at(-1) ?? program;
    const sinks = [process.stdout, process.stderr].map((sink) => labelled(sink, label));
    for (const [index, stream] of [child.stdout, child.stderr].entries()) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        chunks.push(text);
        if (options.echo) sinks[index]?.write(text);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      for (const sink of options.echo ? sinks : []) sink.end();
      resolve({ exitCode: code ?? 1, output: chunks.join("") });
    });
  });

const MILLISECONDS_PER_SECOND = 1_000;

/** Time since `startMs` (from performance.now()) as seconds with one decimal. */
export const secondsSince = (startMs: number): string =>
  `${((performance.now() - startMs) / MILLISECONDS_PER_SECOND).toFixed(1)} s`;
