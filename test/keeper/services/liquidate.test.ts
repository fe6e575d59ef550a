import { expect } from "chai";
import type { AuctionQuote } from "../../../keeper/ports/clearing-chain.ts";
import { DEFAULT_SHARE_STEPS, liquidate } from "../../../keeper/services/liquidate.ts";
import { clearingDouble, type ClearingScript } from "../../support/clearing-double.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";

const WAD = 10n ** 18n;
const NOW = 1_770_000_000;
const CLOCK = { nowSeconds: () => NOW };
const BIDDER = 99n;
const TERMS = {
  bidder: BIDDER,
  minDiscountWad: WAD / 50n,
  slippageWad: WAD / 100n,
  shareSteps: DEFAULT_SHARE_STEPS,
};

const quote = (account: bigint, changes: Partial<AuctionQuote> = {}): AuctionQuote => ({
  account,
  phase: "called",
  version: 3,
  discountWad: WAD / 20n,
  maintenanceE6: 10n ** 9n,
  maxShareWad: WAD / 2n,
  healthBps: 8_000n,
  ...changes,
});

const run = async (script: ClearingScript) => {
  const double = clearingDouble(script);
  const telemetry = recordingTelemetry();
  return { ...double, telemetry, fills: await liquidate(double.chain, CLOCK, telemetry, TERMS) };
};

describe("the liquidator", () => {
  it("bids the largest share on the worst account first, naming phase, version and deadline", async () => {
    const { bids, fills } = await run({
      called: [1n, 2n],
      quotes: [quote(1n), quote(2n, { healthBps: 1_000n, phase: "insolvent", version: 7 })],
    });
    expect(bids.map(({ account }) => account)).to.deep.equal([2n, 1n]);
    const [worst] = bids;
    expect(worst).to.deep.include({ bidder: BIDDER, shareWad: WAD / 2n, phase: "insolvent", version: 7 });
    expect(worst?.deadlineSeconds).to.be.within(NOW + 1, NOW + 600);
    expect(fills.map(({ account, healthBeforeBps }) => [account, healthBeforeBps])).to.deep.equal([
      [2n, 1_000n],
      [1n, 8_000n],
    ]);
  });

  it("bounds each bid to its simulated price and a slippage in proportion to the margin taken over", async () => {
    const simulatedE6 = -250_000_000n;
    const { bids } = await run({
      called: [1n],
      quotes: [quote(1n, { maintenanceE6: 8_000_000_000n })],
      simulatedE6,
      refuse: (action) => (action === `bid 1 ${(WAD / 4n).toString()}` ? null : "InitialMarginNotMet"),
    });
    // One percent of half of 8,000 dollars, then of a quarter.
    expect(bids.map(({ maxPaidE6 }) => maxPaidE6 - simulatedE6)).to.deep.equal([40_000_000n, 20_000_000n]);
  });

  it("halves its share while the chain refuses, and stops at the first fill", async () => {
    const { bids, fills } = await run({
      called: [1n],
      quotes: [quote(1n)],
      refuse: (action) => (action === `bid 1 ${(WAD / 8n).toString()}` ? null : "InitialMarginNotMet"),
    });
    expect(bids.map(({ shareWad }) => shareWad)).to.deep.equal([WAD / 2n, WAD / 4n, WAD / 8n]);
    expect(fills.map(({ shareWad }) => shareWad)).to.deep.equal([WAD / 8n]);
  });

  it("logs the last refusal when no share fits, and goes on with the next account", async () => {
    const { fills, telemetry } = await run({
      called: [1n, 2n],
      quotes: [quote(1n, { healthBps: 500n }), quote(2n)],
      refuse: (action) => (action.startsWith("bid 1 ") ? "InitialMarginNotMet" : null),
    });
    expect(fills.map(({ account }) => account)).to.deep.equal([2n]);
    const line = telemetry.lines.find(({ event }) => event === "bid-refused");
    expect(line?.fields["account"]).to.equal(1n);
    expect(String(line?.fields["reason"])).to.include("InitialMarginNotMet");
  });

  it("passes by auctions that pay too little, are over or have nothing to take, and its own account", async () => {
    const { bids } = await run({
      called: [1n, 2n, 3n, BIDDER],
      quotes: [
        quote(1n, { discountWad: WAD / 50n - 1n }),
        quote(2n, { phase: "none" }),
        quote(3n, { maxShareWad: 0n }),
        quote(BIDDER),
      ],
    });
    expect(bids).to.deep.equal([]);
  });

  it("takes an auction that pays exactly its least discount", async () => {
    const { fills } = await run({ called: [1n], quotes: [quote(1n, { discountWad: WAD / 50n })] });
    expect(fills).to.have.length(1);
  });

  it("survives an auction that ends before it was quoted", async () => {
    const { fills, telemetry } = await run({ called: [1n, 2n], quotes: [quote(2n)] });
    expect(fills.map(({ account }) => account)).to.deep.equal([2n]);
    expect(telemetry.lines.some(({ event }) => event === "quote-refused")).to.equal(true);
  });
});
