import { expect } from "chai";
import { loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import { loadEpisode } from "../../../../keeper/adapters/replay/episodes.ts";
import { fitSurface } from "../../../../keeper/core/surface/fit-surface.ts";
import { sliceVol } from "../../../../keeper/core/surface/svi.ts";
import { modelEpisode } from "../../../../keeper/adapters/replay/modelled-episode.ts";
import { PROJECT_ROOT } from "../../../../scripts/run-command.ts";

const DATA = `${PROJECT_ROOT}data`;
const recorded = loadEpisode(DATA, "2020-03");
const history = loadDailyHistory(DATA);
const modelled = modelEpisode(recorded, history);
const MIN_TENOR_SECONDS = 2 * 86_400;

describe("modelEpisode", () => {
  it("keeps every recorded spot and gives each snapshot option chains", () => {
    expect(modelled.episode.snapshots).to.have.length(recorded.snapshots.length);
    for (const [index, snapshot] of modelled.episode.snapshots.entries()) {
      expect(snapshot.spotUsd).to.equal(recorded.snapshots[index]?.spotUsd);
      expect(snapshot.expiries.length).to.be.at.least(4);
    }
  });

  it("quotes what the keepers' own fit gives back", () => {
    for (const snapshot of [modelled.episode.snapshots[0]!, modelled.episode.snapshots.at(-1)!]) {
      const quotes = snapshot.expiries.flatMap(({ expirySeconds, quotes: rows }) =>
        rows.map(({ kind, strikeUsd, bidUsd, askUsd }) => ({
          expirySeconds,
          kind,
          strike: strikeUsd,
          bid: bidUsd,
          ask: askUsd,
        })),
      );
      const { expiries } = fitSurface({ spot: snapshot.spotUsd, quotes }, snapshot.observedAtSeconds);
      for (const expiry of expiries) {
        if (expiry.expirySeconds - snapshot.observedAtSeconds < MIN_TENOR_SECONDS) continue;
        const listed = snapshot.expiries.find(({ expirySeconds }) => expirySeconds === expiry.expirySeconds);
        const nearest = listed?.quotes.reduce((best, quote) =>
          Math.abs(quote.strikeUsd - snapshot.spotUsd) < Math.abs(best.strikeUsd - snapshot.spotUsd)
            ? quote
            : best,
        );
        if (nearest?.venueVol === undefined || nearest.venueVol === null)
          throw new Error("no modelled volatility");
        const fitted = sliceVol(expiry.svi, Math.log(nearest.strikeUsd / expiry.forward), expiry.tauYears);
        expect(fitted / nearest.venueVol).to.be.closeTo(1, 0.02);
      }
    }
  });

  it("sees the crash in volatility only once it has happened", () => {
    const atTheMoney = (isoTime: string) => {
      const seconds = Date.parse(isoTime) / 1_000;
      const snapshot = modelled.episode.snapshots.find(
        (it) => it.market === "BTC" && it.observedAtSeconds === seconds,
      );
      const [expiry] = snapshot?.expiries.slice(-1) ?? [];
      const quote = expiry?.quotes.find(({ strikeUsd }) => strikeUsd >= (snapshot?.spotUsd ?? 0));
      return quote?.venueVol ?? 0;
    };
    const before = atTheMoney("2020-03-12T00:00:00Z");
    expect(before).to.be.within(0.3, 1.2);
    expect(atTheMoney("2020-03-13T12:00:00Z")).to.be.above(before * 1.2);
  });

  it("leaves recorded implied volatilities as they are and fills the others", () => {
    for (const [index, day] of modelled.history.days.entries()) {
      const original = history.days[index]!.markets.BTC.impliedVol;
      if (original === null) expect(day.markets.BTC.impliedVol?.vol).to.be.above(0);
      else expect(day.markets.BTC.impliedVol).to.deep.equal(original);
    }
  });
});
