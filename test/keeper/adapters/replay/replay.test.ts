import { expect } from "chai";

import { loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import { EPISODES, loadEpisode } from "../../../../keeper/adapters/replay/episodes.ts";
import { openReplay } from "../../../../keeper/adapters/replay/replay.ts";
import { MARKETS, MarketDataUnavailable } from "../../../../keeper/ports/market-data.ts";
import type { DailyHistory, MarketData, MarketSnapshot } from "../../../../keeper/ports/market-data.ts";
import { DATA_FOLDER } from "./support.ts";

const history = loadDailyHistory(DATA_FOLDER);

const scrambled = (snapshot: MarketSnapshot): MarketSnapshot => ({
  ...snapshot,
  spotUsd: snapshot.spotUsd * 7,
  spotLowUsd: 1,
  expiries: [],
  openInterestUsd: 0,
});

const view = async (data: MarketData): Promise<unknown> => [
  await data.history(),
  ...(await Promise.all(MARKETS.map((market) => data.latest(market)))),
  ...MARKETS.map((market) => data.lastKnown(market)),
  data.lastDaySeconds(),
];

for (const { id } of EPISODES) {
  describe(`the replay of ${id}`, () => {
    const episode = loadEpisode(DATA_FOLDER, id);
    const replay = openReplay(episode, history);

    it("names each moment once, rising", () => {
      expect(replay.snapshotTimes).to.have.length(episode.snapshots.length / MARKETS.length);
      expect(replay.snapshotTimes).to.deep.equal([...replay.snapshotTimes].sort((a, b) => a - b));
    });

    it("shows a snapshot from its second on, and no sooner", async () => {
      const [first = 0, second = 0] = replay.snapshotTimes;
      for (const market of MARKETS) {
        expect((await replay.at(second).latest(market)).observedAtSeconds).to.equal(second);
        expect((await replay.at(second - 1).latest(market)).observedAtSeconds).to.equal(first);
        expect((await replay.at(second).latest(market)).market).to.equal(market);
      }
    });

    it("shows a day of the history from its second on, and no sooner", async () => {
      const now = replay.snapshotTimes.at(-1) ?? 0;
      const lastDay = history.days.findLast((day) => day.observedAtSeconds <= now);
      const at = lastDay?.observedAtSeconds ?? 0;
      expect((await replay.at(at).history()).days.at(-1)).to.deep.equal(lastDay);
      expect((await replay.at(at - 1).history()).days.at(-1)?.observedAtSeconds).to.be.below(at);
    });

    it("does not change at any moment when everything later is scrambled", async () => {
      for (const now of replay.snapshotTimes.filter((_, index) => index % 9 === 0)) {
        const later = openReplay(
          {
            ...episode,
            snapshots: episode.snapshots.map((s) => (s.observedAtSeconds > now ? scrambled(s) : s)),
          },
          scrambleAfter(now),
        );
        expect(await view(later.at(now))).to.deep.equal(await view(replay.at(now)));
      }
    });

    it("has no hours: the project's extract is of days", async () => {
      for (const market of MARKETS)
        expect(await replay.at(replay.snapshotTimes[0] ?? 0).hours(market)).to.equal(null);
    });

    it("throws a typed error before the first snapshot", async () => {
      const now = (replay.snapshotTimes[0] ?? 0) - 1;
      for (const market of MARKETS) {
        const error: unknown = await replay
          .at(now)
          .latest(market)
          .catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(MarketDataUnavailable);
        expect(error).to.include({ code: "market-data-unavailable", market, nowSeconds: now });
      }
    });
  });
}

function scrambleAfter(now: number): DailyHistory {
  return {
    days: history.days.map((day) =>
      day.observedAtSeconds > now
        ? {
            ...day,
            markets: { BTC: { closeUsd: 1, impliedVol: null }, ETH: { closeUsd: 1, impliedVol: null } },
          }
        : day,
    ),
  };
}
