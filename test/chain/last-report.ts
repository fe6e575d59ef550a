import { expect } from "chai";
import type { Provider, TransactionRequest } from "ethers";
import { createOracleChain } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { NO_SENDER } from "../../keeper/cli/keeper/no-sender.ts";
import { deployOracle, oracleAddresses } from "../support/oracle-fixture.ts";
import { withMarket } from "../support/report-changes.ts";

const MARKETS = [1, 2];

/** A node that answers one call, then sees `come` happen, and only then answers the others. */
function interrupted(provider: Provider, come: () => Promise<unknown>): Provider {
  let hasCome: Promise<unknown> | null = null;
  const call = async (request: TransactionRequest): Promise<string> => {
    if (hasCome !== null) {
      await hasCome;
      return provider.call(request);
    }
    const answer = provider.call(request);
    hasCome = answer.then(come);
    return answer;
  };
  return new Proxy(provider, {
    get: (node, key): unknown => {
      const value: unknown = key === "call" ? call : Reflect.get(node, key, node);
      return value instanceof Function
        ? (...args: unknown[]): unknown => Reflect.apply(value, node, args)
        : value;
    },
  });
}

describe("the oracle's last report, as a keeper reads it", () => {
  it("has no markets before the first, and then those that are asked for", async () => {
    const fixture = await deployOracle();
    const chain = createOracleChain(await oracleAddresses(fixture), fixture.ethers.provider, NO_SENDER);
    const none = await chain.lastReport(MARKETS);
    expect(none.markets.size).to.equal(0);
    expect(none.header).to.deep.equal({ epoch: 0n, round: 0, observedAtSeconds: 0 });
    const report = await fixture.validDraft();
    await (await fixture.submit(report)).wait();
    const { header, markets } = await chain.lastReport([2, 3]);
    expect(header).to.deep.equal({ epoch: 1n, round: 1, observedAtSeconds: Number(report.observedAt) });
    expect([...markets.keys()]).to.deep.equal([2]);
    expect(markets.get(2)?.spotE8).to.equal(report.markets[1]?.fields.spotE8);
  });

  it("is of one report, also when the next one comes between two of the reads", async () => {
    const fixture = await deployOracle();
    const { provider } = fixture.ethers;
    const addresses = await oracleAddresses(fixture);
    const reader = createOracleChain(addresses, provider, NO_SENDER);
    await (await fixture.submit(await fixture.validDraft())).wait();
    const first = await reader.lastReport(MARKETS);
    const postNext = async () => {
      const draft = await fixture.validDraft();
      const next = withMarket(draft, { spotE8: (draft.markets[0]?.fields.spotE8 ?? 0n) + 1n });
      await (await fixture.submit({ ...next, round: 2n })).wait();
    };
    const read = await createOracleChain(addresses, interrupted(provider, postNext), NO_SENDER).lastReport(
      MARKETS,
    );
    const second = await reader.lastReport(MARKETS);
    const { number } = await reader.latestBlock();
    expect(await reader.lastReport(MARKETS, number - 1n), "as of an earlier block").to.deep.equal(first);
    expect(second.header.round).to.equal(2);
    expect(second.markets.get(1)).not.to.deep.equal(first.markets.get(1));
    expect(read).to.deep.equal(first);
  });
});
