import { expect } from "chai";
import { createRateLimiter } from "../../../../keeper/adapters/wire/token-bucket.ts";

const RATES = {
  messages: { burst: 3, perSecond: 2 },
  bytes: { burst: 1_000, perSecond: 100 },
};

function limiter() {
  let nowMs = 5_000;
  const limits = createRateLimiter(RATES, () => nowMs);
  return {
    admit: (byteLength: number) => limits.admit(byteLength),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const count = (admit: () => boolean, attempts: number) =>
  Array.from({ length: attempts }, admit).filter(Boolean).length;

describe("the limit on what a peer sends", () => {
  it("lets a burst pass, then the rate, then no more than the burst after a pause", () => {
    const { admit, pass } = limiter();
    expect(count(() => admit(1), 10)).to.equal(3);
    pass(500);
    expect(count(() => admit(1), 10)).to.equal(1);
    pass(60_000);
    expect(count(() => admit(1), 10)).to.equal(3);
  });

  it("limits bytes too, and a message that may not pass takes nothing", () => {
    const { admit, pass } = limiter();
    expect(admit(900)).to.equal(true);
    expect(count(() => admit(200), 5)).to.equal(0);
    expect(admit(100)).to.equal(true);
    pass(1_000);
    expect(admit(101)).to.equal(false);
    expect(admit(100)).to.equal(true);
  });

  it("gives nothing when the clock goes back", () => {
    const { admit, pass } = limiter();
    count(() => admit(1), 3);
    pass(-4_000);
    expect(admit(1)).to.equal(false);
    pass(4_000);
    expect(admit(1)).to.equal(false);
    pass(500);
    expect(admit(1)).to.equal(true);
  });
});
