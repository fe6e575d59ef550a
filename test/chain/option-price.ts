import { expect } from "chai";
import type { PricingHarness } from "../../types/ethers-contracts/mocks/PricingHarness.ts";
import { network } from "hardhat";
import grid from "../vectors/black76-prices.json" with { type: "json" };
import normal from "../vectors/normal.json" with { type: "json" };

/** The bars: a price may be off by this share of the forward, Phi by this much. */
const MAX_PRICE_ERROR = 1e-8;
const MAX_PHI_ERROR = 1e-9;
const GRID_ROWS = 952;
const ROWS_PER_CALL = 119;
const PRICE_SCALE = 1e8;
const PRICE_UNIT = 2 ** 48;
const PHI_UNIT = 2 ** 40;
const ARGUMENT_UNIT = 2 ** 35;
const DEVIATION_UNIT = 2 ** 60;
/** The table covers +-6.5 in pieces of this width. */
const TABLE_END = 8;
const PIECE_WIDTH = 1 / 32;

interface Quote {
  readonly forward: number;
  readonly strike: number;
  readonly deviation: number;
  readonly call: number;
  readonly put: number;
}

const QUOTES: readonly Quote[] = grid.rows.map(([forward, strike, years, vol, call, put]) => {
  if (
    forward === undefined ||
    strike === undefined ||
    years === undefined ||
    vol === undefined ||
    call === undefined ||
    put === undefined
  )
    throw new RangeError("a row of the grid has six columns");
  return { forward, strike, deviation: vol * Math.sqrt(years), call, put };
});

/** Calls and puts of one batch, as shares of the forward. */
async function chainPrices(
  harness: PricingHarness,
  quotes: readonly Quote[],
  forward: number,
): Promise<readonly (readonly [number, number])[]> {
  const [calls, puts] = await harness.pricesQ48(
    quotes.map(({ strike }) => BigInt(Math.round(strike * PRICE_SCALE))),
    quotes.map(({ deviation }) => BigInt(Math.round(deviation * DEVIATION_UNIT))),
    BigInt(Math.round(forward * PRICE_SCALE)),
  );
  return quotes.map((_, index) => [Number(calls[index]) / PRICE_UNIT, Number(puts[index]) / PRICE_UNIT]);
}

async function chainPhi(harness: PricingHarness, points: readonly number[]): Promise<readonly number[]> {
  const values = await harness.phiQ40(points.map((x) => BigInt(Math.round(x * ARGUMENT_UNIT))));
  return values.map((value) => Number(value) / PHI_UNIT);
}

describe("option price on chain", () => {
  let harness: PricingHarness;

  before(async () => {
    const { ethers } = await network.create();
    const table = await ethers.deployContract("NormalCdfTable");
    harness = await ethers.deployContract("PricingHarness", [table]);
  });

  it("is within 1e-8 of the forward of the reference on the whole grid, calls and puts", async () => {
    expect(QUOTES.length).to.equal(GRID_ROWS);
    let worst = 0;
    for (let first = 0; first < QUOTES.length; first += ROWS_PER_CALL) {
      const batch = QUOTES.slice(first, first + ROWS_PER_CALL);
      const forward = batch[0]?.forward ?? Number.NaN;
      const prices = await chainPrices(harness, batch, forward);
      for (const [index, [call, put]] of prices.entries()) {
        const quote = batch[index];
        expect(quote?.forward).to.equal(forward);
        const callError = Math.abs(call - (quote?.call ?? Number.NaN) / forward);
        const putError = Math.abs(put - (quote?.put ?? Number.NaN) / forward);
        worst = Math.max(worst, callError, putError);
      }
    }
    expect(worst).to.be.greaterThan(0);
    expect(worst).to.be.at.most(MAX_PRICE_ERROR);
  });

  it("is the intrinsic value when nothing is left of the time", async () => {
    const forward = 100;
    const quotes = [1e-8, 20, 99, 101, 500, 1e9].map((strike): Quote => ({
      forward,
      strike,
      deviation: 0,
      call: Math.max(0, forward - strike),
      put: Math.max(0, strike - forward),
    }));
    const prices = await chainPrices(harness, quotes, forward);
    for (const [index, { call, put, strike }] of quotes.entries()) {
      const scale = Math.max(forward, strike);
      expect(Math.abs((prices[index]?.[0] ?? Number.NaN) * forward - call)).to.be.at.most(
        MAX_PRICE_ERROR * scale,
      );
      expect(Math.abs((prices[index]?.[1] ?? Number.NaN) * forward - put)).to.be.at.most(
        MAX_PRICE_ERROR * scale,
      );
    }
  });
});

describe("normal distribution function on chain", () => {
  let harness: PricingHarness;

  before(async () => {
    const { ethers } = await network.create();
    const table = await ethers.deployContract("NormalCdfTable");
    harness = await ethers.deployContract("PricingHarness", [table]);
  });

  it("is within 1e-9 of the reference, the tails included", async () => {
    const points = normal.cdf.map(([x]) => x ?? Number.NaN);
    const values = await chainPhi(harness, points);
    const errors = normal.cdf.map(([, reference], index) =>
      Math.abs((values[index] ?? Number.NaN) - (reference ?? Number.NaN)),
    );
    expect(Math.max(...errors)).to.be.at.most(MAX_PHI_ERROR);
  });

  it("is continuous where its pieces and its ends meet", async () => {
    const seams = Array.from(
      { length: Math.round((2 * TABLE_END) / PIECE_WIDTH) + 1 },
      (_, piece) => piece * PIECE_WIDTH - TABLE_END,
    );
    const below = await chainPhi(
      harness,
      seams.map((x) => x - 1 / ARGUMENT_UNIT),
    );
    const above = await chainPhi(harness, seams);
    const gaps = seams.map((_, index) =>
      Math.abs((above[index] ?? Number.NaN) - (below[index] ?? Number.NaN)),
    );
    expect(Math.max(...gaps)).to.be.at.most(MAX_PHI_ERROR);
  });
});
