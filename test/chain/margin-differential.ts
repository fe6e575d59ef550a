import { expect } from "chai";
import { decodeBytes32String, type Contract } from "ethers";
import { network } from "hardhat";
import { assess, assessAs, type MarginContext } from "../../keeper/core/margin/margin.ts";
import { MARGIN_MODELS, type MarginBreakdown } from "../../keeper/core/margin/types.ts";
import type { ChainBook } from "../../keeper/core/margin/decode.ts";
import { SECONDS_PER_HOUR } from "../../keeper/core/report/market-state.ts";
import { chainMarginParams, chainScenarios } from "../support/chain-margin.ts";
import { deployMarginHouse } from "../support/margin-house.ts";
import { TEST_MARGIN_PARAMS } from "../support/margin-params.ts";
import type { ChainMargin } from "../support/margin-world.ts";
import { RANDOM_MARKETS } from "../support/random-books.ts";
import { randomCases, randomWorld, type RandomCase } from "../support/random-margin-cases.ts";

/** The bar: contract and twin differ by at most this share of gross notional. */
const MAX_DIFFERENCE = 1e-6;
/** Amounts on chain are rounded to 1e-6 USD, several of them in a sum. */
const ROUNDING_USD = 1e-5;
const USD_E6 = 1e6;
const WORLDS = 10;
const BOOKS_PER_WORLD = 100;
const BOOKS_PER_MODEL = 25;
const AGES_HOURS = [0, 0.5, 2, 6, 23, 25] as const;
const BPS = 10_000;
/** Prices of the settlement coin: at par, at the threshold of the charge, a basis point below it, and far below it. */
const PEGS_BPS = [10_000, 9_950, 9_949, 9_300] as const;

interface House {
  readonly engine: Contract;
  readonly context: MarginContext;
  readonly cases: readonly RandomCase[];
}

/** The engine on its real inputs, with a random report of the given age and a random scenario set, on a chain of its own. */
async function openHouse(seed: number, ageSeconds: number, books: number, pegBps: number): Promise<House> {
  const { ethers, networkHelpers } = await network.create();
  const markets = RANDOM_MARKETS.map(({ market }) => BigInt(market));
  const house = await deployMarginHouse(ethers, chainMarginParams(TEST_MARGIN_PARAMS), markets);
  const observedAt = await networkHelpers.time.latest();
  const setUp = randomWorld(seed, { observedAt, now: observedAt });
  if (setUp.context.scenarios === undefined) throw new Error("a random world has scenarios");
  const reportedAt = await house.report(
    setUp.observed.map(({ market, smiles }) => ({ ...market, smiles })),
    pegBps,
  );
  expect(Number(reportedAt)).to.equal(observedAt);
  await house.publish(markets, chainScenarios(setUp.context.scenarios));
  const latest = await networkHelpers.time.latest();
  const now = Math.max(latest + 1, observedAt + ageSeconds);
  await networkHelpers.time.increaseTo(now);
  const world = randomWorld(seed, { observedAt, now });
  const context = { ...world.context, report: { ...world.context.report, peg: pegBps / BPS } };
  return { engine: house.engine, context, cases: randomCases(world, seed + 1, books) };
}

async function chainBreakdown(engine: Contract, book: ChainBook, model?: number): Promise<ChainBreakdown> {
  const breakdown: unknown =
    model === undefined
      ? await engine.getFunction("breakdown").staticCall(book)
      : await engine.getFunction("breakdownAs").staticCall(book, model);
  return breakdown as ChainBreakdown;
}

interface ChainBreakdown extends ChainMargin {
  readonly concentrationE6: bigint;
  readonly confidenceE6: bigint;
  readonly pegE6: bigint;
  readonly worstStress: string;
}

type Amounts = Readonly<Record<string, readonly [chainE6: bigint, twinUsd: number]>>;

function amounts(chain: ChainBreakdown, twin: MarginBreakdown): Amounts {
  return {
    initial: [chain.margin.initialE6, twin.initial],
    maintenance: [chain.margin.maintenanceE6, twin.maintenance],
    equity: [chain.margin.equityE6, twin.equity],
    markToMarket: [chain.markToMarketE6, twin.markToMarket],
    collateral: [chain.collateralE6, twin.collateral],
    grossNotional: [chain.grossNotionalE6, twin.grossNotional],
    staticLoss: [chain.staticLossE6, twin.staticLoss],
    jointTailLoss: [chain.jointTailLossE6, twin.jointTailLoss],
    tailLoss: [chain.tailLossE6, twin.tailLoss],
    stressLoss: [chain.stressLossE6, twin.stressLoss],
    shortMinimum: [chain.shortMinimumE6, twin.shortMinimum],
    basis: [chain.basisE6, twin.basis],
    concentration: [chain.concentrationE6, twin.concentration],
    staleness: [chain.stalenessE6, twin.staleness],
    confidence: [chain.confidenceE6, twin.confidence],
    peg: [chain.pegE6, twin.peg],
  };
}

/** The components that differ by more than the bar, named with both values. */
function differences(chain: ChainBreakdown, twin: MarginBreakdown): readonly string[] {
  const allowed = MAX_DIFFERENCE * twin.grossNotional + ROUNDING_USD;
  return Object.entries(amounts(chain, twin))
    .filter(([, [chainE6, twinUsd]]) => Math.abs(Number(chainE6) / USD_E6 - twinUsd) > allowed)
    .map(
      ([name, [chainE6, twinUsd]]) =>
        `${name}: ${String(Number(chainE6) / USD_E6)} on chain, ${String(twinUsd)}`,
    );
}

async function compareBooks({ engine, context, cases }: House, model?: number): Promise<void> {
  const forced = model === undefined ? undefined : MARGIN_MODELS[model];
  for (const [index, { book, chainBook, style }] of cases.entries()) {
    const chain = await chainBreakdown(engine, chainBook, model);
    const twin = forced === undefined ? assess(book, context) : assessAs(book, context, forced);
    expect(differences(chain, twin), `${style} book ${String(index)}`).to.deep.equal([]);
    const charged = context.report.peg * BPS < context.params.pegThresholdBps && twin.grossNotional > 0;
    expect(chain.pegE6 > 0n, "the peg charge").to.equal(charged);
    expect(chain.fallbackToStatic).to.equal(twin.fallbackToStatic);
    if (twin.worstStress !== undefined)
      expect(decodeBytes32String(chain.worstStress)).to.equal(twin.worstStress);
  }
}

describe("margin on chain against its float64 twin", () => {
  for (let seed = 0; seed < WORLDS; seed++) {
    const hours = AGES_HOURS[seed % AGES_HOURS.length] ?? 0;
    const pegBps = PEGS_BPS[seed % PEGS_BPS.length] ?? BPS;
    const books = String(BOOKS_PER_WORLD);
    it(`agrees on ${books} two-market books of world ${String(seed)}, ${String(hours)} h after its report, the coin at ${String(pegBps)} bps`, async () => {
      await compareBooks(await openHouse(1_000 * seed, hours * SECONDS_PER_HOUR, BOOKS_PER_WORLD, pegBps));
    });
  }

  it("agrees under every single model", async () => {
    const house = await openHouse(77, SECONDS_PER_HOUR, BOOKS_PER_MODEL, PEGS_BPS[3]);
    for (const model of MARGIN_MODELS.keys()) await compareBooks(house, model);
  });
});
