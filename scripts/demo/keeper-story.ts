import type { Console } from "./console.ts";
import type { DemoKeepers } from "./keepers.ts";

/** What the keepers' processes did, for the machine line. Counts are of reports. */
export interface KeeperFigures {
  readonly processes: number;
  readonly killed: string | null;
  readonly killedAfterReports: number | null;
  readonly returnedAfterReports: number | null;
  /** Posted while it was away. */
  readonly reportsWhileAway: number;
  /** Posted with its signature since it came back. */
  readonly signedSinceReturn: number;
  /** Posted with the root of the account-risk table. */
  readonly rooted: number;
  /** From the clock's move to the block with the report, chain inclusion and the others' turns included, ms. */
  readonly medianReportMs: number;
  readonly longestReportMs: number;
  /** Reports that each keeper's transaction carried. */
  readonly posted: Readonly<Record<string, number>>;
}

export function jsonKeepers({ names, reports, killed }: DemoKeepers): KeeperFigures {
  const from = killed?.after ?? reports.length;
  const until = killed?.returnedAfter ?? reports.length;
  const since = reports.slice(until);
  // The first report also waited for the processes to find each other.
  const waits = reports.slice(1).map(({ waitedMs }) => waitedMs);
  return {
    processes: names.length,
    killed: killed?.name ?? null,
    killedAfterReports: killed?.after ?? null,
    returnedAfterReports: killed?.returnedAfter ?? null,
    reportsWhileAway: until - from,
    signedSinceReturn: since.filter(({ signers }) => killed !== null && signers.includes(killed.name)).length,
    rooted: reports.filter(({ isRooted }) => isRooted).length,
    medianReportMs: waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 0,
    longestReportMs: Math.max(0, ...waits),
    posted: Object.fromEntries(
      names.map((name) => [name, reports.filter(({ transmitter }) => transmitter === name).length]),
    ),
  };
}

/** Tells people the same. */
export function printKeepers(console: Console, keepers: DemoKeepers): void {
  const figures = jsonKeepers(keepers);
  const posted = Object.entries(figures.posted).map(([name, count]) => `${name} ${count}`);
  console.say();
  console.say(`Keepers: ${figures.processes} processes; reports posted by ${posted.join(", ")}.`);
  console.say(
    `  Clock to block: median ${figures.medianReportMs} ms, longest ${figures.longestReportMs} ms (a dead leader is replaced first).`,
  );
  console.say(
    `  ${figures.rooted} of ${keepers.reports.length} reports carry the root of the table of every account's risk, for proofs on chain.`,
  );
  const { killed, killedAfterReports, returnedAfterReports } = figures;
  if (killed === null) return;
  console.say(
    `  ${killed} was killed after ${killedAfterReports ?? 0} reports: ${figures.reportsWhileAway} more came without it.`,
  );
  if (returnedAfterReports !== null)
    console.say(
      `  It came back after ${returnedAfterReports} and signed ${figures.signedSinceReturn} of the rest (three of four signatures go on chain).`,
    );
}
