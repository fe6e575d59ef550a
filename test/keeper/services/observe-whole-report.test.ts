import { expect } from "chai";
import type { StoredMarket } from "../../../keeper/ports/oracle-chain.ts";
import { observe } from "../../../keeper/services/observe.ts";
import { replay, settings, storedOf } from "../../support/recorded-observer.ts";

const HOUR = 3_600;
const [firstTime = 0] = replay.snapshotTimes;

describe("an observation while a report comes into the chain", () => {
  const at = firstTime + HOUR;
  const marketData = replay.at(at);
  const first = async () => storedOf(await observe(settings(replay.at(firstTime)), firstTime));
  const doubled = (stored: ReadonlyMap<number, StoredMarket>) =>
    new Map([...stored].map(([market, each]) => [market, { ...each, sigmaE9: 2n * each.sigmaE9 }]));

  it("is by one report, and never by the forecast of one and the age of another", async () => {
    const old = await first();
    const fresh = doubled(old);
    const whole = await observe(settings(marketData, fresh, at - 60), at);
    expect(whole).not.to.deep.equal(await observe(settings(marketData, fresh, firstTime), at));
    for (const readBefore of [0, 1, 2]) {
      const before = settings(marketData, old, firstTime);
      const after = settings(marketData, fresh, at - 60);
      let reads = 0;
      const now = () => (reads++ < readBefore ? before.chain : after.chain);
      const chain = {
        ...before.chain,
        header: async () => ({ ...(await now().header()), round: reads > readBefore ? 2 : 1 }),
        storedMarket: (market: number) => now().storedMarket(market),
      };
      expect(await observe({ ...before, chain }, at), `after ${readBefore} reads`).to.deep.equal(whole);
    }
  });

  it("is given up when a new one comes with every look", async () => {
    const chosen = settings(marketData, await first(), firstTime);
    let round = 0;
    const chain = {
      ...chosen.chain,
      header: async () => ({ ...(await chosen.chain.header()), round: round++ }),
    };
    expect(await observe({ ...chosen, chain }, at).catch(String)).to.include("with every look");
  });
});
