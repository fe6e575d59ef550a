import { expect } from "chai";
import { AbiCoder, id, JsonRpcProvider, Network, ZeroAddress } from "ethers";
import { readGuardingFeeds } from "../../../../keeper/adapters/ethers/guarding-feeds.ts";
import { serveRpc, type RpcServer } from "../../../support/rpc-server.ts";

const CHAIN_ID = 31_337;
const DECIMALS = id("decimals()").slice(0, "0x".length + 8);
const UPDATED_AT = 1_770_000_000;
const coder = AbiCoder.defaultAbiCoder();

/** What the feed at each address answers; null reverts. */
type Feeds = Readonly<Record<string, readonly [decimals: number, answer: bigint] | null>>;
const addressOf = (index: number) => `0x${index.toString(16).padStart(40, "0")}`;

describe("the feeds that guard markets", () => {
  let server: RpcServer | null = null;
  let provider: JsonRpcProvider | null = null;

  const read = async (feeds: Feeds) => {
    server = await serveRpc({
      request: ({ method, params }) => {
        if (method !== "eth_call") return Promise.resolve(`0x${CHAIN_ID.toString(16)}`);
        const { to, data } = params?.[0] as { to: string; data: string };
        expect(params?.[1], "all of it as of one block").to.equal("0x9");
        const feed = feeds[to.toLowerCase()];
        if (!feed) return Promise.reject(new Error("execution reverted"));
        const [decimals, answer] = feed;
        return Promise.resolve(
          data === DECIMALS
            ? coder.encode(["uint8"], [decimals])
            : coder.encode(
                ["uint80", "int256", "uint256", "uint256", "uint80"],
                [7n, answer, 1, UPDATED_AT, 7n],
              ),
        );
      },
    });
    const network = Network.from(CHAIN_ID);
    provider = new JsonRpcProvider(server.url, network, { staticNetwork: network });
    const markets = Object.keys(feeds).map((feed, index) => ({
      market: BigInt(index + 1),
      feed,
      feedBandBps: 200n,
      feedHeartbeatSeconds: 5_400n,
    }));
    return readGuardingFeeds(markets, provider, { blockTag: 9 });
  };
  afterEach(async () => {
    provider?.destroy();
    await server?.close();
  });

  it("are scaled to 1e-8 USD from their own decimals, rounded down, with band, heartbeat and time", async () => {
    const feeds = await read({
      [addressOf(1)]: [8, 123n],
      [addressOf(2)]: [6, 123n],
      [addressOf(3)]: [10, 12_399n],
    });
    expect(feeds.map(({ reading }) => reading)).to.deep.equal(
      [123n, 12_300n, 123n].map((priceE8) => ({ kind: "answered", priceE8, updatedAtSeconds: UPDATED_AT })),
    );
    expect(feeds[0]).to.include({ market: 1, bandBps: 200n, heartbeatSeconds: 5_400 });
  });

  it("leave out markets without one, and say which does not answer or answers no price", async () => {
    const feeds = await read({
      [ZeroAddress]: [8, 1n],
      [addressOf(2)]: null,
      [addressOf(3)]: [8, 0n],
      [addressOf(4)]: [8, 1n],
    });
    expect(feeds.map(({ market, reading }) => [market, reading.kind])).to.deep.equal([
      [2, "failed"],
      [3, "failed"],
      [4, "answered"],
    ]);
    const reasons = feeds.map(({ reading }) => (reading.kind === "failed" ? reading.reason : ""));
    expect(reasons[0]).to.include(`${addressOf(2)} does not answer`);
    expect(reasons[1]).to.include("answers 0, which is not above zero");
  });
});
