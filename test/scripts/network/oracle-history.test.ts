import { expect } from "chai";
import { openRecorded } from "../../../keeper/adapters/replay/open-recorded.ts";
import { NO_ACCOUNT_ROOT } from "../../../keeper/core/report/account-root.ts";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import type { MarketsView } from "../../../keeper/core/report/aggregate.ts";
import type { LastReport } from "../../../keeper/ports/oracle-chain.ts";
import { createHourlyForecaster } from "../../../keeper/services/hourly-forecast.ts";
import { observe } from "../../../keeper/services/observe.ts";
import { findOutsideRecomputed } from "../../../scripts/network/oracle-history.ts";
import { writeMovedMarket } from "../../../scripts/network/moved-market.ts";
import { PROJECT_ROOT } from "../../../scripts/run-command.ts";
import { oracleDouble } from "../../support/keeper-doubles.ts";
import { withFolder } from "../../support/keeper-file.ts";
import { storedOf } from "../../support/recorded-observer.ts";

const START = Date.UTC(2026, 10, 30, 6) / 1_000;
const LISTINGS = [
  { market: 1, symbol: "BTC" },
  { market: 2, symbol: "ETH" },
] as const;
const ROUND = { epoch: 3n, round: 70, observedAt: START + 31 };
const HASH = `0x${"00".repeat(32)}` as const;
const EMPTY: LastReport["markets"] = new Map();
const stateOf = (round: number, markets: LastReport["markets"]): LastReport => ({
  header: { epoch: 3n, round, observedAtSeconds: START + round - 60 },
  markets,
});

/** The second snapshot comes half a minute after the first, and three seconds later for the second keeper. */
const marketOf = (lagSeconds: number, priceFactor = 1) =>
  withFolder((folder) => {
    const market = {
      dataFolder: `${PROJECT_ROOT}data`,
      episode: "2026-02",
      snapshots: [0, 1],
      startSeconds: START,
      stepSeconds: 30,
      endSeconds: START + 60,
    } as const;
    writeMovedMarket(folder, market, { lagSeconds, priceFactor });
    return openRecorded(folder, "2026-02").replay;
  });

describe("what honest keepers could observe", () => {
  const { chain } = oracleDouble([], [1, 2]);
  const history = { chain, states: [stateOf(69, EMPTY)] };
  const replays = async () => [await marketOf(0), await marketOf(3)];
  const observedIn = async (
    replay: Awaited<ReturnType<typeof marketOf>>,
    state: LastReport = stateOf(69, EMPTY),
  ): Promise<MarketsView> =>
    observe(
      {
        listings: LISTINGS,
        marketData: replay.at(ROUND.observedAt),
        maxDataAgeSeconds: 120,
        chain: { ...chain, lastReport: () => Promise.resolve(state) },
        hourlyForecaster: createHourlyForecaster(),
      },
      ROUND.observedAt,
    );
  const outside = async (observation: MarketsView, states = history.states) => {
    const honest = { listings: LISTINGS, replays: await replays() };
    const head = { configDigest: HASH, blockNumber: 1n, blockHash: HASH, accountRoot: HASH };
    const report = {
      ...ROUND,
      ...head,
      ...aggregateObservations([{ ...observation, accountRoot: NO_ACCOUNT_ROOT }]),
    };
    return findOutsideRecomputed({ chain, states }, honest, [{ hash: HASH, report }]);
  };

  it("is what each of them saw, though they saw different snapshots", async () => {
    for (const replay of await replays()) expect(await outside(await observedIn(replay))).to.deep.equal([]);
  });

  it("is nothing that lies beyond: a tenth of a percent shows", async () => {
    const lines = await outside(await observedIn(await marketOf(0, 1.001)));
    expect(lines.filter((line) => line.includes("spot"))).to.have.length(1 + 1);
  });

  it("is by the states of the oracle before the round, not by one at it", async () => {
    const honest = await observedIn(await marketOf(0));
    expect(await outside(honest, [stateOf(70, EMPTY)])).not.to.deep.equal([]);
    expect(await outside(honest, [stateOf(60, EMPTY), stateOf(70, EMPTY)])).to.deep.equal([]);
  });

  it("is by each of these states, however often reorganisations showed older ones afterwards", async () => {
    const replay = await marketOf(0);
    const first = await observedIn(replay);
    const newest = stateOf(69, storedOf(first, 110n));
    const observed = await observedIn(replay, newest);
    expect(observed.markets[0]?.market.sigmaE9).not.to.equal(first.markets[0]?.market.sigmaE9);
    const older = [60, 61, 60, 61, 60, 61, 60, 61].map((round) => stateOf(round, EMPTY));
    expect(await outside(observed, older)).not.to.deep.equal([]);
    expect(await outside(observed, [newest, ...older])).to.deep.equal([]);
  });
});
