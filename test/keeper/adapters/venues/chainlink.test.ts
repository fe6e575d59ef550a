import { expect } from "chai";
import { AbiCoder, FetchRequest, id, JsonRpcProvider, Network } from "ethers";
import { createChainlink } from "../../../../keeper/adapters/venues/chainlink.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";
import { serveRpc, type RpcServer } from "../../../support/rpc-server.ts";
import recorded from "../../../vectors/venues/chainlink.json" with { type: "json" };
import { venueErrorOf } from "./support.ts";

const CHAIN_ID = 31_337;
const TIMEOUT_MS = 250;
const FEED = "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419";
const SELECTOR_LENGTH = 10;
const DECIMALS = id("decimals()").slice(0, SELECTOR_LENGTH);

interface CallParams {
  readonly data: string;
}

describe("Chainlink", () => {
  let server: RpcServer | null = null;
  let provider: JsonRpcProvider | null = null;
  let calls: string[] = [];

  const feedOf = async (
    changes: { answer?: string; updatedAt?: number; decimals?: number } = {},
    call?: (data: string) => Promise<unknown>,
    feeds: { readonly USDC?: Hex } = {},
  ) => {
    const round = { ...recorded, ...changes };
    calls = [];
    const honest = (data: string) => {
      const coder = AbiCoder.defaultAbiCoder();
      return Promise.resolve(
        data === DECIMALS
          ? coder.encode(["uint8"], [round.decimals])
          : coder.encode(
              ["uint80", "int256", "uint256", "uint256", "uint80"],
              [round.roundId, round.answer, round.updatedAt, round.updatedAt, round.roundId],
            ),
      );
    };
    server = await serveRpc({
      request: ({ method, params }) => {
        if (method !== "eth_call") return Promise.resolve(`0x${CHAIN_ID.toString(16)}`);
        const { data } = params?.[0] as CallParams;
        calls.push(data);
        return (call ?? honest)(data);
      },
    });
    const request = new FetchRequest(server.url);
    request.timeout = TIMEOUT_MS;
    const network = Network.from(CHAIN_ID);
    provider = new JsonRpcProvider(request, network, { staticNetwork: network });
    return createChainlink(provider, { ETH: FEED, ...feeds });
  };

  afterEach(async () => {
    provider?.destroy();
    await server?.close();
  });

  it("reads a recorded round with the time it was updated", async () => {
    const source = await feedOf();
    const snapshot = await source.latest("ETH");
    expect(snapshot.spotUsd).to.equal(recorded.answerUsd);
    expect(snapshot.observedAtSeconds).to.equal(recorded.updatedAt);
    await source.latest("ETH");
    expect(
      calls.filter((data) => data === DECIMALS),
      "decimals are read once",
    ).to.have.length(1);
  });

  it("shows the settlement coin where it has a feed of it", async () => {
    expect((await feedOf()).settlementCoin).to.equal(undefined);
    provider?.destroy();
    await server?.close();
    const source = await feedOf({ answer: "99870000", decimals: 8 }, undefined, { USDC: FEED });
    expect(await source.settlementCoin?.()).to.deep.equal({
      usd: 0.9987,
      observedAtSeconds: recorded.updatedAt,
    });
  });

  it("reads the feed's own decimals", async () => {
    const source = await feedOf({ decimals: 18, answer: "1912400000000000000000" });
    expect((await source.latest("ETH")).spotUsd).to.be.closeTo(1912.4, 1e-9);
  });

  it("refuses a market without a feed, an unfinished round and an answer that is no price", async () => {
    expect((await venueErrorOf((await feedOf()).latest("BTC"))).code).to.equal("refused");
    provider?.destroy();
    await server?.close();
    expect((await venueErrorOf((await feedOf({ updatedAt: 0 })).latest("ETH"))).code).to.equal("malformed");
    provider?.destroy();
    await server?.close();
    expect((await venueErrorOf((await feedOf({ answer: "0" })).latest("ETH"))).code).to.equal("malformed");
  });

  it("names a reverting feed, an address without code and a slow node", async () => {
    for (const [call, code] of [
      [
        () => Promise.reject(Object.assign(new Error("execution reverted"), { code: 3, data: "0x" })),
        "refused",
      ],
      [() => Promise.resolve("0x"), "malformed"],
      [() => new Promise<never>(() => undefined), "timeout"],
    ] as const) {
      const source = await feedOf({}, call);
      expect((await venueErrorOf(source.latest("ETH"))).code).to.equal(code);
      provider?.destroy();
      await server?.close();
    }
  });
});
