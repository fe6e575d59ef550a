import { expect } from "chai";
import { bytesOf, messageLimits } from "../../../../keeper/adapters/wire/message-limits.ts";
import { createRateLimiter } from "../../../../keeper/adapters/wire/token-bucket.ts";

const LIMITS = {
  ...messageLimits(4, { resendMs: 1_000, graceMs: 150 }),
  wish: { burst: 3, perSecond: 2, maxBytes: 100 },
};

function limiter() {
  let nowMs = 5_000;
  const limits = createRateLimiter(
    () => LIMITS,
    () => nowMs,
  );
  return {
    admit: () => limits.admit("wish"),
    limits,
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
    expect(count(admit, 10)).to.equal(3);
    pass(500);
    expect(count(admit, 10)).to.equal(1);
    pass(60_000);
    expect(count(admit, 10)).to.equal(3);
  });

  it("counts each kind for itself", () => {
    const { admit, limits } = limiter();
    count(admit, 10);
    expect(limits.admit("final")).to.equal(true);
    expect(admit()).to.equal(false);
  });

  it("follows limits that change", () => {
    let burst = 1;
    const limits = createRateLimiter(
      () => ({ ...LIMITS, wish: { burst, perSecond: 0, maxBytes: 1 } }),
      () => 0,
    );
    expect(count(() => limits.admit("wish"), 5)).to.equal(1);
    burst = 2;
    expect(count(() => limits.admit("catch-up"), 5)).to.equal(LIMITS["catch-up"].burst);
  });

  it("asks for a pause once more bytes came than all messages may take, as long as they take", () => {
    const { limits, pass } = limiter();
    const { burst, perSecond } = bytesOf(LIMITS);
    expect(limits.chargeBytes(burst)).to.equal(0);
    expect(limits.chargeBytes(perSecond)).to.be.closeTo(1_000, 1e-6);
    pass(1_500);
    expect(limits.chargeBytes(perSecond)).to.be.closeTo(500, 1e-6);
  });

  it("gives nothing when the clock goes back", () => {
    const { admit, pass } = limiter();
    count(admit, 3);
    pass(-4_000);
    expect(admit()).to.equal(false);
    pass(4_000);
    expect(admit()).to.equal(false);
    pass(500);
    expect(admit()).to.equal(true);
  });
});
