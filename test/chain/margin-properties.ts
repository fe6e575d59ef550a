import { expect } from "chai";
import { MARGIN_MODELS } from "../../keeper/core/margin/types.ts";
import type { ChainBook } from "../../keeper/core/margin/decode.ts";
import { packPosition, unpackPosition } from "../../keeper/core/report/instrument-id.ts";
import { TEST_MARGIN_PARAMS } from "../support/margin-params.ts";
import { marginAs, marginOf, openMarginWorld, type ChainMargin } from "../support/margin-world.ts";

const BOOKS = 100;
const STRESSED_BOOKS = 25;
const PAIRED_BOOKS = 50;
const HALF_DAY_SECONDS = 43_200;
const TAIL = MARGIN_MODELS.indexOf("tail");
const STRESS = MARGIN_MODELS.indexOf("stress");
/** The documented error of a loss, as one part in this many of the book's gross value. */
const ERROR_PARTS = 1_000_000_000n;
/** USD * 1e6: an amount is rounded up in each of several steps. */
const ROUNDING_E6 = 8n;

const abs = (x: bigint): bigint => (x < 0n ? -x : x);

/** What rounding may change in a loss of this book. */
const allowanceE6 = ({ grossNotionalE6, collateralE6 }: ChainMargin): bigint =>
  (grossNotionalE6 + collateralE6) / ERROR_PARTS + ROUNDING_E6;

const LOSSES = ["jointTailLossE6", "tailLossE6", "stressLossE6", "shortMinimumE6", "basisE6"] as const;

/** The two books as one account's. */
function join(first: ChainBook, second: ChainBook): ChainBook {
  const sizes = new Map<bigint, bigint>();
  for (const { instrumentId, sizeE8 } of [...first.positions, ...second.positions].map(unpackPosition))
    sizes.set(instrumentId, (sizes.get(instrumentId) ?? 0n) + sizeE8);
  const positions = [...sizes]
    .filter(([, sizeE8]) => sizeE8 !== 0n)
    .map(([instrumentId, sizeE8]) => packPosition({ instrumentId, sizeE8 }));
  return {
    cashE6: first.cashE6 + second.cashE6,
    positions: positions.toSorted((a, b) => (a < b ? -1 : 1)),
    collateral: [...first.collateral, ...second.collateral],
  };
}

describe("properties of the margin on chain", () => {
  it("asks for an initial margin of at least the maintenance margin, and never for less than nothing", async () => {
    const { engine, books, age } = await openMarginWorld(501, { books: BOOKS });
    await age(HALF_DAY_SECONDS);
    for (const book of books) {
      const { margin } = await marginOf(engine, book);
      expect(margin.maintenanceE6 >= 0n).to.equal(true);
      expect(margin.initialE6 >= margin.maintenanceE6).to.equal(true);
    }
  });

  it("never asks for less once a stress scenario is added", async () => {
    const { books, engineUnder } = await openMarginWorld(502, { books: STRESSED_BOOKS });
    let raised = 0;
    const { stress } = TEST_MARGIN_PARAMS;
    const fewer = stress.slice(0, 1);
    const before = await engineUnder({ ...TEST_MARGIN_PARAMS, stress: fewer });
    const engines = [];
    for (const added of stress.slice(1))
      engines.push(await engineUnder({ ...TEST_MARGIN_PARAMS, stress: [...fewer, added] }));
    for (const book of books) {
      const less = await marginOf(before, book);
      for (const after of engines) {
        const more = await marginOf(after, book);
        expect(more.margin.initialE6 >= less.margin.initialE6).to.equal(true);
        expect(more.margin.maintenanceE6 >= less.margin.maintenanceE6).to.equal(true);
        if (more.margin.maintenanceE6 > less.margin.maintenanceE6) raised++;
      }
    }
    expect(raised).to.be.greaterThan(0);
  });

  it("doubles every loss with the book", async () => {
    const { engine, books } = await openMarginWorld(503, { books: BOOKS });
    for (const [index, book] of books.entries()) {
      const once = await marginOf(engine, book);
      const twice = await marginOf(engine, join(book, book));
      for (const loss of LOSSES) {
        const difference = abs(twice[loss] - 2n * once[loss]);
        expect(difference <= allowanceE6(twice), `${loss} of book ${String(index)}`).to.equal(true);
      }
    }
  });

  it("asks for no more for two books together than for each alone, in expected shortfall and in stress", async () => {
    const { books, engineUnder } = await openMarginWorld(504, { books: PAIRED_BOOKS, equalWeights: true });
    const engine = await engineUnder({ ...TEST_MARGIN_PARAMS, tailMeasure: "expectedShortfall" });
    let offsets = 0;
    for (const [index, first] of books.entries()) {
      const second = books[(index + 1) % books.length] ?? first;
      const both = join(first, second);
      const tails = await Promise.all([first, second, both].map((book) => marginAs(engine, book, TAIL)));
      const stresses = await Promise.all([first, second, both].map((book) => marginAs(engine, book, STRESS)));
      for (const [loss, [a, b, sum]] of [
        ["jointTailLossE6", tails],
        ["tailLossE6", tails],
        ["stressLossE6", stresses],
      ] as const) {
        if (a === undefined || b === undefined || sum === undefined) throw new Error("three margins");
        const saved = a[loss] + b[loss] - sum[loss];
        expect(saved >= -allowanceE6(sum), `${loss} of books ${String(index)} and the next`).to.equal(true);
        if (saved > allowanceE6(sum)) offsets++;
      }
    }
    expect(offsets).to.be.greaterThan(0);
  });
});
