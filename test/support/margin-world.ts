// A margin house that holds a random world, and further engines on the same oracle and scenarios under other parameters.
import type { Contract, Result } from "ethers";
import { network } from "hardhat";
import type { ChainBook } from "../../keeper/core/margin/decode.ts";
import type { MarginParams } from "../../keeper/core/margin/types.ts";
import type { MarketObservation } from "../../keeper/core/report/quantise.ts";
import { chainMarginParams, chainScenarios } from "./chain-margin.ts";
import { deployMarginHouse, type ScenarioInput } from "./margin-house.ts";
import { TEST_MARGIN_PARAMS } from "./margin-params.ts";
import { RANDOM_MARKETS } from "./random-books.ts";
import { randomCases, randomWorld } from "./random-margin-cases.ts";

/** The breakdown's numbers, as the contract answers them. */
export interface ChainMargin {
  readonly margin: { readonly equityE6: bigint; readonly initialE6: bigint; readonly maintenanceE6: bigint };
  readonly markToMarketE6: bigint;
  readonly collateralE6: bigint;
  readonly grossNotionalE6: bigint;
  readonly staticLossE6: bigint;
  readonly jointTailLossE6: bigint;
  readonly tailLossE6: bigint;
  readonly stressLossE6: bigint;
  readonly shortMinimumE6: bigint;
  readonly basisE6: bigint;
  readonly stalenessE6: bigint;
  readonly fallbackToStatic: boolean;
}

export interface MarginWorld {
  readonly engine: Contract;
  readonly observedAt: number;
  readonly observed: readonly MarketObservation[];
  readonly books: readonly ChainBook[];
  /** An engine under other parameters, on the same report and scenarios. */
  readonly engineUnder: (params: MarginParams) => Promise<Contract>;
  /** Moves the chain to this age of the report. */
  readonly age: (seconds: number) => Promise<void>;
}

export interface WorldOptions {
  readonly books: number;
  /** Every scenario counts once, so that a tail holds the same number of scenarios for every book. */
  readonly equalWeights?: boolean;
}

const MARKETS = RANDOM_MARKETS.map(({ market }) => BigInt(market));

/** A struct that a contract answers, as arrays that another call takes. */
async function answerOf(contract: Contract, name: string): Promise<readonly unknown[]> {
  const answer = (await contract.getFunction(name).staticCall()) as Result;
  return answer.toArray(true) as unknown[];
}

/** Deploys a house, reports and publishes the world of the seed. */
export async function openMarginWorld(seed: number, options: WorldOptions): Promise<MarginWorld> {
  const { ethers, networkHelpers } = await network.create();
  const [owner] = await ethers.getSigners();
  const house = await deployMarginHouse(ethers, chainMarginParams(TEST_MARGIN_PARAMS), MARKETS);
  const observedAt = await networkHelpers.time.latest();
  const world = randomWorld(seed, { observedAt, now: observedAt });
  if (world.context.scenarios === undefined) throw new Error("a random world has scenarios");
  const reportedAt = await house.report(world.observed.map(({ market, smiles }) => ({ ...market, smiles })));
  if (Number(reportedAt) !== observedAt) throw new Error("the report is not of the block it was made for");
  const scenarios: readonly ScenarioInput[] = chainScenarios(world.context.scenarios);
  const weighted = options.equalWeights === true ? scenarios.map((s) => ({ ...s, weight: 1 })) : scenarios;
  await house.publish(MARKETS, weighted);
  const others = [
    await answerOf(house.config, "oracleParams"),
    await answerOf(house.config, "liquidationParams"),
  ];
  return {
    engine: house.engine,
    observedAt,
    observed: world.observed,
    books: randomCases(world, seed + 1, options.books).map(({ chainBook }) => chainBook),
    engineUnder: async (params) => {
      const config = await ethers.deployContract("RiskConfig", [
        owner?.address,
        chainMarginParams(params),
        ...others,
      ]);
      const inputs = [config, house.oracle, house.store, house.normalTable];
      return (await ethers.deployContract("MarginEngine", inputs)) as unknown as Contract;
    },
    age: (seconds) => networkHelpers.time.increaseTo(observedAt + seconds),
  };
}

export async function marginOf(engine: Contract, book: ChainBook): Promise<ChainMargin> {
  return (await engine.getFunction("breakdown").staticCall(book)) as ChainMargin;
}

/** The margin as if every market used the model of this index. */
export async function marginAs(engine: Contract, book: ChainBook, model: number): Promise<ChainMargin> {
  return (await engine.getFunction("breakdownAs").staticCall(book, model)) as ChainMargin;
}
