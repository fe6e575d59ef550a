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
}

export function createTransmissions(
  {
    chain,
    signer,
    timer,
    telemetry,
    parameters,
  }: Pick<ProtocolParts, "chain" | "signer" | "timer" | "telemetry" | "parameters">,
  committee: () => Committee,
  signal: AbortSignal,
): Transmissions {
  let newest: SignedReport | null = null;
  const transmit = async (final: SignedReport): Promise<void> => {
    const { keepers, configDigest } = committee().keeperSet;
    const turn = transmissionTurn(signer.address, final.report, keepers, configDigest);
    if (turn > 0) await timer.sleep(turn * parameters.stageMs, signal);
    if (newest !== final) return;
    const posted = await transmitReport(chain, final);
    telemetry.info(posted === null ? "report-already-posted" : "report-posted", {
      round: nameOfRound(final.report),
      turn,
      gasUsed: posted?.gasUsed ?? null,
    });
  };
  return {
    schedule: (final) => {
      newest = final;
      transmit(final).catch((error: unknown) => {
        if (!signal.aborted)
          telemetry.warn("report-not-posted", { round: nameOfRound(final.report), reason: String(error) });
      });
    },
  };
}
