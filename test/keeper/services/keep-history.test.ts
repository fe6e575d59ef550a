import { expect } from "chai";
import type { HistoryUpdate } from "../../../keeper/services/history-update.ts";
import { keepHistory } from "../../../keeper/services/keep-history.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const HOUR = 3_600;
const SECOND = 1_000;
const START = Date.UTC(2026, 5, 10, 6, 30) / 1_000;

const added = (changes: Partial<HistoryUpdate> = {}): HistoryUpdate => ({
  hours: 1,
  days: 0,
  lastHourSeconds: 0,
  lastDaySeconds: 0,
  isComplete: true,
  ...changes,
});

function keeping(update: (call: number) => Promise<HistoryUpdate>) {
  const time = virtualTime(START);
  const telemetry = recordingTelemetry();
  const stop = new AbortController();
  const calls: number[] = [];
  const done = keepHistory(
    {
      update: () => {
        calls.push(time.nowMs() / SECOND - START);
        return update(calls.length);
      },
      clock: time.clockAhead(0),
      timer: time.timer,
      telemetry,
    },
    stop.signal,
  );
  return { time, telemetry, stop, calls, done };
}

describe("keeping the history", () => {
  it("updates at once and two minutes after each hour", async () => {
    const { time, calls, telemetry } = keeping(() => Promise.resolve(added()));
    await time.run(2.6 * HOUR * SECOND);
    expect(calls).to.deep.equal([0, 1_920, 1_920 + HOUR, 1_920 + 2 * HOUR]);
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal(Array(4).fill("history-continued"));
  });

  it("tries again soon when an update fails or an hour is not shown yet", async () => {
    const { time, calls, telemetry } = keeping((call) =>
      call === 1
        ? Promise.reject(new Error("no connection"))
        : Promise.resolve(added({ hours: 0, isComplete: call > 2 })),
    );
    await time.run(0.5 * HOUR * SECOND);
    expect(calls).to.deep.equal([0, 120, 240]);
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal(["history-not-continued"]);
    expect(String(telemetry.lines[0]?.fields["reason"])).to.include("no connection");
  });

  it("ends when it is told to, and does not begin when it was told before", async () => {
    const { time, calls, stop, done } = keeping(() => Promise.resolve(added()));
    await time.run(0);
    stop.abort();
    await done;
    await time.run(5 * HOUR * SECOND);
    expect(calls).to.deep.equal([0]);
  });
});
