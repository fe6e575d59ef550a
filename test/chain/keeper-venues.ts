// A keeper process that reads live venues: real sockets to local servers that show one recorded moment.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openRecorded } from "../../keeper/adapters/replay/open-recorded.ts";
import { type KeeperProcess, startKeeperProcess } from "../../scripts/network/keeper-process.ts";
import { keeperFile } from "../support/keeper-file.ts";
import { DATA_FOLDER, EPISODE, openReplayChain, type ReplayChain } from "../support/replay-chain.ts";
import { serveReplayedVenues, SETTLEMENT_COIN_USD, type ReplayedVenues } from "../support/replayed-venues.ts";
import { runBallast } from "../support/run-ballast.ts";

const START_MS = 45_000;
const PRICE_UNITS = 1e8;
const BPS = 10_000;
const MS = 1_000;
/** Far more than a loaded machine delays a block. */
const MAX_AGE_SECONDS = 300;

describe("a keeper on live venues", function () {
  let chain: ReplayChain;
  let venues: ReplayedVenues;
  let keeper: KeeperProcess;
  const { replay } = openRecorded(DATA_FOLDER, EPISODE);
  const [moment = 0] = replay.snapshotTimes;
  const readyBody = async () => {
    const response = await fetch(`${keeper.url}/readyz`);
    return { status: response.status, text: await response.text() };
  };
  const write = (name: string, quorum: number): string => {
    const file = join(chain.folder, `${name}.json`);
    const maxAgeSeconds = { deribit: MAX_AGE_SECONDS, kraken: MAX_AGE_SECONDS, binance: MAX_AGE_SECONDS };
    const content = keeperFile({
      name,
      rpcUrls: [chain.url],
      clock: "chain",
      marketData: {
        kind: "venues",
        venues: ["deribit", "kraken", "binance"],
        quorum,
        maxAgeSeconds,
        origins: venues.origins,
        dataFolder: DATA_FOLDER,
        keepHistory: false,
      },
      http: { port: 0 },
    });
    writeFileSync(file, JSON.stringify(content));
    return file;
  };

  before(async () => {
    chain = await openReplayChain();
    const startMs = performance.now();
    const known = replay.at(moment + 1);
    venues = await serveReplayedVenues(
      { BTC: await known.latest("BTC"), ETH: await known.latest("ETH") },
      () => moment + (performance.now() - startMs) / MS,
    );
    keeper = await startKeeperProcess(write("live", 3), { args: ["--dry-run"] });
  });
  after(async () => {
    await keeper.stop("SIGKILL");
    await venues.close();
    await chain.close();
  });

  for (const [market, symbol] of [
    ["1", "BTC"],
    ["2", "ETH"],
  ] as const)
    it(`observes ${symbol} from three venues: spot, forecast and a fitted surface`, async () => {
      const line = await keeper.logged(
        "dry-run-observation",
        START_MS,
        (entry) => entry["market"] === market,
      );
      const { spotUsd } = await replay.at(moment + 1).latest(symbol);
      expect(Math.abs(Number(line["spotE8"]) / PRICE_UNITS / spotUsd - 1)).to.be.lessThan(1 / PRICE_UNITS);
      expect(Number(line["smiles"])).to.be.greaterThan(2);
      expect(line["pegBps"]).to.equal(Math.floor(Number(SETTLEMENT_COIN_USD) * BPS));
    });

  it("is ready, and is not once too few venues are left to agree", async () => {
    expect(await readyBody()).to.have.property("status", 200);
    venues.skewKraken(2);
    let body = await readyBody();
    while (body.status === 200) body = await readyBody();
    expect(body.status).to.equal(503);
    expect(body.text).to.include("2 of 3 needed sources agree").and.include("kraken outlying");
  });

  it("shows in its metrics which source counts", async () => {
    const metrics = await (await fetch(`${keeper.url}/metrics`)).text();
    expect(metrics)
      .to.include('ballast_keeper_source_accepted{market="BTC",source="deribit"} 1')
      .and.include('ballast_keeper_source_accepted{market="BTC",source="kraken"} 0')
      .and.include('ballast_keeper_source_age_seconds{market="ETH",source="binance"}');
  });

  it("refuses a quorum that its venues cannot make", async () => {
    const { code, out, err } = await runBallast(null, [
      "keeper",
      "doctor",
      "--dry-run",
      "--config",
      write("too-many", 4),
    ]);
    expect(code).to.equal(1);
    expect(out + err).to.include("marketData.quorum is 4 and there are 3 venues");
  });
});
