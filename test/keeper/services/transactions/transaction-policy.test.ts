import { expect } from "chai";
import {
  DEFAULT_TRANSACTION_POLICY,
  requireUsable,
  transactionPolicy,
} from "../../../../keeper/services/transactions/transaction-policy.ts";

const GWEI = 1_000_000_000n;
const MAINNET = 1;
const LOCAL = 31_337;

describe("transaction policy", () => {
  it("is the default one on a public chain where nothing is chosen", () => {
    expect(transactionPolicy(MAINNET, {})).to.deep.equal(DEFAULT_TRANSACTION_POLICY);
  });

  it("expects no reorganisation on a local chain unless the operator chooses so", () => {
    expect(transactionPolicy(LOCAL, {})).to.include({ confirmations: 1n, finalityBlocks: 1n });
    const chosen = transactionPolicy(LOCAL, { confirmations: 2n, finalityBlocks: 12n });
    expect(chosen).to.include({ confirmations: 2n, finalityBlocks: 12n });
    expect(transactionPolicy(LOCAL, { finalityBlocks: 12n })).to.include({
      confirmations: 1n,
      finalityBlocks: 12n,
    });
  });

  it("takes every choice", () => {
    const choices = {
      maxFeePerGasCapWei: 9n * GWEI,
      maxPriorityFeePerGasCapWei: 2n * GWEI,
      replaceAfterBlocks: 7n,
      replaceAfterMs: 1,
      confirmations: 5n,
      finalityBlocks: 6n,
    };
    expect(transactionPolicy(MAINNET, choices)).to.deep.equal({ ...DEFAULT_TRANSACTION_POLICY, ...choices });
  });

  it("lets defaults yield to what is chosen, so that every choice alone is usable", () => {
    expect(transactionPolicy(MAINNET, { confirmations: 100n }).finalityBlocks).to.equal(100n);
    expect(transactionPolicy(LOCAL, { confirmations: 4n }).finalityBlocks).to.equal(4n);
    expect(transactionPolicy(MAINNET, { finalityBlocks: 1n }).confirmations).to.equal(1n);
    const frugal = transactionPolicy(MAINNET, { maxFeePerGasCapWei: GWEI });
    expect(frugal.maxPriorityFeePerGasCapWei).to.equal(GWEI);
    for (const choices of [{ confirmations: 100n }, { finalityBlocks: 1n }, { maxFeePerGasCapWei: 1n }])
      requireUsable(transactionPolicy(MAINNET, choices));
  });
});
