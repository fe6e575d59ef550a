import { BEFORE_ALL_ROUNDS, isAfter, nameOfRound, type RoundId } from "../../core/protocol/round-id.ts";
import type { RiskReport, SignedReport } from "../../core/report/typed-data.ts";
import { CATCH_UP_FINALS } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ReportSigner } from "../../ports/signer.ts";
import { KEPT_FINALS } from "../../ports/store.ts";
import type { SignedHead } from "../../ports/watch-chain.ts";
import type { Evidence } from "./evidence.ts";
import { quorumOf } from "./order-signatures.ts";
import type { Committee, ProtocolParts } from "./parts.ts";

/** The signed reports that a keeper holds. */
export interface Finals {
  /** Round of the newest report held. */
  readonly newest: RoundId;
  readonly newestReport: RiskReport | null;
  /** Checks, keeps and passes on a signed report; one that is held already is nothing new. False when it is refused. */
  accept(final: SignedReport): Promise<boolean>;
  /** Signed reports after a round, for a peer that was away. */
  after(round: RoundId): Promise<readonly SignedReport[]>;
}

export interface FinalsParts extends Pick<
  ProtocolParts,
  "signer" | "store" | "gossip" | "participation" | "telemetry" | "clock" | "parameters"
> {
  readonly evidence: Evidence;
  committee(): Committee;
  /** A report newer than all before is complete. */
  accepted(final: SignedReport): void;
}

export async function openFinals(parts: FinalsParts): Promise<Finals> {
  const { signer, store, gossip, participation, telemetry, clock, parameters, evidence } = parts;
  const last = await store.newestFinal();
  // Two fields and no more: messages carry it.
  let newest: RoundId =
    last === null ? BEFORE_ALL_ROUNDS : { epoch: last.report.epoch, round: last.report.round };
  let newestReport = last?.report ?? null;
  const held = new Set<string>(newestReport === null ? [] : [nameOfRound(newestReport)]);

  return {
    get newest() {
      return newest;
    },
    get newestReport() {
      return newestReport;
    },
    accept: async (final) => {
      const { report } = final;
      const name = nameOfRound(report);
      if (held.has(name)) return true;
      const signed = signedHeads(final, parts.committee(), signer);
      if (signed === null) {
        telemetry.warn("final-refused", { round: name });
        return false;
      }
      for (const each of signed) evidence.note(each);
      held.add(name);
      const [oldest] = held;
      if (held.size > KEPT_FINALS && oldest !== undefined) held.delete(oldest);
      await store.saveFinal(final);
      if (!isAfter(report, newest)) return true;
      [newest, newestReport] = [{ epoch: report.epoch, round: report.round }, report];
      participation.completed(
        report,
        signed.map((each) => each.signer),
      );
      // The echo: whoever holds the report sees to it that everyone does. Reports that were missed long ago are not news.
      const isNews = clock.nowSeconds() - report.observedAt <= parameters.transmissionSeconds;
      if (isNews) gossip.publish({ kind: "final", ...final });
      parts.accepted(final);
      return true;
    },
    after: (round) => store.finalsAfter(round, CATCH_UP_FINALS),
  };
}

/** The signatures of a report when they are exactly a quorum of the set in force, rising by signer; null otherwise. */
function signedHeads(
  { report, signatures }: SignedReport,
  { keeperSet, domain }: Committee,
  signer: ReportSigner,
): readonly SignedHead[] | null {
  if (report.configDigest !== keeperSet.configDigest) return null;
  const head = signer.headOf(report);
  const authorOf = (signature: Hex) => signer.headSigner(domain, head, signature);
  const hash = signer.hashHead(domain, head);
  return (
    quorumOf(signatures, keeperSet, authorOf)?.map((author, index) => ({
      head,
      hash,
      signature: signatures[index]!,
      signer: author,
    })) ?? null
  );
}
