import { nameOfRound, type RoundId } from "../../core/protocol/round-id.ts";
import type { RiskReport, SignedReport } from "../../core/report/typed-data.ts";
import { forgetOldest } from "../../core/remembered.ts";
import type {
  ObservationMessage,
  ProposalMessage,
  SignatureMessage,
  SignedObservation,
} from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ReportSigner } from "../../ports/signer.ts";
import type { SignedHead } from "../../ports/watch-chain.ts";
import { orderSignatures } from "./order-signatures.ts";
import type { Committee, SigningRefused } from "./parts.ts";

/** What a keeper knows of one round. */
export interface Round extends RoundId {
  observedAtSeconds: number | null;
  /** What this keeper says it sees, by the moment for which it was asked. */
  readonly own: Map<number, Promise<ObservationMessage>>;
  /** Moments for which it is looking now. */
  readonly looking: Set<number>;
  /** As leader: the first sound observation of each keeper. */
  readonly observations: Map<Hex, SignedObservation>;
  /** As leader: it is asking and showing. */
  leading: boolean;
  proposing: boolean;
  /** As leader: what it has shown. */
  proposal: ProposalMessage | null;
  /** A proposal is being checked. */
  checking: boolean;
  /** No report was due. */
  isIdle: boolean;
  /** Reports of the proposals that came, or what is wrong with them. */
  readonly built: Map<string, RiskReport | SigningRefused>;
  /** What this keeper signed. */
  signed: { readonly report: RiskReport; readonly hash: Hex; readonly message: SignatureMessage } | null;
  /** The signatures of each keeper by what they are over; the second hash proves that its author signed two reports. */
  readonly heard: Map<Hex, Map<Hex, Hex>>;
  /** Signatures over this keeper's report. */
  readonly verified: Map<Hex, Hex>;
  /** How many messages of a kind by a keeper were wrong. */
  readonly wrong: Map<string, number>;
}

/** Rounds remembered: those of a few slots and replaced leaders. */
const MAX_ROUNDS = 64;
/** Hashes remembered of one keeper in one round: what it signed and what proves that it signed another. */
const MAX_HASHES = 2;
/** Wrong messages of one kind and keeper after which the others of the round are dropped unread. */
const MAX_WRONG = 2;

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
        own: new Map(),
        looking: new Set(),
        observations: new Map(),
        leading: false,
        proposing: false,
        proposal: null,
        checking: false,
        isIdle: false,
        built: new Map(),
        signed: null,
        heard: new Map(),
        verified: new Map(),
        wrong: new Map(),
      };
      rounds.set(name, fresh);
      forgetOldest(rounds, MAX_ROUNDS);
      return fresh;
    },
  };
}

/** Whether messages of that kind by that keeper were wrong so often that its next ones are not worth a look. */
export function isTooOftenWrong({ wrong }: Round, kind: string, from: Hex): boolean {
  return (wrong.get(`${kind}/${from}`) ?? 0) >= MAX_WRONG;
}

export function noteWrong({ wrong }: Round, kind: string, from: Hex): void {
  const name = `${kind}/${from}`;
  wrong.set(name, (wrong.get(name) ?? 0) + 1);
}

/** Remembers what this keeper signed. */
export function noteOwn(round: Round, self: Hex, own: NonNullable<Round["signed"]>): void {
  round.signed = own;
  round.heard.set(self, new Map([[own.hash, own.message.signature]]));
}

/**
 * Checks a keeper's signature and remembers it.
 * @returns null when it is wrong, known, or one more than a proof needs
 */
export function hearSignature(
  round: Round,
  from: Hex,
  { head, signature }: SignatureMessage,
  { domain }: Committee,
  signer: ReportSigner,
): SignedHead | null {
  const heard = round.heard.get(from) ?? new Map<Hex, Hex>();
  if (heard.size >= MAX_HASHES || isTooOftenWrong(round, "signature", from)) return null;
  const hash = signer.hashHead(domain, head);
  if (heard.has(hash)) return null;
  if (signer.headSigner(domain, head, signature) !== from) {
    noteWrong(round, "signature", from);
    return null;
  }
  round.heard.set(from, heard.set(hash, signature));
  return { head, hash, signature, signer: from };
}

/**
 * Counts the signatures that came since over the report this keeper signed itself.
 * @param counted is told each author
 * @returns the report with a quorum of signatures, null while there is none
 */
export function completeRound(
  round: Round,
  { keeperSet }: Committee,
  counted: (author: Hex) => void,
): SignedReport | null {
  if (round.signed === null) return null;
  const { report, hash } = round.signed;
  for (const [author, signatures] of round.heard) {
    const signature = signatures.get(hash);
    if (signature === undefined || round.verified.has(author)) continue;
    round.verified.set(author, signature);
    counted(author);
  }
  if (round.verified.size < keeperSet.quorum) return null;
  return { report, signatures: orderSignatures(round.verified, keeperSet.quorum) };
}
