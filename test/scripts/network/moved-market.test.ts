import { expect } from "chai";
import { openRecorded } from "../../../keeper/adapters/replay/open-recorded.ts";
import type { Replay } from "../../../keeper/adapters/replay/replay.ts";
import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import { framesOf, writeMovedMarket, type MarketView } from "../../../scripts/network/moved-market.ts";
import { PROJECT_ROOT } from "../../../scripts/run-command.ts";
import { withFolder } from "../../support/keeper-file.ts";

const DATA_FOLDER = `${PROJECT_ROOT}data`;
const START = Date.UTC(2026, 10, 30, 6) / 1_000;
const MARKET = {
  dataFolder: DATA_FOLDER,
  episode: "2026-02",
  snapshots: [4, 7],
  startSeconds: START,
  stepSeconds: 30,
  endSeconds: START + 75,
} as const;

const moved = (view?: MarketView): Promise<Replay> =>
  withFolder((folder) => {
    writeMovedMarket(folder, MARKET, view);
    return openRecorded(folder, "2026-02").replay;
  });

describe("a recorded market moved to now", () => {
  const recorded = openRecorded(DATA_FOLDER, "2026-02").replay;
  const recordedAt = (snapshot: number) => recorded.at(recorded.snapshotTimes[snapshot] ?? 0);

  it("shows the chosen snapshots in turn, a step apart, until the end", async () => {
    const replay = await moved();
    expect(replay.snapshotTimes).to.deep.equal([START, START + 30, START + 60]);
    for (const [step, snapshot] of [
      [0, 4],
      [1, 7],
      [2, 4],
    ] as const) {
      const shown = await replay.at(START + 30 * step).latest("ETH");
      const { spotUsd, expiries } = await recordedAt(snapshot).latest("ETH");
      expect(shown.spotUsd).to.equal(spotUsd);
      expect(shown.expiries.map(({ quotes }) => quotes)).to.deep.equal(expiries.map(({ quotes }) => quotes));
    }
  });

  it("moves expiries and history by one whole number of days, so that nothing of the future is known", async () => {
    const replay = await moved();
    const [then, now] = [await recordedAt(4).latest("BTC"), await replay.at(START).latest("BTC")];
    const shifts = now.expiries.map(
      ({ expirySeconds }, index) => expirySeconds - (then.expiries[index]?.expirySeconds ?? 0),
    );
    const [shift = 0] = shifts;
    expect(shifts).to.deep.equal(shifts.map(() => shift));
    expect(shift % SECONDS_PER_DAY).to.equal(0);
    const { days } = await replay.at(START).history();
    const known = (await recorded.at(START - shift).history()).days;
    expect(days).to.have.length(known.length);
    expect(days.at(-1)?.observedAtSeconds).to.equal((known.at(-1)?.observedAtSeconds ?? 0) + shift);
    expect(START - (days.at(-1)?.observedAtSeconds ?? 0)).to.be.within(0, 2 * SECONDS_PER_DAY);
  });

  it("shows one keeper everything later, and to a liar other prices", async () => {
    const late = await moved({ lagSeconds: 3, priceFactor: 1 });
    expect(late.snapshotTimes).to.deep.equal([START + 3, START + 33, START + 63]);
    const bent = await moved({ lagSeconds: 0, priceFactor: 1.01 });
    const { spotUsd } = await recordedAt(4).latest("BTC");
    expect((await bent.at(START).latest("BTC")).spotUsd / spotUsd).to.be.closeTo(1.01, 1e-6);
  });

  it("refuses a snapshot that was not recorded", () => {
    expect(() => framesOf({ ...MARKET, snapshots: [2] }, [1, 2])).to.throw(
      "there is no snapshot 2, the last is 1",
    );
  });
});
