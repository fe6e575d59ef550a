import { expect } from "chai";
import fc from "fast-check";
import {
  effectPolicy,
  type FeePolicy,
  firstFees,
  MIN_REPLACEMENT_BUMP_BPS,
  replacementFees,
} from "../../../../keeper/core/transactions/fees.ts";

const POLICY: FeePolicy = {
  maxFeePerGasCapWei: 1_000n,
  maxPriorityFeePerGasCapWei: 600n,
  minPriorityFeeWei: 2n,
  replacementBumpBps: MIN_REPLACEMENT_BUMP_BPS,
};
const wei = (max: bigint) => fc.bigInt({ min: 0n, max });

describe("transaction fees", () => {
  it("offers the tip over twice the base fee", () => {
    expect(firstFees({ baseFeeWei: 100n, priorityFeeWei: 7n }, POLICY)).to.deep.equal({
      maxFeePerGasWei: 207n,
      maxPriorityFeePerGasWei: 7n,
    });
  });

  it("offers the least tip where the node suggests less", () => {
    expect(firstFees({ baseFeeWei: 0n, priorityFeeWei: 0n }, POLICY)).to.deep.equal({
      maxFeePerGasWei: 2n,
      maxPriorityFeePerGasWei: 2n,
    });
  });

  it("offers the cap while a block would still take it, and nothing once none would", () => {
    const market = { baseFeeWei: 1_000n, priorityFeeWei: 3n };
    expect(firstFees(market, POLICY)).to.deep.equal({ maxFeePerGasWei: 1_000n, maxPriorityFeePerGasWei: 3n });
    expect(firstFees({ ...market, baseFeeWei: 1_001n }, POLICY)).to.equal(null);
  });

  it("offers no more than the tip's own cap, whatever a node suggests", () => {
    const market = { baseFeeWei: 10n, priorityFeeWei: 5_000n };
    const fees = { maxFeePerGasWei: 620n, maxPriorityFeePerGasWei: 600n };
    expect(firstFees(market, POLICY)).to.deep.equal(fees);
    expect(firstFees(market, { ...POLICY, maxFeePerGasCapWei: 500n })).to.deep.equal({
      maxFeePerGasWei: 500n,
      maxPriorityFeePerGasWei: 500n,
    });
    const previous = { maxFeePerGasWei: 209n, maxPriorityFeePerGasWei: 9n };
    expect(replacementFees(previous, market, POLICY)).to.deep.equal(fees);
  });

  it("has no replacement whose tip would pass the tip's cap", () => {
    const market = { baseFeeWei: 100n, priorityFeeWei: 9n };
    const previous = (tipWei: bigint) => ({ maxFeePerGasWei: 800n, maxPriorityFeePerGasWei: tipWei });
    expect(replacementFees(previous(533n), market, POLICY)).to.deep.equal({
      maxFeePerGasWei: 900n,
      maxPriorityFeePerGasWei: 600n,
    });
    expect(replacementFees(previous(534n), market, POLICY)).to.equal(null);
  });

  it("raises both fees by an eighth, rounded up, when the market has not moved", () => {
    const previous = { maxFeePerGasWei: 209n, maxPriorityFeePerGasWei: 9n };
    expect(replacementFees(previous, { baseFeeWei: 100n, priorityFeeWei: 9n }, POLICY)).to.deep.equal({
      maxFeePerGasWei: 236n,
      maxPriorityFeePerGasWei: 11n,
    });
  });

  it("follows a market that rose by more", () => {
    const previous = { maxFeePerGasWei: 209n, maxPriorityFeePerGasWei: 9n };
    expect(replacementFees(previous, { baseFeeWei: 300n, priorityFeeWei: 20n }, POLICY)).to.deep.equal({
      maxFeePerGasWei: 620n,
      maxPriorityFeePerGasWei: 20n,
    });
  });

  it("has no replacement above the cap, nor below the base fee", () => {
    const market = { baseFeeWei: 100n, priorityFeeWei: 9n };
    expect(replacementFees({ maxFeePerGasWei: 889n, maxPriorityFeePerGasWei: 9n }, market, POLICY)).to.equal(
      null,
    );
    expect(
      replacementFees({ maxFeePerGasWei: 888n, maxPriorityFeePerGasWei: 9n }, market, POLICY),
    ).to.deep.equal({ maxFeePerGasWei: 999n, maxPriorityFeePerGasWei: 11n });
    const previous = { maxFeePerGasWei: 209n, maxPriorityFeePerGasWei: 9n };
    expect(replacementFees(previous, { ...market, baseFeeWei: 1_001n }, POLICY)).to.equal(null);
  });

  it("leaves an effect at its caps room for a cancellation, and not a wei more than that takes", () => {
    const market = fc.record({ baseFeeWei: wei(2_000n), priorityFeeWei: wei(2_000n) });
    const caps = fc.record({
      maxFeePerGasCapWei: wei(10n ** 12n),
      maxPriorityFeePerGasCapWei: wei(10n ** 12n),
    });
    fc.assert(
      fc.property(caps, market, (given, late) => {
        const policy = { ...POLICY, ...given };
        const reduced = effectPolicy(policy);
        const dearest = {
          maxFeePerGasWei: reduced.maxFeePerGasCapWei,
          maxPriorityFeePerGasWei: reduced.maxPriorityFeePerGasCapWei,
        };
        fc.pre(
          dearest.maxFeePerGasWei >= dearest.maxPriorityFeePerGasWei && dearest.maxPriorityFeePerGasWei > 0n,
        );
        fc.pre(given.maxFeePerGasCapWei >= late.baseFeeWei);
        expect(replacementFees(dearest, late, policy)).not.to.equal(null);
        const above = { ...dearest, maxFeePerGasWei: dearest.maxFeePerGasWei + 1n };
        expect(replacementFees(above, late, policy)).to.equal(null);
      }),
    );
  });

  it("always bumps by what the strictest node asks, keeps the tip within the fee and the fee within the cap", () => {
    const market = fc.record({ baseFeeWei: wei(2_000n), priorityFeeWei: wei(2_000n) });
    fc.assert(
      fc.property(market, market, (early, late) => {
        const first = firstFees(early, POLICY);
        if (first === null) return;
        const next = replacementFees(first, late, POLICY);
        if (next === null) return;
        expect(next.maxFeePerGasWei * 1_000n >= first.maxFeePerGasWei * 1_125n).to.be.true;
        expect(next.maxPriorityFeePerGasWei * 1_000n >= first.maxPriorityFeePerGasWei * 1_125n).to.be.true;
        expect(next.maxPriorityFeePerGasWei <= next.maxFeePerGasWei).to.be.true;
        expect(next.maxFeePerGasWei <= POLICY.maxFeePerGasCapWei).to.be.true;
        expect(next.maxPriorityFeePerGasWei <= POLICY.maxPriorityFeePerGasCapWei).to.be.true;
      }),
    );
  });
});
