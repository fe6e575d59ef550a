import type { ReportLimits } from "../core/report/report-checks.ts";
import type { RiskReport } from "../core/report/typed-data.ts";
import type { Clock } from "../ports/clock.ts";
import type { KeeperPeek } from "../ports/keeper-peek.ts";
import type { NetworkSigner } from "../ports/network-signer.ts";
import type { KeeperSet } from "../ports/oracle-chain.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { SubmittedReport } from "../ports/watch-chain.ts";
import { buildReport } from "./protocol/verify-proposal.ts";

/** Keepers keep the observations of an hour or so: of an older report none is asked. */
const MAX_RECOMPUTED_AGE_SECONDS = 3_600;

/** What came of computing an accepted report again from the observations that keepers signed for it. */
export type Recomputation = "same" | "other" | "not-recomputed";

export interface RecomputeParts {
  /** Keepers that are asked for the observations, one after the other. */
  readonly keepers: readonly KeeperPeek[];
  /** Governance's bounds of a report. */
  limits(): Promise<ReportLimits>;
  readonly network: Pick<NetworkSigner, "verify">;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Computes accepted reports again. A keeper may show other observations than the report was made of, all of them signed, so one whose observations
 * give the report settles it, and only when nobody's do the others count against it.
 */
export function createRecomputation(
  parts: RecomputeParts,
): (submitted: SubmittedReport, keeperSet: KeeperSet) => Promise<Recomputation> {
  const { keepers, clock, telemetry } = parts;
  return async ({ report, transaction }, keeperSet) => {
    const fields = { epoch: report.epoch, round: report.round, transaction };
    const isKept = clock.nowSeconds() - report.observedAt <= MAX_RECOMPUTED_AGE_SECONDS;
    if (keepers.length === 0 || !isKept) return "not-recomputed";
    const reasons: string[] = [];
    const others: string[] = [];
    for (const keeper of keepers) {
      const found = await recompute(parts, keeper, report, keeperSet).catch((error: unknown) =>
        String(error),
      );
      if (found === null) return "same";
      if (typeof found === "string") reasons.push(`${keeper.name}: ${found}`);
      else others.push(`${keeper.name}: ${found.difference}`);
    }
    if (others.length === 0) {
      telemetry.warn("report-not-recomputed", { ...fields, reason: reasons.join("; ") });
      return "not-recomputed";
    }
    telemetry.error("report-miscomputed", { ...fields, reason: others.join("; ") });
    return "other";
  };
}

/** Null when a keeper's observations give the report; a text says why they give none, a difference how another comes of them. */
async function recompute(
  parts: RecomputeParts,
  keeper: KeeperPeek,
  report: RiskReport,
  keeperSet: KeeperSet,
): Promise<{ readonly difference: string } | string | null> {
  const proposal = await keeper.proposal(report.configDigest, report);
  if (proposal === null) return "it keeps no observations of this round";
  if (proposal.epoch !== report.epoch || proposal.round !== report.round) return "it shows another round's";
  // A leader may open a round for several moments.
  if (proposal.observedAtSeconds !== report.observedAt) return "it shows those of another moment";
  const built = buildReport(proposal, { keeperSet, limits: await parts.limits() }, parts.network);
  const difference = firstDifference(report, built);
  return difference === null ? null : { difference };
}

/** The first word that differs; null when the two are the same bytes. */
function firstDifference(posted: RiskReport, built: RiskReport): string | null {
  const words = ({ markets, smiles, pegBps, blockNumber, blockHash, accountRoot }: RiskReport) => [
    ["pegBps", pegBps],
    ["blockNumber", blockNumber],
    ["blockHash", blockHash],
    ["accountRoot", accountRoot],
    ["markets", markets.length],
    ["smiles", smiles.length],
    ...markets.map((word, index) => [`market word ${index}`, word]),
    ...smiles.map((word, index) => [`smile word ${index}`, word]),
  ];
  const expected = words(built);
  for (const [index, [name, value]] of words(posted).entries()) {
    const other = expected[index]?.[1];
    if (value !== other) return `${String(name)} is ${String(value)}, the observations give ${String(other)}`;
  }
  return null;
}
