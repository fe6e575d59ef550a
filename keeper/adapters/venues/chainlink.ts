import { Contract, Interface, type Provider } from "ethers";
import type { Hex } from "../../ports/hex.ts";
import type { Market } from "../../ports/market-data.ts";
import { VenueError, type CoinPrice, type MarketSource } from "../../ports/market-source.ts";

const NAME = "chainlink";
const AGGREGATOR_V3 = new Interface([
  "function decimals() view returns (uint8)",
  "function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)",
]);

interface Aggregator {
  decimals(): Promise<bigint>;
  latestRoundData(): Promise<readonly [bigint, bigint, bigint, bigint, bigint]>;
}

/** What a feed is of. */
export type FedAsset = Market | "USDC";

/** Prices of AggregatorV3 feeds, with the time of their round. Decimals are read from the feed, once. */
export function createChainlink(
  provider: Provider,
  feeds: Readonly<Partial<Record<FedAsset, Hex>>>,
): MarketSource {
  const decimals = new Map<FedAsset, bigint>();
  const priceOf = async (asset: FedAsset): Promise<CoinPrice> => {
    const feed = feeds[asset];
    if (feed === undefined) throw new VenueError("refused", NAME, `no feed of ${asset}`);
    const aggregator = new Contract(feed, AGGREGATOR_V3, provider) as unknown as Aggregator;
    const places = decimals.get(asset) ?? (await reading(() => aggregator.decimals()));
    decimals.set(asset, places);
    const [roundId, answer, , updatedAt] = await reading(() => aggregator.latestRoundData());
    if (roundId === 0n || updatedAt === 0n)
      throw new VenueError("malformed", NAME, `${asset} has no finished round`);
    if (answer <= 0n)
      throw new VenueError("malformed", NAME, `${asset} answer ${answer.toString()} is not above zero`);
    return { usd: Number(answer) / 10 ** Number(places), observedAtSeconds: Number(updatedAt) };
  };
  return {
    name: NAME,
    latest: async (market) => {
      const { usd, observedAtSeconds } = await priceOf(market);
      return {
        market,
        observedAtSeconds,
        spotUsd: usd,
        spotLowUsd: null,
        expiries: [],
        openInterestUsd: null,
        depthUsd: null,
      };
    },
    ...(feeds.USDC === undefined ? {} : { settlementCoin: () => priceOf("USDC") }),
  };
}

/** How ethers names what went wrong. */
const ETHERS_CODES: ReadonlyMap<unknown, VenueError["code"]> = new Map([
  ["BAD_DATA", "malformed"],
  ["CALL_EXCEPTION", "refused"],
  ["TIMEOUT", "timeout"],
]);

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ETHERS_CODES.get(cause.code) : undefined;
    throw new VenueError(code ?? "disconnected", NAME, cause instanceof Error ? cause.message : "failed", {
      cause,
    });
  }
}
