import { Contract, Interface, isError, type Provider } from "ethers";
import type { Hex } from "../../ports/hex.ts";
import type { FeedRound } from "../../ports/spot-proofs.ts";
import { createRoundFinder, type FindRound } from "./feed-rounds.ts";
import { refusalIn } from "./refusal.ts";

const ROUND =
  "view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)";
const AGGREGATOR_V3 = new Interface([
  `function getRoundData(uint80 roundId) ${ROUND}`,
  `function latestRoundData() ${ROUND}`,
]);

type Answer = readonly [bigint, bigint, bigint, bigint, bigint];
interface Aggregator {
  getRoundData(id: bigint): Promise<Answer>;
  latestRoundData(): Promise<Answer>;
}

/** The rounds of Chainlink feeds. Reads throw when no node answers. */
export interface FeedRounds {
  /** Null when the feed does not answer. */
  latest(feed: Hex): Promise<FeedRound | null>;
  readonly find: FindRound;
}

export function createFeedRounds(provider: Provider): FeedRounds {
  const aggregator = (feed: string) => new Contract(feed, AGGREGATOR_V3, provider) as unknown as Aggregator;
  return {
    latest: async (feed) => {
      const answer = await orNull(aggregator(feed).latestRoundData());
      return answer === null ? null : { id: answer[0], updatedAtSeconds: Number(answer[3]) };
    },
    find: createRoundFinder(async (feed, id) => {
      const answer = await orNull(aggregator(feed).getRoundData(id));
      return answer === null || answer[3] === 0n ? null : Number(answer[3]);
    }),
  };
}

/** Null when it is the feed that does not answer, and not the node: it refuses, or is no feed. */
async function orNull(reading: Promise<Answer>): Promise<Answer | null> {
  try {
    return await reading;
  } catch (error) {
    if (refusalIn(error, []) === null && !isError(error, "BAD_DATA")) throw error;
    return null;
  }
}
