// What the keepers of a network log, gathered while they run.
import type { KeeperLogLine, KeeperProcess } from "./keeper-process.ts";
import type { SignedLine, Term } from "./lab-verdict.ts";
import { peakMemoryBytes } from "./peak-memory.ts";

export interface NetworkLog {
  /** Takes a line of the keeper with that report key. */
  hear(keeper: string, line: KeeperLogLine): void;
  /** Reads the most memory that a process ever held; a process that is gone shows nothing, so ask before it ends. */
  notePeak(process: Pick<KeeperProcess, "pid">): void;
  readonly signed: readonly SignedLine[];
  /** In rising order of epoch; each begins when the first keeper entered it. */
  terms(): readonly Term[];
  peakBytes(): readonly number[];
}

export function createNetworkLog(): NetworkLog {
  const signed: SignedLine[] = [];
  const terms = new Map<bigint, Term>();
  const peaks = new Map<number, number>();
  return {
    signed,
    hear: (keeper, line) => {
      const epoch = BigInt(line["epoch"] ?? 0);
      if (line["event"] === "report-signed")
        signed.push({
          keeper,
          epoch,
          round: Number(line["round"]),
          sinceSlotMs: Number(line["sinceSlotMs"]),
        });
      if (line["event"] !== "epoch-entered") return;
      const beganMs = Date.parse(String(line["time"]));
      const known = terms.get(epoch)?.beganMs ?? Number.POSITIVE_INFINITY;
      if (beganMs < known) terms.set(epoch, { epoch, leader: String(line["leader"]), beganMs });
    },
    notePeak: ({ pid }) => {
      const bytes = peakMemoryBytes(pid);
      if (bytes !== null) peaks.set(pid, bytes);
    },
    terms: () => [...terms.values()].sort((a, b) => (a.epoch < b.epoch ? -1 : 1)),
    peakBytes: () => [...peaks.values()],
  };
}
