import { transmissionTurn } from "../../core/protocol/leaders.ts";
import { isAfter, nameOfRound } from "../../core/protocol/round-id.ts";
import type { SignedReport } from "../../core/report/typed-data.ts";
import type { OracleChain, SubmittedTransaction } from "../../ports/oracle-chain.ts";
import type { Committee, ProtocolParts } from "./parts.ts";

/** Posts a signed report unless the chain already has one as new. */
export async function transmitReport(
  chain: Pick<OracleChain, "header" | "submitReport">,
  { report, signatures }: SignedReport,
): Promise<SubmittedTransaction | null> {
  return isAfter(report, await chain.header()) ? chain.submitReport(report, signatures) : null;
}

/** Posts a report when it is this keeper's turn, after a last look at the chain; a newer report takes its place. */
export interface Transmissions {
  schedule(final: SignedReport): void;
  /** Takes up a report that a restart interrupted, unless it is no longer on its way. */
  resume(final: SignedReport): void;
}

interface TransmissionParts extends Pick<
  ProtocolParts,
  "signer" | "clock" | "timer" | "telemetry" | "parameters"
> {
  readonly chain: Pick<OracleChain, "header" | "submitReport">;
}

export function createTransmissions(
  parts: TransmissionParts,
  committee: () => Committee,
  signal: AbortSignal,
): Transmissions {
  const { signer, timer, parameters } = parts;
  let newest: SignedReport | null = null;
  const transmit = async (final: SignedReport): Promise<void> => {
    const { keepers, configDigest } = committee().keeperSet;
    const turn = transmissionTurn(signer.address, final.report, keepers, configDigest);
    if (turn > 0) await timer.sleep(turn * parameters.stageMs, signal);
    // Everyone's turn comes again as long as nobody has managed to post it.
    while (newest === final && !(await tryToPost(parts, final, turn, signal)) && isOnItsWay(parts, final))
      await timer.sleep(keepers.length * parameters.stageMs, signal);
  };
  const schedule = (final: SignedReport): void => {
    newest = final;
    // Ends with the signal, which is no failure.
    transmit(final).catch(() => undefined);
  };
  return {
    schedule,
    resume: (final) => {
      if (newest === null && isOnItsWay(parts, final)) schedule(final);
    },
  };
}

function isOnItsWay({ clock, parameters }: TransmissionParts, { report }: SignedReport): boolean {
  return clock.nowSeconds() - report.observedAt < parameters.transmissionSeconds;
}

/** True when the chain has the report, or one as new. */
async function tryToPost(
  { chain, telemetry }: TransmissionParts,
  final: SignedReport,
  turn: number,
  signal: AbortSignal,
): Promise<boolean> {
  const round = nameOfRound(final.report);
  try {
    const posted = await transmitReport(chain, final);
    const event = posted === null ? "report-already-posted" : "report-posted";
    telemetry.info(event, { round, turn, gasUsed: posted?.gasUsed ?? null });
    return true;
  } catch (error) {
    if (!signal.aborted) telemetry.warn("report-not-posted", { round, turn, reason: String(error) });
    return false;
  }
}
