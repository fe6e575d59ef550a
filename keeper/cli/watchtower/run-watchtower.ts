// One watchtower process: opens what it is told of and runs until it is told to stop.
import { startWatchServer } from "../../adapters/http/watch-server.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import { createPinoTelemetry } from "../../adapters/telemetry/pino-telemetry.ts";
import { createWatchMetrics, type WatchFigures } from "../../adapters/telemetry/watch-metrics.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { WatchStatus } from "../../ports/watch-status.ts";
import { explain } from "../failure.ts";
import { createOutput, toJson } from "../output.ts";
import { openWatch, type OpenWatch } from "./open-watch.ts";
import { readWatchChoice, type WatchChoice, type WatchtowerOptions } from "./watch-choice.ts";

const NAME = "watchtower";
const MILLISECONDS = 1_000;
/** Exit code of --once when an accepted report is not what the observations signed for it give. */
const MISCOMPUTED_CODE = 3;
/** So many blocks may be unread before the watchtower counts as behind. */
const MAX_BLOCKS_BEHIND = 64n;

/** How the last round went. */
interface Standing {
  /** Why it failed; null when it did not. */
  failure: string | null;
  balanceWei: bigint | null;
  /** Proofs that keepers showed since the start. */
  shown: number;
}

/** @throws what keeps it from starting; with --once also what kept the round from its end */
export async function runWatchtower(options: WatchtowerOptions): Promise<void> {
  const choice = await readWatchChoice(options);
  const ended = new AbortController();
  const signal = AbortSignal.any([stopSignal(), ended.signal]);
  try {
    await (options.once === true ? runOnce(choice, options, signal) : runOn(choice, signal));
  } finally {
    ended.abort();
  }
}

const logOf = ({ keeper }: WatchChoice) => ({ name: NAME, level: keeper?.logLevel ?? "info" });

/** The result has the standard output to itself. */
async function runOnce(
  choice: WatchChoice,
  { json = false }: WatchtowerOptions,
  signal: AbortSignal,
): Promise<void> {
  const watch = await openWatch(choice, createPinoTelemetry(logOf(choice), process.stderr), signal);
  try {
    const { read, latest, ...counts } = await watch.tower.round(signal);
    const shown = await watch.gather();
    await watch.prosecution.proveDue(signal);
    await watch.spots.judgeDue(signal);
    const spots = watch.spots.counts();
    const { proven } = watch.prosecution.counts();
    const result = {
      readThrough: read?.number ?? null,
      latest: latest?.number ?? null,
      ...counts,
      shown,
      proven,
      spotsWaiting: spots.waiting,
      wrongSpots: spots.wrong,
      wrongSpotsProven: spots.proven,
    };
    createOutput(json).result(result, () => [`Done: ${toJson(result)}`]);
    if (counts.miscomputed > 0) process.exitCode = MISCOMPUTED_CODE;
  } finally {
    await watch.close();
  }
}

async function runOn(choice: WatchChoice, signal: AbortSignal): Promise<void> {
  const metrics = createWatchMetrics();
  const telemetry = metrics.countEvents(createPinoTelemetry(logOf(choice)));
  const watch = await openWatch(choice, telemetry, signal);
  const standing: Standing = { failure: null, balanceWei: null, shown: 0 };
  const { httpHost: host, httpPort: port, storeFile: store, wallet } = choice;
  const figures = () => figuresOf(watch, standing);
  const shown = { contentType: metrics.contentType, text: () => metrics.text(figures()) };
  try {
    const server = await startWatchServer({ host, port, status: figures, metrics: shown });
    telemetry.info("watchtower-started", { url: server.url, store, prover: wallet.address });
    await Promise.all([
      keepReading(choice, watch, standing, telemetry, signal),
      watch.prosecution.run(signal),
      watch.watchTransactions(),
    ]);
    await server.close();
  } finally {
    await watch.close();
  }
  telemetry.info("watchtower-stopped");
}

/** A round that fails is logged and the next one comes; it starts an interval after the last one ended. */
async function keepReading(
  { interval }: WatchChoice,
  watch: OpenWatch,
  standing: Standing,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<void> {
  const round = async () => {
    await watch.tower.round(signal);
    standing.shown += await watch.gather();
    await watch.spots.judgeDue(signal);
    standing.balanceWei = await watch.balanceWei();
    standing.failure = null;
  };
  while (!signal.aborted) {
    await round().catch((error: unknown) => {
      const { message, advice } = explain(error);
      standing.failure = message;
      if (!signal.aborted) telemetry.error("round-failed", { message, advice });
    });
    await systemTimer.sleep(interval * MILLISECONDS, signal).catch(() => undefined);
  }
}

function figuresOf(watch: OpenWatch, { failure, balanceWei, shown }: Standing): WatchFigures {
  const seen = watch.tower.status();
  const status = { ...seen, equivocations: seen.equivocations + shown };
  const problem = problemOf(status, failure);
  return { status, problem, balanceWei, ...watch.prosecution.counts(), spots: watch.spots.counts() };
}

function problemOf({ read, latest }: WatchStatus, failure: string | null): string | null {
  if (failure !== null) return `the last round failed: ${failure}`;
  if (read === null || latest === null) return "no block was read yet";
  const behind = latest.number - read.number;
  return behind > MAX_BLOCKS_BEHIND ? `${behind.toString()} blocks are not read yet` : null;
}

/** Aborts at the first SIGINT or SIGTERM; the second ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
}
