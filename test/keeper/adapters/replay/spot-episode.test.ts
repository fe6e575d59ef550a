import { expect } from "chai";

import { loadEpisode } from "../../../../keeper/adapters/replay/episodes.ts";
import { MARKETS } from "../../../../keeper/ports/market-data.ts";
import { DATA_FOLDER } from "./support.ts";

const HOURS = 216;
const HOUR_SECONDS = 3_600;

describe("the spot episode 2020-03", () => {
  const episode = loadEpisode(DATA_FOLDER, "2020-03");

  it("holds every hour of 8 to 16 March 2020 in both markets, known at the hour's end", () => {
    const firstHourEnds = Date.parse("2020-03-08T01:00:00Z") / 1000;
    expect(episode.kind).to.equal("spot-only");
    for (const market of MARKETS) {
      const times = episode.snapshots.filter((s) => s.market === market).map((s) => s.observedAtSeconds);
      expect(times).to.deep.equal(
        Array.from({ length: HOURS }, (_, hour) => firstHourEnds + hour * HOUR_SECONDS),
      );
    }
  });

  it("has prices only: no quotes, no open interest, no depth", () => {
    for (const snapshot of episode.snapshots) {
      expect(snapshot.expiries).to.deep.equal([]);
      expect(snapshot.openInterestUsd).to.equal(null);
      expect(snapshot.depthUsd).to.equal(null);
      expect(snapshot.spotLowUsd).to.be.above(0).and.at.most(snapshot.spotUsd);
    }
  });

  it("shows the lows and the closes of the crash", () => {
    const low = (market: string): number =>
      Math.min(
        ...episode.snapshots.filter((s) => s.market === market).map((s) => s.spotLowUsd ?? Number.NaN),
      );
    expect(low("BTC")).to.equal(3_782.13);
    expect(low("ETH")).to.equal(86);
    const dayEnd = Date.parse("2020-03-13T00:00:00Z") / 1000;
    const close = (market: string): number | undefined =>
      episode.snapshots.find((s) => s.market === market && s.observedAtSeconds === dayEnd)?.spotUsd;
    expect(close("BTC")).to.equal(4_800);
    expect(close("ETH")).to.equal(107.82);
  });
});
