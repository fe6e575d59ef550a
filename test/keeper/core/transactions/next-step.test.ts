import { expect } from "chai";
import { type FollowPolicy, type Look, nextStep } from "../../../../keeper/core/transactions/next-step.ts";

const POLICY: FollowPolicy = {
  maxFeePerGasCapWei: 1_000n,
  maxPriorityFeePerGasCapWei: 1_000n,
  minPriorityFeeWei: 1n,
  replacementBumpBps: 1_250n,
  confirmations: 3n,
  replaceAfterBlocks: 2n,
  replaceAfterMs: 5_000,
};
const FEES = { maxFeePerGasWei: 208n, maxPriorityFeePerGasWei: 8n };
const WAITING: Look = {
  nonce: 5,
  lastFees: FEES,
  inclusion: null,
  headNumber: 100n,
  confirmedNonce: 5,
  settledNonce: 5,
  isKnown: true,
  isUnderpriced: false,
  isUnfunded: false,
  waitedBlocks: 0n,
  waitedMs: 0,
  market: { baseFeeWei: 100n, priorityFeeWei: 8n },
};
const step = (changed: Partial<Look>) => nextStep({ ...WAITING, ...changed }, POLICY);

describe("next step of a transaction", () => {
  it("signs the first attempt at the market's fees", () => {
    expect(step({ lastFees: null, isKnown: false })).to.deep.equal({
      kind: "attempt",
      fees: FEES,
      reason: "first",
    });
  });

  it("waits while a node holds it and it is not late", () => {
    expect(step({})).to.deep.equal({ kind: "wait", depth: 0n });
  });

  it("sends it again when no node holds it", () => {
    expect(step({ isKnown: false })).to.deep.equal({ kind: "rebroadcast" });
  });

  it("replaces it only when both the blocks and the time have passed", () => {
    expect(step({ waitedBlocks: 1n, waitedMs: 5_000 }).kind).to.equal("wait");
    expect(step({ waitedBlocks: 2n, waitedMs: 4_999 }).kind).to.equal("wait");
    expect(step({ waitedBlocks: 2n, waitedMs: 5_000 })).to.deep.equal({
      kind: "attempt",
      fees: { maxFeePerGasWei: 234n, maxPriorityFeePerGasWei: 9n },
      reason: "stuck",
    });
  });

  it("pays no more for what the account cannot pay for as it is", () => {
    const late = { waitedBlocks: 9n, waitedMs: 9_000, isUnfunded: true };
    expect(step({ ...late, isKnown: false })).to.deep.equal({ kind: "rebroadcast" });
    expect(step({ ...late, isKnown: true }).kind).to.equal("wait");
  });

  it("goes no further while a lower nonce is free, signed or not, late or not", () => {
    const late = { waitedBlocks: 9n, waitedMs: 9_000, isKnown: false };
    for (const lastFees of [null, FEES])
      for (const changed of [{}, late, { isUnderpriced: true }])
        expect(step({ confirmedNonce: 4, settledNonce: 4, lastFees, ...changed })).to.deep.equal({
          kind: "blocked",
        });
    const inclusion = { blockNumber: 99n };
    expect(step({ confirmedNonce: 4, settledNonce: 4, inclusion }).kind).to.equal("wait");
  });

  it("outbids at once what a node holds under the nonce", () => {
    expect(step({ isUnderpriced: true, isKnown: false })).to.include({
      kind: "attempt",
      reason: "underpriced",
    });
  });

  it("waits at the cap, before the first attempt and after", () => {
    const market = { baseFeeWei: 1_001n, priorityFeeWei: 8n };
    expect(step({ lastFees: null, isKnown: false, market })).to.deep.equal({
      kind: "capped",
      isKnown: false,
    });
    const lastFees = { maxFeePerGasWei: 900n, maxPriorityFeePerGasWei: 8n };
    expect(step({ lastFees, waitedBlocks: 9n, waitedMs: 9_000 })).to.deep.equal({
      kind: "capped",
      isKnown: true,
    });
  });

  it("counts the including block as the first confirmation", () => {
    const inclusion = { blockNumber: 99n };
    const seen = { inclusion, confirmedNonce: 6 };
    expect(step({ ...seen, headNumber: 99n })).to.deep.equal({ kind: "wait", depth: 1n });
    expect(step({ ...seen, headNumber: 100n })).to.deep.equal({ kind: "wait", depth: 2n });
    expect(step({ ...seen, headNumber: 101n })).to.deep.equal({ kind: "confirmed", depth: 3n });
  });

  it("takes a head behind the inclusion for a lagging node's", () => {
    expect(step({ inclusion: { blockNumber: 99n }, headNumber: 90n })).to.deep.equal({
      kind: "wait",
      depth: 1n,
    });
  });

  it("is superseded only when the nonce is spent as deep as a confirmation", () => {
    expect(step({ confirmedNonce: 6 })).to.deep.equal({ kind: "wait", depth: 0n });
    expect(step({ confirmedNonce: 6, settledNonce: 6 })).to.deep.equal({ kind: "superseded" });
  });
});
