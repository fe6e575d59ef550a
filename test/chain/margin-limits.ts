import { expect } from "chai";
import { keccak256, type Contract } from "ethers";
import { network } from "hardhat";
import type { ChainBook } from "../../keeper/core/margin/decode.ts";
import { MARGIN_MODELS } from "../../keeper/core/margin/types.ts";
import {
  packInstrumentId,
  packPosition,
  type Instrument,
  type InstrumentKind,
} from "../../keeper/core/report/instrument-id.ts";
import { chainMarginParams } from "../support/chain-margin.ts";
import { deployMarginHouse } from "../support/margin-house.ts";
import { TEST_MARGIN_PARAMS } from "../support/margin-params.ts";
import { marginAs, marginOf, openMarginWorld, type MarginWorld } from "../support/margin-world.ts";

/** The largest size that the clearing house can hold, in underlying * 1e8. */
const MAX_SIZE_E8 = 2n ** 80n;
const MAX_STRIKE_E8 = 2n ** 64n - 1n;
const MAX_CASH_E6 = 2n ** 255n - 1n;
const MAX_QUANTITY_E8 = 2n ** 256n - 1n;
const MAX_POSITIONS = 64;
const UNLISTED_MARKET = 65_535;
const EXPIRED = 1;
const UNPOSTED_DELAY_SECONDS = 1_800;
const STATIC = MARGIN_MODELS.indexOf("static");
const BOOKS = 10;
const UNIT_E8 = 100_000_000n;
const E8 = 100_000_000n;
const E9 = 1_000_000_000n;
const PRICE_SIZE_TO_USD_E6 = 10_000_000_000n;
/** Each of two marks is rounded once. */
const MARK_ROUNDING_E6 = 2n;
/** Phi's error in a mark that is floored at zero, as one part in this many of forward and strike. */
const FLOOR_ERROR_PARTS = 1_000_000_000n;
/** Strikes as percentages of the forward. */
const STRIKE_PERCENTS = [30n, 70n, 95n, 100n, 105n, 140n, 300n] as const;
/** Between these percentages neither side is worth nothing after a month. */
const NEAR_PERCENTS = { min: 95n, max: 105n } as const;
const MONTH_SECONDS = 30 * 86_400;

const position = (instrument: Instrument, sizeE8: bigint): bigint =>
  packPosition({ instrumentId: packInstrumentId(instrument), sizeE8 });

const bookOf = (positions: readonly bigint[], changes: Partial<ChainBook> = {}): ChainBook => ({
  cashE6: 0n,
  positions,
  collateral: [],
  ...changes,
});

/** Every kind at both ends of the strikes and sizes, on expiries with and without a smile, listed or not. */
function extremePositions(world: MarginWorld): readonly bigint[] {
  const posted = Number(world.observed[0]?.smiles[0]?.expiryHour ?? 0n) * 3_600;
  const expiries = [EXPIRED, posted, posted + UNPOSTED_DELAY_SECONDS];
  const options = (["call", "put"] as const).flatMap((kind) =>
    [1n, MAX_STRIKE_E8].map((strikeE8) => ({ kind, strikeE8 })),
  );
  const kinds: readonly { kind: InstrumentKind; strikeE8: bigint }[] = [
    ...options,
    { kind: "future", strikeE8: 0n },
  ];
  return [1, 2, UNLISTED_MARKET].flatMap((market) =>
    expiries.flatMap((expiry) =>
      kinds.flatMap((terms) =>
        [MAX_SIZE_E8, -MAX_SIZE_E8, 1n, -1n].map((sizeE8) => position({ market, expiry, ...terms }, sizeE8)),
      ),
    ),
  );
}

function extremeBooks(world: MarginWorld): readonly ChainBook[] {
  const positions = extremePositions(world);
  const full = positions.filter((_, index) => index % 2 === 0).slice(0, MAX_POSITIONS);
  return [
    ...positions.map((word) => bookOf([word])),
    bookOf(full),
    bookOf(full.toReversed(), { cashE6: -MAX_CASH_E6 }),
    bookOf([]),
    bookOf([], { cashE6: -1n }),
    bookOf([], { cashE6: MAX_CASH_E6, collateral: [{ market: 1, quantityE8: MAX_QUANTITY_E8 }] }),
    bookOf(full, { collateral: [{ market: UNLISTED_MARKET, quantityE8: MAX_QUANTITY_E8 }] }),
  ];
}

async function expectTotal(engine: Contract, book: ChainBook, name: string): Promise<void> {
  const models = [...MARGIN_MODELS.keys()];
  const margins = [await marginOf(engine, book)];
  for (const model of models) margins.push(await marginAs(engine, book, model));
  for (const { margin } of margins)
    expect(margin.initialE6 >= margin.maintenanceE6 && margin.maintenanceE6 >= 0n, name).to.equal(true);
  await engine.getFunction("surface").staticCall(book, 1);
  await engine.getFunction("markToMarketE6").staticCall(book.positions);
}

