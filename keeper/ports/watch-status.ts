import type { BlockPlace } from "./watch-chain.ts";

/** What a watchtower has found since it started. */
interface WatchCounts {
  /** Signed reports in transactions, accepted or not. */
  readonly reports: number;
  /** Accepted reports by what was thought of them. */
  readonly supported: number;
  readonly deviating: number;
  readonly notCompared: number;
  /** Accepted reports that are, word for word, what the observations signed for them give. */
  readonly recomputed: number;
  /** Those that are something else. */
  readonly miscomputed: number;
  /** Those of which nobody showed the observations. */
  readonly notRecomputed: number;
  /** Accepted reports whose signatures could not be found. */
  readonly unread: number;
  /** How often a key was seen to sign two reports for one round. */
  readonly equivocations: number;
}

/** How far a watchtower is, and what it has found. */
export interface WatchStatus extends WatchCounts {
  /** The last block read; null before the first. */
  readonly read: BlockPlace | null;
  /** The chain's newest block as of the last look; null before the first. */
  readonly latest: BlockPlace | null;
}
