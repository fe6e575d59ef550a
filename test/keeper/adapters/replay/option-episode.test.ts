import { statSync } from "node:fs";
import { expect } from "chai";

import { EPISODES, isEpisodeId, loadEpisode } from "../../../../keeper/adapters/replay/episodes.ts";
import type { Episode } from "../../../../keeper/adapters/replay/episodes.ts";
import { MARKETS } from "../../../../keeper/ports/market-data.ts";
import type { MarketSnapshot } from "../../../../keeper/ports/market-data.ts";
import { DATA_FOLDER } from "./support.ts";

const SNAPSHOTS = 47;
const LARGEST_FILE_BYTES = 400_000;
const MOST_LIVE_EXPIRIES = 6;
const FEWEST_LIVE_EXPIRIES = 4;
const SEVEN_HOURS_SECONDS = 7 * 3_600;
const LONGEST_STEP_SECONDS = 2 * SEVEN_HOURS_SECONDS;

/** BTC-13FEB26-88000-C and -P as recorded at 2026-01-29T04:22:27Z, premiums in coin. */
const RECORDED = {
  strikeUsd: 88_000,
  forwardUsd: 87_952.33,
  callBidCoin: 0.028,
  callAskCoin: 0.029,
  putBidCoin: 0.029,
  putAskCoin: 0.0295,
  vol: 0.3554,
  openInterest: [356.9, 732.8],
};

const seconds = (iso: string): number => Date.parse(iso) / 1000;

