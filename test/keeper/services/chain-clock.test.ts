import { expect } from "chai";
import type { ChainBlock } from "../../../keeper/ports/oracle-chain.ts";
import type { Timer } from "../../../keeper/ports/timer.ts";
import { followChainClock } from "../../../keeper/services/chain-clock.ts";
import { hashOf } from "../../support/chain-facts.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";

const SOON_MS = 5;

describe("a clock that follows the chain", () => {
  it("goes on from the latest block at the machine's pace, jumps with the chain and survives a silent node", async () => {
    let elapsedMs = 0;
    let block: ChainBlock = { number: 1n, hash: hashOf("01"), timestampSeconds: 1_000 };
    let isAway = false;
    const stop = new AbortController();
    const timer: Timer = {
      nowMs: () => elapsedMs,
      sleep: (_ms, signal) =>
        new Promise((resolve, reject) => {
          setTimeout(() => {
            if (signal.aborted) reject(signal.reason as Error);
            else resolve();
          }, 1);
        }),
    };
    const telemetry = recordingTelemetry();
    const read = () => (isAway ? Promise.reject(new Error("away")) : Promise.resolve(block));
    const clock = await followChainClock(read, timer, telemetry, stop.signal);
    const soon = () => new Promise((resolve) => setTimeout(resolve, SOON_MS));
    expect(clock.nowSeconds()).to.equal(1_000);
    elapsedMs = 2_900;
    await soon();
    expect(clock.nowSeconds()).to.equal(1_002);
    expect(clock.nowMs()).to.equal(1_002_900);
    block = { number: 2n, hash: hashOf("02"), timestampSeconds: 90_000 };
    await soon();
    expect(clock.nowSeconds()).to.equal(90_000);
    isAway = true;
    elapsedMs += 1_000;
    await soon();
    expect(clock.nowSeconds()).to.equal(90_001);
    stop.abort(new Error("stopped"));
    await soon();
    expect(telemetry.lines.some(({ event }) => event === "chain-clock-not-read")).to.equal(true);
    expect(telemetry.lines.some(({ event }) => event === "chain-clock-stopped")).to.equal(false);
  });
});
