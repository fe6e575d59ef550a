// A keeper as a process of its own, watched through its log.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { PROJECT_ROOT } from "../run-command.ts";
import { preload, type Preload } from "./preload.ts";

/** One line of a keeper's log: level, time, keeper, event and fields. */
export type KeeperLogLine = Readonly<Record<string, string | number | boolean | null>>;

export interface KeeperProcess {
  /** Where it shows its status. */
  readonly url: string;
  readonly pid: number;
  /** Every line so far. */
  readonly log: readonly KeeperLogLine[];
  /** The first line of an event that fits, of those logged already or still to come. Rejects when the process ends or time is over. */
  logged(event: string, timeoutMs: number, fits?: (line: KeeperLogLine) => boolean): Promise<KeeperLogLine>;
  /** Sends a signal, SIGTERM by default; resolves to the exit code, null when the signal itself ended it. Safe to call twice. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves to the exit code however the process ends. */
  readonly ended: Promise<number | null>;
  /** The last that it wrote beside the log: why it ended, when it says so. */
  output(): string;
}

/** What a keeper's process may be started with beside its configuration. */
export interface StartChoice {
  /** Further arguments, such as --dry-run. */
  readonly args?: readonly string[];
  /** Modules that Node loads before the keeper, as URLs; what follows a ? is what they are told. */
  readonly imports?: readonly string[];
  /** Run with the same arguments in the command line's place. */
  readonly program?: string;
  /** Is told every line of the log as it comes. */
  readonly heard?: (line: KeeperLogLine) => void;
  /** All that the process writes is added to this file. */
  readonly logFile?: string;
}

/** A process that could not start: what it wrote. */
export class KeeperNotStarted extends Error {
  readonly exitCode: number | null;
  readonly output: string;

  constructor(exitCode: number | null, output: string) {
    super(`the keeper ended with code ${String(exitCode)}:\n${output}`);
    this.name = "KeeperNotStarted";
    this.exitCode = exitCode;
    this.output = output;
  }
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const KEPT_ERROR_CHARS = 8_000;
const KEPT_LINES = 20_000;
/**
 * A small young generation (MiB) keeps the process small. Below 2 it is collected so often that this takes a fifth of the keeper's time. Collecting it takes
 * one thread less than several to wait for each other.
 */
export const KEEPER_FLAGS = [
  "--min-semi-space-size=2",
  "--max-semi-space-size=2",
  "--no-parallel-scavenge",
  "--max-old-space-size=192",
] as const;

/** Where Node keeps what it made of the sources, so that a later process need not make it again: that takes 20 MB and most of its start. */
export const COMPILE_CACHE = "node_modules/.cache/ballast-compiled";
/**
 * One pool of memory for all threads of a process, few of which need any: with one for each a keeper holds 20 MB more. What is large has a place of its own and
 * is given back at once: in the pool it leaves gaps, 5 MB within minutes.
 */
export const ALLOCATOR = [
  "MALLOC_ARENA_MAX=1",
  "MALLOC_MMAP_THRESHOLD_=131072",
  "MALLOC_TRIM_THRESHOLD_=131072",
] as const;

/**
 * Runs `ballast keeper start` with a configuration and resolves once it serves its status. The process ends with this one.
 * @throws KeeperNotStarted with all that it wrote
 */
export async function startKeeperProcess(
  configFile: string,
  choice: StartChoice = {},
): Promise<KeeperProcess> {
  const { args = [], imports = [], program = COMMAND_LINE } = choice;
  const before = preload(imports);
  if (program === COMMAND_LINE) await compileOnce(before);
  const child = spawn(
    "env",
    [
      ...ALLOCATOR,
      CACHED,
      ...before.variables,
      process.execPath,
      ...KEEPER_FLAGS,
      ...before.args,
      ...[program, "keeper", "start", "--config", configFile, ...args],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const watched = watch(child, choice);
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const gone = once(child, "close").then(() => {
    process.off("exit", kill);
    return child.exitCode;
  });
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const forced = setTimeout(kill, STOP_TIMEOUT_MS);
    const code = await gone;
    clearTimeout(forced);
    return code;
  };
  try {
    const { url } = await watched.logged("keeper-started", START_TIMEOUT_MS);
    return { url: String(url), pid: child.pid ?? 0, ...watched, stop, ended: gone };
  } catch (error) {
    const code = await stop("SIGKILL");
    throw new KeeperNotStarted(code, watched.output() || String(error));
  }
}

const COMMAND_LINE = `${PROJECT_ROOT}keeper/cli/main.ts`;
const CACHED = `NODE_COMPILE_CACHE=${PROJECT_ROOT}${COMPILE_CACHE}`;
/** By the modules that are loaded before the keeper, whatever they are told. */
const compiled = new Map<string, Promise<unknown>>();

/** Has another process compile what a keeper loads, as ops/ does: a keeper that has to do it holds the compiler ever after. */
function compileOnce({ args: modules }: Preload): Promise<unknown> {
  const name = modules.join();
  const known = compiled.get(name);
  if (known !== undefined) return known;
  // With other flags the engine would not take what this one made.
  const flags = [...KEEPER_FLAGS, ...modules];
  const command = [CACHED, process.execPath, ...flags, COMMAND_LINE, "keeper", "compile"];
  // What is wrong with the sources the keeper will say itself.
  const done = once(spawn("env", command, { stdio: "ignore" }), "close");
  compiled.set(name, done);
  return done;
}

type Waiter = (line: KeeperLogLine | null) => void;

function watch(child: ChildProcess, { heard, logFile }: StartChoice) {
  const log: KeeperLogLine[] = [];
  const waiters = new Set<Waiter>();
  let plain = "";
  const keep = (text: string) => (plain = (plain + text).slice(-KEPT_ERROR_CHARS));
  if (child.stdout === null || child.stderr === null) throw new TypeError("the output is not piped");
  child.stderr.on("data", (chunk: Buffer) => keep(chunk.toString()));
  if (logFile !== undefined) {
    const file = createWriteStream(logFile, { flags: "a" });
    for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
    child.once("close", () => file.end());
  }
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = parseLine(text);
    if (line === null) {
      keep(`${text}\n`);
      return;
    }
    log.push(line);
    if (log.length > KEPT_LINES) log.shift();
    heard?.(line);
    for (const waiter of waiters) waiter(line);
  });
  let ended = false;
  child.once("close", () => {
    ended = true;
    for (const waiter of waiters) waiter(null);
  });

  const logged: KeeperProcess["logged"] = (event, timeoutMs, fits = () => true) => {
    const isIt = (line: KeeperLogLine) => line["event"] === event && fits(line);
    const past = log.find(isIt);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        waiters.delete(waiter);
        settle();
      };
      const fail = (reason: string) => {
        finish(() => {
          reject(new Error(`${reason} before it logged ${event}\n${plain}`));
        });
      };
      const waiter: Waiter = (line) => {
        if (line === null) fail("the keeper ended");
        else if (isIt(line))
          finish(() => {
            resolve(line);
          });
      };
      const timer = setTimeout(() => {
        fail(`${timeoutMs} ms were over`);
      }, timeoutMs);
      waiters.add(waiter);
      if (ended) fail("the keeper had ended");
    });
  };
  return { log, logged, output: () => plain };
}

function parseLine(text: string): KeeperLogLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as KeeperLogLine) : null;
  } catch {
    return null;
  }
}
