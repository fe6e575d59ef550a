import type { Hex } from "./hex.ts";

/** A report by its name and time. */
export interface ReportStamp {
  readonly epoch: bigint;
  readonly round: number;
  readonly observedAtSeconds: number;
}

/** One keeper of the set, as another one sees it. */
export interface MemberStatus {
  readonly address: Hex;
  readonly isSelf: boolean;
  /** Whether messages reach it now; true for the keeper itself. */
  readonly connected: boolean;
  /** Newest report that it signed. */
  readonly lastReport: ReportStamp | null;
  /** Its spots in the newest report against the report's medians, the largest by size over the markets, bps. */
  readonly deviationBps: number | null;
  /** Reports in a row that it signed, up to the newest; zero after one that it missed. */
  readonly signedStreak: number;
  /** Reports in a row that came without its signature. */
  readonly missedStreak: number;
  /** Account that pays for its transactions, and what is left there. */
  readonly transmitter: Hex | null;
  readonly balanceWei: bigint | null;
}

/** One condition of being ready. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface QuorumStatus {
  readonly members: number;
  readonly required: number;
  /** Members that can be reached, the keeper itself included. */
  readonly reachable: number;
  /** Members that may still fail: reachable less required. */
  readonly margin: number;
}

/** What a keeper says of itself and of the others. */
export interface KeeperStatus {
  readonly name: string;
  readonly version: string;
  readonly mode: "member" | "dry-run";
  /** Null in a dry run without a key. */
  readonly address: Hex | null;
  readonly chainId: number;
  readonly startedAtSeconds: number;
  readonly nowSeconds: number;
  /** The chain's newest report; null before the first. */
  readonly report: ReportStamp | null;
  readonly heartbeatSeconds: number;
  readonly quorum: QuorumStatus;
  /** In the order of the registry. */
  readonly members: readonly MemberStatus[];
  readonly openTransactions: number;
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}
