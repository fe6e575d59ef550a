import { expect } from "chai";
import { Pauses } from "../../../../keeper/services/transactions/pauses.ts";

describe("pauses", () => {
  it("are twice as long each time, up to the bound, and short again after a reset", () => {
    const pauses = new Pauses(10, 25);
    expect(pauses.isDue(0)).to.equal(true);
    let nowMs = 100;
    for (const pauseMs of [10, 20, 25, 25]) {
      pauses.begin(nowMs);
      expect(pauses.isDue(nowMs + pauseMs - 1), `${pauseMs}`).to.equal(false);
      nowMs += pauseMs;
      expect(pauses.isDue(nowMs), `${pauseMs}`).to.equal(true);
    }
    pauses.begin(nowMs);
    pauses.reset();
    expect(pauses.isDue(nowMs)).to.equal(true);
    pauses.begin(nowMs);
    expect(pauses.isDue(nowMs + 10)).to.equal(true);
  });
});
