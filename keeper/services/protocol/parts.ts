import type { ProtocolParameters } from "../../core/protocol/parameters.ts";
import type { Observation } from "../../core/report/aggregate.ts";
import type { ReportLimits } from "../../core/report/report-checks.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Gossip, ProposalMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { NetworkSigner } from "../../ports/network-signer.ts";
import type { KeeperSet, OracleChain } from "../../ports/oracle-chain.ts";
import type { Prosecutor } from "../../ports/prosecutor.ts";
import type { ReportSigner, SigningDomain } from "../../ports/signer.ts";
import type { SigningRecord } from "../../ports/signing-record.ts";
import type { FinalStore, ViewStore } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import type { Participation } from "../participation.ts";

/** What a keeper needs to agree with the others on reports. */
export interface ProtocolParts {
  readonly chain: OracleChain;
  readonly gossip: Gossip;
  readonly signer: ReportSigner;
  readonly network: NetworkSigner;
  readonly store: SigningRecord & ViewStore & FinalStore;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
  readonly parameters: ProtocolParameters;
  /** Is told who observed and signed what. */
  readonly participation: Pick<Participation, "signed" | "observed" | "completed">;
  /** Takes proofs against keepers that signed two reports for one round; without it they are only logged. */
  readonly prosecute?: Prosecutor["prosecute"];
  /** Is told the observations behind each report that this keeper signs. */
  readonly proposalSigned?: (configDigest: Hex, proposal: ProposalMessage) => void;
  /** The keeper's own view of the markets at a time. */
  observe(observedAtSeconds: number): Promise<Observation>;
}

/** The keeper set and what it signs under, as of the present slot. */
export interface Committee {
  readonly keeperSet: KeeperSet;
  readonly domain: SigningDomain;
  /** Governance's bounds of a report, of the markets that it lists. */
  readonly limits: ReportLimits;
}

/** A keeper refuses to take part in something: the reason names what differs. */
export class SigningRefused extends Error {
  readonly code = "signing-refused";

  constructor(reason: string) {
    super(`refused to sign: ${reason}`);
    this.name = "SigningRefused";
  }
}
