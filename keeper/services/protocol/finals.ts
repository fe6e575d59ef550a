import { BEFORE_ALL_ROUNDS, isAfter, nameOfRound, type RoundId } from "../../core/protocol/round-id.ts";
import type { RiskReport, SignedReport } from "../../core/report/typed-data.ts";
import { CATCH_UP_FINALS } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ReportSigner } from "../../ports/signer.ts";
import { KEPT_FINALS } from "../../ports/store.ts";
import type { SignedHead } from "../../ports/watch-chain.ts";
import type { Evidence } from "./evidence.ts";
import type { Committee, ProtocolParts } from "./parts.ts";
import type { RareLog } from "./rare-log.ts";

/** What becomes of a signed report that came. */
type FinalOutcome =
  | "held"
  /** Of another configuration, whose keepers are not known, or older than all that are kept: nothing to keep and nothing wrong. */
  | "passed-over"
  | "refused";

/** The signed reports that a keeper holds. */
export interface Finals {
  /** Round of the newest report held. */
  readonly newest: RoundId;
  readonly newestReport: RiskReport | null;
  /**
   * Checks, keeps and passes on a signed report; one that is held already is nothing new.
   * @throws the store's error when it cannot be kept: then it is not held, and may come again
   */
  accept(final: SignedReport, from: Hex): Promise<FinalOutcome>;
  /** Signed reports after a round, for a peer that was away. */
  after(round: RoundId): Promise<readonly SignedReport[]>;
}

export interface FinalsParts extends Pick<
  ProtocolParts,
  "signer" | "store" | "gossip" | "participation" | "clock" | "parameters"
> {
  readonly evidence: Evidence;
  readonly log: RareLog;
  committee(): Committee;
  /** A report newer than all before is complete. */
  accepted(final: SignedReport): void;
}

export async function openFinals(parts: FinalsParts): Promise<Finals> {
  const { store, signer, evidence, log } = parts;
  const kept = await store.finalsAfter(BEFORE_ALL_ROUNDS, KEPT_FINALS);
  const held = new Map(kept.map(({ report }) => [nameOfRound(report), idOf(report)]));
  const saving = new Map<string, Promise<void>>();
  let newestReport = kept.at(-1)?.report ?? null;

  /** Held only once it is durable: what could not be saved is asked for again. */
  const keep = async (final: SignedReport, name: string): Promise<void> => {
    const save = store.saveFinal(final);
    saving.set(name, save);
    try {
      await save;
    } finally {
      saving.delete(name);
    }
    held.set(name, idOf(final.report));
    if (held.size > KEPT_FINALS) held.delete(nameOfRound(oldestOf(held)));
  };
  return {
    get newest() {
      // Two fields and no more: messages carry it.
      return newestReport === null ? BEFORE_ALL_ROUNDS : idOf(newestReport);
    },
    get newestReport() {
      return newestReport;
    },
    accept: async (final, from) => {
      const { report } = final;
      const name = nameOfRound(report);
      if (held.has(name)) return "held";
      const committee = parts.committee();
      const isTooOld = held.size >= KEPT_FINALS && isAfter(oldestOf(held), report);
      if (isTooOld || report.configDigest !== committee.keeperSet.configDigest) return "passed-over";
      if (saving.has(name)) {
        await saving.get(name);
        return "held";
      }
      const signed = quorumOf(final, committee, signer);
      if (signed === null) {
        log.warn("final-refused", from, { round: name, from });
        return "refused";
      }
      for (const each of signed) evidence.note(each);
      await keep(final, name);
      if (newestReport !== null && !isAfter(report, newestReport)) return "held";
      newestReport = report;
      announce(parts, final, signed);
      return "held";
    },
    after: (round) => store.finalsAfter(round, CATCH_UP_FINALS),
  };
}

/** A report newer than all before: whoever holds it sees to it that everyone does. What was missed long ago is no news. */
function announce(parts: FinalsParts, final: SignedReport, signed: readonly SignedHead[]): void {
  const { participation, gossip, clock, parameters } = parts;
  const { report } = final;
  participation.completed(
    report,
    signed.map((each) => each.signer),
  );
  const isNews = clock.nowSeconds() - report.observedAt <= parameters.transmissionSeconds;
  if (isNews) gossip.publish({ kind: "final", ...final });
  parts.accepted(final);
}

const idOf = ({ epoch, round }: RoundId): RoundId => ({ epoch, round });

function oldestOf(held: ReadonlyMap<string, RoundId>): RoundId {
  return [...held.values()].reduce((oldest, each) => (isAfter(oldest, each) ? each : oldest));
}

/** The signatures of a report when they are exactly a quorum of the set in force, rising by signer; null otherwise. */
function quorumOf(
  { report, signatures }: SignedReport,
  { keeperSet, domain }: Committee,
  signer: ReportSigner,
): readonly SignedHead[] | null {
  const { keepers, quorum } = keeperSet;
  if (signatures.length !== quorum) return null;
  const head = signer.headOf(report);
  const hash = signer.hashHead(domain, head);
  const signed: SignedHead[] = [];
  for (const signature of signatures) {
    const author = signer.headSigner(domain, head, signature);
    if (author === null || !keepers.includes(author)) return null;
    const before = signed.at(-1);
    if (before !== undefined && BigInt(before.signer) >= BigInt(author)) return null;
    signed.push({ head, hash, signature, signer: author });
  }
  return signed;
}
