import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Telemetry, TelemetryFields } from "../../ports/telemetry.ts";
import type { SpotCounts } from "../../ports/spot-proofs.ts";
import type { WatchStatus } from "../../ports/watch-status.ts";

const PREFIX = "ballast_watchtower_";
const WEI_PER_ETH = 1e18;

/** What a watchtower's metrics show. */
export interface WatchFigures {
  readonly status: WatchStatus;
  /** Why it cannot do its duty; null when it can. */
  readonly problem: string | null;
  /** Proofs on their way. */
  readonly open: number;
  /** Keys proven since the start. */
  readonly proven: number;
  /** Reports whose spots are held against the feeds. */
  readonly spots: SpotCounts;
  /** Balance of the account that pays for proofs; null until it was read. */
  readonly balanceWei: bigint | null;
}

export interface WatchMetrics {
  readonly contentType: string;
  /** Everything in the text format of Prometheus. */
  text(figures: WatchFigures): Promise<string>;
  /** Passes events on and counts them by level and name. */
  countEvents(inner: Telemetry): Telemetry;
}

export function createWatchMetrics(): WatchMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const registers = [registry];
  const events = new Counter({
    name: `${PREFIX}events_total`,
    help: "Logged events by level and name",
    labelNames: ["level", "event"],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name: `${PREFIX}${name}`, help, registers });
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers });
  const ready = gauge("ready", "1 when the watchtower can do its duty");
  const block = gauge("block", "Last block read");
  const behind = gauge("blocks_behind", "Blocks of the chain that are not read yet");
  const balance = gauge("gas_balance_eth", "Balance of the account that pays for proofs");
  const open = gauge("open_proofs", "Proofs on their way to the chain");
  const reports = counter("reports_total", "Signed reports found in transactions since the start");
  const accepted = counter("accepted_reports_total", "Accepted reports by what was thought of them", [
    "judgement",
  ]);
  const recomputed = counter(
    "recomputed_reports_total",
    "Accepted reports by what came of computing them again from the observations signed for them",
    ["result"],
  );
  const seen = counter("equivocations_total", "Times that a key was seen to sign two reports for one round");
  const proven = counter("proven_total", "Keys that were proven to have signed two reports for one round");
  const showSpots = spotMetrics(registers);
  const show = ({ status, problem, balanceWei, spots, ...proofs }: WatchFigures): void => {
    const { read, latest } = status;
    ready.set(Number(problem === null));
    if (read !== null) block.set(Number(read.number));
    if (read !== null && latest !== null) behind.set(Number(latest.number - read.number));
    if (balanceWei !== null) balance.set(Number(balanceWei) / WEI_PER_ETH);
    for (const each of [reports, accepted, recomputed, seen, proven]) each.reset();
    reports.inc(status.reports);
    showAccepted(accepted, status);
    showRecomputed(recomputed, status);
    seen.inc(status.equivocations);
    proven.inc(proofs.proven);
    open.set(proofs.open + spots.unproven);
    showSpots(spots);
  };
  return {
    contentType: registry.contentType,
    text: (figures) => {
      show(figures);
      return registry.metrics();
    },
    countEvents: (inner) => {
      const pass = (level: "info" | "warn" | "error") => (event: string, fields?: TelemetryFields) => {
        events.inc({ level, event });
        inner[level](event, fields);
      };
      return { info: pass("info"), warn: pass("warn"), error: pass("error") };
    },
  };
}

/** Shows what came of holding spots against their feeds. */
function spotMetrics(registers: Registry[]): (spots: SpotCounts) => void {
  const waiting = new Gauge({
    name: `${PREFIX}spots_waiting`,
    help: "Reports that wait for what the feeds say of their time",
    registers,
  });
  const wrong = new Counter({
    name: `${PREFIX}wrong_spots_total`,
    help: "Reports with a spot that Chainlink proves wrong, since the start",
    labelNames: ["result"],
    registers,
  });
  return (spots) => {
    waiting.set(spots.waiting);
    wrong.reset();
    wrong.inc({ result: "seen" }, spots.wrong);
    wrong.inc({ result: "proven" }, spots.proven);
  };
}

function showAccepted(accepted: Counter, status: WatchStatus): void {
  accepted.inc({ judgement: "supported" }, status.supported);
  accepted.inc({ judgement: "deviates" }, status.deviating);
  accepted.inc({ judgement: "not-compared" }, status.notCompared);
  accepted.inc({ judgement: "not-read" }, status.unread);
}

function showRecomputed(recomputed: Counter, status: WatchStatus): void {
  recomputed.inc({ result: "same" }, status.recomputed);
  recomputed.inc({ result: "other" }, status.miscomputed);
  recomputed.inc({ result: "not-recomputed" }, status.notRecomputed);
}
