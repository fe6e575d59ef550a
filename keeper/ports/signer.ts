import type { ReportHead, RiskReport, ScenarioSetMessage } from "../core/report/typed-data.ts";
import type { Hex } from "./hex.ts";

/** EIP-712 domain of one contract on one chain. */
export interface SigningDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint;
  readonly verifyingContract: Hex;
}

/** A keeper's report key. The key itself never leaves the adapter. */
export interface ReportSigner {
  readonly address: Hex;
  /** What of a report is signed. */
  headOf(report: RiskReport): ReportHead;
  /** The EIP-712 hash of a report by its head, as the contract computes it. */
  hashHead(domain: SigningDomain, head: ReportHead): Hex;
  /** keccak256 of an encoded scenario set. */
  hashData(data: Hex): Hex;
  /** 65-byte ECDSA signature over the EIP-712 hash of a report. */
  signReport(domain: SigningDomain, report: RiskReport): Promise<Hex>;
  signScenarioSet(domain: SigningDomain, message: ScenarioSetMessage): Promise<Hex>;
  /** Whose signature over a report's head this is, or null when it is no signature at all. */
  headSigner(domain: SigningDomain, head: ReportHead, signature: Hex): Hex | null;
  scenarioSetSigner(domain: SigningDomain, message: ScenarioSetMessage, signature: Hex): Hex | null;
}
