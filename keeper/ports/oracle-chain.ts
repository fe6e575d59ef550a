import type { Smile } from "../core/report/market-state.ts";
import type { MarketLimits, ReportLimits } from "../core/report/report-checks.ts";
import type { RiskReport } from "../core/report/typed-data.ts";
import type { Hex } from "./hex.ts";
import type { SigningDomain } from "./signer.ts";

export interface ChainBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly timestampSeconds: number;
}

/** What the oracle remembers of its last report. */
export interface OracleHeader {
  readonly epoch: bigint;
  readonly round: number;
  readonly observedAtSeconds: number;
}

/** The keeper set in force. */
export interface KeeperSet {
  readonly configDigest: Hex;
  /** Rising by address, as the registry keeps them. */
  readonly keepers: readonly Hex[];
  /** Ed25519 public keys, in the order of `keepers`. */
  readonly networkKeys: readonly Hex[];
  readonly faults: number;
  readonly quorum: number;
}

/** Limits on the change of a market's forecast that a report must keep to be accepted. */
export type ForecastLimits = Pick<
  MarketLimits,
  | "market"
  | "minSigmaE9"
  | "maxSigmaE9"
  | "maxSigmaUpBps"
  | "maxSigmaDownBpsPerHour"
  | "minPsiE9"
  | "maxPsiE9"
>;

/** What a price feed answers, in 1e-8 USD, and since when; or why it does not. */
export type FeedReading =
  | { readonly kind: "answered"; readonly priceE8: bigint; readonly updatedAtSeconds: number }
  | { readonly kind: "failed"; readonly reason: string };

/** The Chainlink feed that guards a market, and what it answers now. */
export interface GuardingFeed {
  readonly market: number;
  /** Largest distance of a posted spot from the answer. */
  readonly bandBps: bigint;
  /** An older answer guards nothing: the oracle refuses every report. */
  readonly heartbeatSeconds: number;
  readonly reading: FeedReading;
}

/** A market as the oracle stores it. */
export interface StoredMarket {
  readonly spotE8: bigint;
  readonly sigmaE9: bigint;
  readonly psiE9: bigint;
  /** In rising order of expiry. */
  readonly smiles: readonly Smile[];
}

/** The oracle's last report, whole. */
export interface LastReport {
  readonly header: OracleHeader;
  /** By number, those of the markets asked for that have been reported. */
  readonly markets: ReadonlyMap<number, StoredMarket>;
}

export interface PostedScenarioSet {
  /** Zero before the first. */
  readonly setId: bigint;
  /** keccak256 of its bytes. */
  readonly dataHash: Hex;
}

export interface SubmittedTransaction {
  readonly hash: Hex;
  readonly gasUsed: bigint;
}

/**
 * What keepers need of the oracle, the registry and the scenario store. Writes resolve once mined, with null when the chain has the effect
 * or a newer one already; a refusal throws ChainRefusal.
 */
export interface OracleChain {
  oracleDomain(): Promise<SigningDomain>;
  scenarioDomain(): Promise<SigningDomain>;
  latestBlock(): Promise<ChainBlock>;
  /** The block of that number, or null when this chain has none. */
  block(number: bigint): Promise<ChainBlock | null>;
  header(): Promise<OracleHeader>;
  /** How many markets jumped in the last report and wait for one of a later epoch. */
  quarantinedMarkets(): Promise<number>;
  keeperSet(): Promise<KeeperSet>;
  /** Governance's bounds of what a report may say. */
  reportLimits(): Promise<ReportLimits>;
  /** Of the markets that have one. */
  guardingFeeds(): Promise<readonly GuardingFeed[]>;
  /** As of one block, the latest where none is named: a report that comes in between would give one report's markets the other's age. */
  lastReport(markets: readonly number[], blockNumber?: bigint): Promise<LastReport>;
  submitReport(report: RiskReport, signatures: readonly Hex[]): Promise<SubmittedTransaction | null>;
  /** The scenario set in force. */
  scenarioSet(): Promise<PostedScenarioSet>;
  publishScenarioSet(
    setId: bigint,
    data: Hex,
    configDigest: Hex,
    signatures: readonly Hex[],
  ): Promise<SubmittedTransaction | null>;
}