describe("limits of the margin on chain", () => {
  it("answers for every book that the house can hold, however extreme", async () => {
    const world = await openMarginWorld(601, { books: 0 });
    for (const [index, book] of extremeBooks(world).entries())
      await expectTotal(world.engine, book, `extreme book ${String(index)}`);
  });

  it("asks for nothing of an empty book without debt", async () => {
    const { engine } = await openMarginWorld(602, { books: 0 });
    const { margin } = await marginOf(engine, bookOf([], { cashE6: 5n }));
    expect([margin.equityE6, margin.initialE6, margin.maintenanceE6]).to.deep.equal([5n, 0n, 0n]);
  });

  it("marks a long call and a short put at the discounted forward less the strike", async () => {
    const { engine, observed, observedAt } = await openMarginWorld(603, { books: 0 });
    for (const { market, smiles } of observed)
      for (const smile of smiles) {
        const expiry = Number(smile.expiryHour) * 3_600;
        const forwardE8 = (market.spotE8 * smile.forwardRatioE8) / E8;
        for (const percent of STRIKE_PERCENTS) {
          const strikeE8 = (forwardE8 * percent) / 100n;
          const terms = { market: Number(market.market), expiry, strikeE8 };
          const markE6 = (await engine
            .getFunction("markToMarketE6")
            .staticCall([
              position({ ...terms, kind: "call" }, UNIT_E8),
              position({ ...terms, kind: "put" }, -UNIT_E8),
            ])) as bigint;
          const parityE6 =
            ((forwardE8 - strikeE8) * smile.discountE9 * UNIT_E8) / (E9 * PRICE_SIZE_TO_USD_E6);
          const near = percent >= NEAR_PERCENTS.min && percent <= NEAR_PERCENTS.max;
          const floored = !near || expiry < observedAt + MONTH_SECONDS;
          const floorE6 = floored ? (forwardE8 + strikeE8) / (100n * FLOOR_ERROR_PARTS) : 0n;
          const allowedE6 = MARK_ROUNDING_E6 + floorE6;
          const difference = markE6 - parityE6;
          expect(difference <= allowedE6 && -difference <= allowedE6, `${String(percent)} %`).to.equal(true);
        }
      }
  });
});

describe("margin on chain without a fresh report", () => {
  it("has no answer before the first report, and says so", async () => {
    const { ethers } = await network.create();
    const house = await deployMarginHouse(ethers, chainMarginParams(TEST_MARGIN_PARAMS), [1n, 2n]);
    const book = bookOf([]);
    const calls = [
      () => house.engine.getFunction("assess").staticCall(book),
      () => house.engine.getFunction("breakdown").staticCall(book),
      () => house.engine.getFunction("breakdownAs").staticCall(book, STATIC),
      () => house.engine.getFunction("surface").staticCall(book, 1),
      () => house.engine.getFunction("markE8").staticCall(1n),
      () => house.engine.getFunction("markToMarketE6").staticCall([]),
      () => house.engine.getFunction("requireFresh").staticCall(),
    ];
    for (const call of calls)
      await expect(call()).to.be.revertedWithCustomError(house.engine, "NoReport").withArgs();
  });

  it("refuses to be built on a table that is not the one its error bounds were proved for", async () => {
    const { ethers } = await network.create();
    const other = await ethers.deployContract("PriceGuard");
    const table = await ethers.deployContract("NormalCdfTable");
    const factory = await ethers.getContractFactory("MarginEngine");
    const built = factory.deploy(other, other, other, other);
    await expect(built)
      .to.be.revertedWithCustomError(factory, "WrongNormalTable")
      .withArgs(
        await other.getAddress(),
        keccak256((await other.getDeployedCode()) ?? "0x"),
        keccak256((await table.getDeployedCode()) ?? "0x"),
      );
  });

  it("allows more risk up to the age that governance set, and names both ages beyond it", async () => {
    const { engine, age } = await openMarginWorld(604, { books: 0 });
    const limit = TEST_MARGIN_PARAMS.riskIncreaseAgeSeconds;
    await age(limit);
    await engine.getFunction("requireFresh").staticCall();
    await age(limit + 1);
    await expect(engine.getFunction("requireFresh").staticCall())
      .to.be.revertedWithCustomError(engine, "ReportTooOld")
      .withArgs(limit + 1, limit);
  });

  it("falls back to the static model beyond the fallback age and not before", async () => {
    const { engine, books, age } = await openMarginWorld(605, { books: BOOKS });
    await age(TEST_MARGIN_PARAMS.fallbackAgeSeconds);
    for (const book of books) expect((await marginOf(engine, book)).fallbackToStatic).to.equal(false);
    await age(TEST_MARGIN_PARAMS.fallbackAgeSeconds + 1);
    for (const book of books) {
      const fallback = await marginOf(engine, book);
      expect(fallback.fallbackToStatic).to.equal(true);
      expect(fallback.staticLossE6 > 0n && fallback.tailLossE6 === 0n).to.equal(true);
      expect(fallback).to.deep.equal(await marginAs(engine, book, STATIC));
    }
  });
});
