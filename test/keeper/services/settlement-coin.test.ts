import { expect } from "chai";
import { SettlementCoinUnknown } from "../../../keeper/ports/market-data.ts";
import { VenueError, type CoinPrice, type MarketSource } from "../../../keeper/ports/market-source.ts";
import { createSettlementCoin } from "../../../keeper/services/settlement-coin.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { bareSnapshot } from "../../support/market-data-double.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const NOW = 1_770_000_000;
const POLL_MS = 15_000;
const DAY_AND_HOUR = 90_000;

type Answer = () => Promise<CoinPrice>;

const source = (name: string, settlementCoin?: Answer): MarketSource => ({
  name,
  latest: (market) => Promise.resolve(bareSnapshot(market)),
  ...(settlementCoin === undefined ? {} : { settlementCoin }),
});
const shows = (usd: number, observedAtSeconds = NOW) => Promise.resolve({ usd, observedAtSeconds });

function watching(sources: readonly MarketSource[]) {
  const time = virtualTime(NOW);
  const telemetry = recordingTelemetry();
  const stop = new AbortController();
  const coin = createSettlementCoin(
    {
      rules: sources.map((each) => ({ source: each })),
      deadlineSeconds: 8,
      clock: time.clockAhead(0),
      timer: time.timer,
      telemetry,
    },
    stop.signal,
  );
  return { time, telemetry, stop, coin };
}

describe("the settlement coin", () => {
  it("is at par where no source shows it", async () => {
    expect(await watching([source("deribit")]).coin.priceUsd()).to.equal(1);
  });

  it("costs what the lowest of its young prices says", async () => {
    const { coin } = watching([
      source("kraken", () => shows(0.97)),
      source("chainlink", () => shows(0.98)),
      source("okx"),
    ]);
    expect(await coin.priceUsd()).to.equal(0.97);
  });

  it("is followed, and a price counts until its source has been silent for an hour", async () => {
    const answers: [Answer, Answer] = [() => shows(0.99), () => shows(1.001)];
    const { coin, time, telemetry } = watching([
      source("kraken", () => answers[0]()),
      source("chainlink", () => answers[1]()),
    ]);
    expect(await coin.priceUsd()).to.equal(0.99);
    answers[0] = () => shows(0.9);
    await time.run(POLL_MS);
    expect(await coin.priceUsd()).to.equal(0.9);
    answers[0] = () => Promise.reject(new VenueError("disconnected", "kraken", "closed"));
    await time.run(3_600_000);
    expect(await coin.priceUsd()).to.equal(0.9);
    await time.run(POLL_MS);
    expect(await coin.priceUsd()).to.equal(1.001);
    expect(telemetry.lines.map(({ event }) => event)).to.include("settlement-coin-not-shown");
  });

  it("takes a feed that spoke a day and an hour ago, and none that is older", async () => {
    const { coin } = watching([source("chainlink", () => shows(0.99, NOW - DAY_AND_HOUR))]);
    expect(await coin.priceUsd()).to.equal(0.99);
    const late = watching([
      source("chainlink", () => shows(0.99, NOW - DAY_AND_HOUR - 1)),
      source("kraken", () => Promise.reject(new Error("no answer"))),
    ]);
    const error: unknown = await late.coin.priceUsd().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(SettlementCoinUnknown);
    expect(String(error)).to.include("chainlink and kraken");
  });

  it("waits for the first answers, and for a silent source until its deadline", async () => {
    const { coin, time } = watching([
      source("kraken", () => new Promise(() => undefined)),
      source("chainlink", () => shows(0.995)),
    ]);
    const state = { usd: 0 };
    void coin.priceUsd().then((usd) => (state.usd = usd));
    await time.run(7_900);
    expect(state.usd).to.equal(0);
    await time.run(200);
    expect(state.usd).to.equal(0.995);
  });

  it("is asked for no more once it is stopped", async () => {
    let asked = 0;
    const { coin, time, stop } = watching([
      source("kraken", () => {
        asked++;
        return shows(1);
      }),
    ]);
    await coin.priceUsd();
    stop.abort();
    await time.run(10 * POLL_MS);
    expect(asked).to.equal(1);
  });
});
