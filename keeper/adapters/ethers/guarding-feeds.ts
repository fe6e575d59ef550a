import { Contract, Interface, type Overrides, type Provider, ZeroAddress } from "ethers";
import type { MarketOracleParamsStructOutput } from "../../../types/ethers-contracts/governance/RiskConfig.ts";
import type { FeedReading, GuardingFeed } from "../../ports/oracle-chain.ts";

const AGGREGATOR_V3 = new Interface([
  "function decimals() view returns (uint8)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);
const SPOT_DECIMALS = 8n;
const TEN = 10n;

/** The block as of which feeds are read. */
type At = Required<Pick<Overrides, "blockTag">>;

interface Aggregator {
  decimals(at: At): Promise<bigint>;
  latestRoundData(at: At): Promise<readonly [bigint, bigint, bigint, bigint, bigint]>;
}

/** Of a market's oracle parameters: the feed that guards it, the zero address for none. */
type Guard = Pick<MarketOracleParamsStructOutput, "market" | "feed" | "feedBandBps" | "feedHeartbeatSeconds">;

/** The feeds of those markets that have one, each with what it answers at a block; a feed that does not answer hides no other. */
export function readGuardingFeeds(
  markets: readonly Guard[],
  provider: Provider,
  at: At,
): Promise<readonly GuardingFeed[]> {
  return Promise.all(
    markets
      .filter(({ feed }) => feed !== ZeroAddress)
      .map(async ({ market, feed, feedBandBps, feedHeartbeatSeconds }) => ({
        market: Number(market),
        bandBps: feedBandBps,
        heartbeatSeconds: Number(feedHeartbeatSeconds),
        reading: await readFeed(feed, provider, at),
      })),
  );
}

async function readFeed(feed: string, provider: Provider, at: At): Promise<FeedReading> {
  const aggregator = new Contract(feed, AGGREGATOR_V3, provider) as unknown as Aggregator;
  try {
    const [decimals, [, answer, , updatedAt]] = await Promise.all([
      aggregator.decimals(at),
      aggregator.latestRoundData(at),
    ]);
    if (answer <= 0n)
      return { kind: "failed", reason: `${feed} answers ${answer.toString()}, which is not above zero` };
    return { kind: "answered", priceE8: scaledE8(answer, decimals), updatedAtSeconds: Number(updatedAt) };
  } catch (error) {
    return {
      kind: "failed",
      reason: `${feed} does not answer: ${error instanceof Error ? error.message : "failed"}`,
    };
  }
}

/** In 1e-8 USD, rounded down like the contracts' PriceGuard. */
function scaledE8(answer: bigint, decimals: bigint): bigint {
  return decimals > SPOT_DECIMALS
    ? answer / TEN ** (decimals - SPOT_DECIMALS)
    : answer * TEN ** (SPOT_DECIMALS - decimals);
}
