import type { ReportHead, RiskReport } from "../../keeper/core/report/typed-data.ts";
import type { GossipMessage } from "../../keeper/ports/gossip.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import type { ReportSigner, SigningDomain } from "../../keeper/ports/signer.ts";

/** A report key that can be made to sign a second report for a round. */
export interface TwoFacedSigner {
  readonly signer: ReportSigner;
  /** Another signature for the round of a signature message, over the same report at another time; null when this key did not just sign for it. */
  readonly twin: (message: GossipMessage) => Promise<GossipMessage | null>;
}

/** What was signed, and whether it was the second for its round. */
export type Signed = (
  head: ReportHead,
  signature: Hex,
  second: { readonly report: RiskReport } | null,
) => void;

export function createTwoFacedSigner(real: ReportSigner, noted: Signed): TwoFacedSigner {
  let last: { readonly report: RiskReport; readonly domain: SigningDomain } | null = null;
  return {
    signer: {
      ...real,
      signReport: async (domain, report) => {
        const signature = await real.signReport(domain, report);
        noted(real.headOf(report), signature, null);
        last = { report, domain };
        return signature;
      },
    },
    twin: async (message) => {
      if (message.kind !== "signature" || last?.report.round !== message.head.round) return null;
      const report = { ...last.report, observedAt: last.report.observedAt + 1 };
      const head = real.headOf(report);
      const signature = await real.signReport(last.domain, report);
      noted(head, signature, { report });
      return { ...message, head, signature };
    },
  };
}
