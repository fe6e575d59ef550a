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
  /** Whether messages reach it now; true for the keeper itself, null in a dry run, which talks to nobody. */
  readonly connected: boolean | null;
  /** Newest report that it signed. */
  readonly lastReport: ReportStamp | null;
  /** Its spots in the newest report against the report's medians, the largest by size over the markets, bps. */
  readonly deviationBps: number | null;
  /** Reports in a row that it signed, up to the newest; zero after one that it missed. */
  readonly signedStreak: number;
  /** Reports in a row that came without its signature. */
  readonly missedStreak: number;
  /** Account that pays for its transactions, and what is left there; null for others, whose accounts nothing on the chain names. */
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

/** A node of the chain, and why it is not used; null when it is. */
export interface NodeStatus {
  readonly name: string;
  readonly problem: string | null;
}

/** A source of a market's prices, as it counts now. */
export interface SourceStatus {
  readonly market: string;
  readonly source: string;
  /** Why its price does not count; null when it does. */
  readonly refusal: string | null;
  /** Of its newest price; null before the first. */
  readonly ageSeconds: number | null;
}

/** The chain's newest block when the keeper looked last. */
interface ChainStatus {
  readonly blockNumber: bigint;
  readonly blockTimestampSeconds: number;
  /** The keeper's clock less that time: the block's age, and what the clock is wrong by. */
  readonly clockAheadSeconds: number;
}

/** A keeper's transactions that are not final. */
export interface TransactionsStatus {
  readonly open: number;
  /** Since this process saw the oldest of them first; null when there is none. */
  readonly oldestAgeSeconds: number | null;
}

/** What a keeper says of itself and of the others. */
export interface KeeperStatus {
  readonly name: string;
  readonly version: string;
  readonly mode: "member" | "dry-run";
  /** Null in a dry run without a key. */
  readonly address: Hex | null;
  /** As the deployment's file says. */
  readonly chainId: number;
  readonly startedAtSeconds: number;
  readonly nowSeconds: number;
  /** Null while no node answers: report, heartbeat, quorum and members are then of the last time one did. */
  readonly chain: ChainStatus | null;
  readonly nodes: readonly NodeStatus[];
  /** Empty where market data come from one recording. */
  readonly sources: readonly SourceStatus[];
  /** The newest report that was seen on the chain; null before the first. */
  readonly report: ReportStamp | null;
  /** Null until the chain was read. */
  readonly heartbeatSeconds: number | null;
  /** Null in a dry run, and until the keeper set is known. */
  readonly quorum: QuorumStatus | null;
  /** In the order of the registry; empty until the keeper set is known. */
  readonly members: readonly MemberStatus[];
  /** Null in a dry run, and while the store does not answer. */
  readonly transactions: TransactionsStatus | null;
  /** Proofs that a keeper signed two reports for one round, on their way to the chain; null in a dry run. */
  readonly openProofs: number | null;
  readonly ready: boolean;
  readonly checks: readonly ReadinessCheck[];
}
