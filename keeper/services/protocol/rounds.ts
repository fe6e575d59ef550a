import { nameOfRound, type RoundId } from "../../core/protocol/round-id.ts";
import type { RiskReport, SignedReport } from "../../core/report/typed-data.ts";
import type {
  ObservationMessage,
  ProposalMessage,
  SignatureMessage,
  SignedObservation,
} from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ReportSigner } from "../../ports/signer.ts";
import { orderSignatures } from "./order-signatures.ts";
import type { Committee } from "./parts.ts";

/** What a keeper knows of one round. */
export interface Round extends RoundId {
  observedAtSeconds: number | null;
  /** What this keeper says it sees: one thing, however often it is asked. */
  own: Promise<ObservationMessage> | null;
  /** As leader: the first sound observation of each keeper. */
  readonly observations: Map<Hex, SignedObservation>;
  proposing: boolean;
  /** As leader: what it has shown. */
  proposal: ProposalMessage | null;
  /** A proposal is being checked. */
  checking: boolean;
  /** What this keeper signed. */
  signed: { readonly report: RiskReport; readonly message: SignatureMessage } | null;
  /** The first signature of each keeper. */
  readonly signatures: Map<Hex, SignatureMessage>;
  /** Those found to be over this keeper's report. */
  readonly verified: Map<Hex, Hex>;
}

/** Rounds remembered: those of a few slots and replaced leaders. */
const MAX_ROUNDS = 64;

/** The rounds a keeper remembers; the oldest are forgotten. */
export interface Rounds {
  of(id: RoundId): Round;
  /** The round when it is remembered; null otherwise. */
  known(id: RoundId): Round | null;
}

export function createRounds(): Rounds {
  const rounds = new Map<string, Round>();
  return {
    known: (id) => rounds.get(nameOfRound(id)) ?? null,
    of: (id) => {
      const name = nameOfRound(id);
      const known = rounds.get(name);
      if (known !== undefined) return known;
      const fresh: Round = {
        epoch: id.epoch,
        round: id.round,
        observedAtSeconds: null,
        own: null,
        observations: new Map(),
        proposing: false,
        proposal: null,
        checking: false,
        signed: null,
        signatures: new Map(),
        verified: new Map(),
      };
      rounds.set(name, fresh);
      const [oldest] = rounds.keys();
      if (rounds.size > MAX_ROUNDS && oldest !== undefined) rounds.delete(oldest);
      return fresh;
    },
  };
}

/**
 * Checks the signatures that came since over the report this keeper signed itself.
 * @param heard is told each author whose signature holds
 * @returns the report with a quorum of signatures, null while there is none
 */
export function completeRound(
  round: Round,
  { keeperSet, domain }: Committee,
  signer: ReportSigner,
  heard: (author: Hex) => void,
): SignedReport | null {
  if (round.signed === null) return null;
  const { report, message: own } = round.signed;
  for (const [author, { reportHash, signature }] of round.signatures) {
    if (reportHash !== own.reportHash || round.verified.has(author)) continue;
    if (signer.reportSigner(domain, report, signature) !== author) continue;
    round.verified.set(author, signature);
    heard(author);
  }
  if (round.verified.size < keeperSet.quorum) return null;
  return { report, signatures: orderSignatures(round.verified, keeperSet.quorum) };
}