describe("the option episode 2026-02", () => {
  let episode: Episode;
  before(() => {
    episode = loadEpisode(DATA_FOLDER, "2026-02");
  });

  const ofMarket = (market: string): readonly MarketSnapshot[] =>
    episode.snapshots.filter((snapshot) => snapshot.market === market);

  it("is listed among the episodes as recorded chains", () => {
    expect(EPISODES.find(({ id }) => id === "2026-02")?.kind).to.equal("option-chain");
    expect(episode.kind).to.equal("option-chain");
    expect(isEpisodeId("2026-02")).to.equal(true);
    expect(isEpisodeId("2026-03")).to.equal(false);
  });

  it("stays small", () => {
    for (const { file } of EPISODES)
      expect(statSync(`${DATA_FOLDER}/${file}`).size).to.be.below(LARGEST_FILE_BYTES);
  });

  it("holds every snapshot of the span in both markets, in rising order", () => {
    for (const market of MARKETS) {
      const times = ofMarket(market).map((snapshot) => snapshot.observedAtSeconds);
      expect(times).to.have.length(SNAPSHOTS);
      expect(times[0]).to.equal(seconds("2026-01-29T04:22:27Z"));
      expect(times.at(-1)).to.equal(seconds("2026-02-09T21:38:30Z"));
      times.slice(1).forEach((time, index) => {
        expect(time - (times[index] ?? Number.NaN)).to.be.within(1, LONGEST_STEP_SECONDS);
      });
    }
  });

  it("shows the fall of both markets", () => {
    const spots = (market: string): readonly number[] => ofMarket(market).map((snapshot) => snapshot.spotUsd);
    expect(Math.min(...spots("BTC"))).to.be.within(63_700, 64_000);
    expect(Math.max(...spots("BTC"))).to.be.within(87_800, 87_900);
    expect(Math.min(...spots("ETH"))).to.be.within(1_865, 1_890);
    expect(Math.max(...spots("ETH"))).to.be.within(2_940, 2_950);
  });

  it("keeps live expiries only, rising, with a forward near spot", () => {
    for (const snapshot of episode.snapshots) {
      const expiries = snapshot.expiries.map((expiry) => expiry.expirySeconds);
      expect(expiries.length).to.be.within(FEWEST_LIVE_EXPIRIES, MOST_LIVE_EXPIRIES);
      expect(expiries).to.deep.equal([...new Set(expiries)].sort((a, b) => a - b));
      expect(expiries[0]).to.be.above(snapshot.observedAtSeconds);
      for (const { forwardUsd } of snapshot.expiries)
        expect((forwardUsd ?? 0) / snapshot.spotUsd).to.be.within(0.999, 1.02);
      expect((snapshot.expiries[0]?.forwardUsd ?? 0) / snapshot.spotUsd).to.be.within(0.999, 1.001);
    }
  });

  it("settles four expiries of each market inside the span", () => {
    const last = seconds("2026-02-09T21:38:30Z");
    for (const market of MARKETS) {
      const expiries = new Set(
        ofMarket(market).flatMap((snapshot) => snapshot.expiries.map(({ expirySeconds }) => expirySeconds)),
      );
      expect(expiries.size).to.equal(8);
      expect([...expiries].filter((expiry) => expiry <= last)).to.deep.equal([
        seconds("2026-01-30T08:00:00Z"),
        seconds("2026-02-06T08:00:00Z"),
        seconds("2026-02-03T08:00:00Z"),
        seconds("2026-02-09T08:00:00Z"),
      ]);
    }
  });

  it("never loses a strike once it is listed", () => {
    for (const market of MARKETS) {
      const seen = new Map<number, ReadonlySet<number>>();
      for (const { expiries } of ofMarket(market)) {
        for (const { expirySeconds, quotes } of expiries) {
          const strikes = new Set(quotes.map((quote) => quote.strikeUsd));
          for (const strike of seen.get(expirySeconds) ?? []) expect(strikes.has(strike)).to.equal(true);
          seen.set(expirySeconds, strikes);
        }
      }
    }
  });

  it("has call and put of each strike, by strike, uncrossed and within sane bounds", () => {
    for (const { spotUsd, expiries } of episode.snapshots) {
      for (const { quotes } of expiries) {
        quotes.forEach((quote, index) => {
          expect(quote.kind).to.equal(index % 2 === 0 ? "call" : "put");
          expect(quote.strikeUsd / spotUsd).to.be.within(0.3, 4);
          if (index > 1) expect(quote.strikeUsd).to.be.above(quotes[index - 2]?.strikeUsd ?? 0);
          if (quote.bidUsd !== null && quote.askUsd !== null)
            expect(quote.bidUsd).to.be.at.most(quote.askUsd);
          const cap = Math.max(spotUsd, quote.strikeUsd);
          if (quote.bidUsd !== null) expect(quote.bidUsd / cap).to.be.within(1e-5, 1);
          if (quote.askUsd !== null && quote.bidUsd !== null)
            expect(quote.askUsd / cap).to.be.within(1e-5, 1);
          expect(quote.venueVol).to.be.within(0.2, 4);
          expect(quote.openInterest).to.be.within(0, 200_000);
        });
      }
    }
  });

  it("keeps the quotes of the stressed hours as they were: missing bids and one offer above any value", () => {
    const quotes = episode.snapshots.flatMap(({ expiries }) => expiries.flatMap((expiry) => expiry.quotes));
    expect(quotes).to.have.length(19_222);
    expect(quotes.filter((quote) => quote.bidUsd === null)).to.have.length(998);
    expect(quotes.filter((quote) => quote.askUsd === null)).to.have.length(472);
    const absurd = quotes.filter(
      (quote) => (quote.askUsd ?? 0) > 2 * quote.strikeUsd && quote.kind === "put",
    );
    expect(absurd.map((quote) => [quote.strikeUsd, quote.bidUsd])).to.deep.equal([[98_000, null]]);
  });

  it("states premiums as present values: put-call parity holds with discount spot over forward", () => {
    let pairs = 0;
    for (const { spotUsd, expiries } of episode.snapshots) {
      for (const { forwardUsd, quotes } of expiries) {
        for (let at = 0; at + 1 < quotes.length; at += 2) {
          const [call, put] = [quotes[at], quotes[at + 1]];
          if (!call?.bidUsd || !call.askUsd || !put?.bidUsd || !put.askUsd || forwardUsd === null) continue;
          if (Math.abs(call.strikeUsd / forwardUsd - 1) > 0.05) continue;
          const parity = (spotUsd / forwardUsd) * (forwardUsd - call.strikeUsd);
          const slack = 0.0005 * spotUsd;
          expect(parity).to.be.within(call.bidUsd - put.askUsd - slack, call.askUsd - put.bidUsd + slack);
          pairs += 1;
        }
      }
    }
    expect(pairs).to.be.above(1_000);
  });

  it("reproduces recorded figures", () => {
    const first = ofMarket("BTC")[0];
    const weekly = first?.expiries.find(
      ({ expirySeconds }) => expirySeconds === seconds("2026-02-13T08:00:00Z"),
    );
    const [call, put] = weekly?.quotes.filter(({ strikeUsd }) => strikeUsd === RECORDED.strikeUsd) ?? [];
    const spotUsd = first?.spotUsd ?? 0;
    expect(weekly?.forwardUsd).to.equal(RECORDED.forwardUsd);
    expect(call?.bidUsd).to.be.closeTo(RECORDED.callBidCoin * spotUsd, 1e-6);
    expect(call?.askUsd).to.be.closeTo(RECORDED.callAskCoin * spotUsd, 1e-6);
    expect(put?.bidUsd).to.be.closeTo(RECORDED.putBidCoin * spotUsd, 1e-6);
    expect(put?.askUsd).to.be.closeTo(RECORDED.putAskCoin * spotUsd, 1e-6);
    expect(call?.venueVol).to.equal(RECORDED.vol);
    expect([call?.openInterest, put?.openInterest]).to.deep.equal(RECORDED.openInterest);
  });
});
