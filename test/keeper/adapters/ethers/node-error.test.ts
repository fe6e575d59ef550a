import { expect } from "chai";
import { isAnswer, isUnfunded, revertDataOf } from "../../../../keeper/adapters/ethers/node-error.ts";

/** Codes and words with which nodes and providers say that they cannot tell. */
const TROUBLES: readonly (readonly [number, string])[] = [
  [429, "Your app has exceeded its compute units per second capacity"],
  [-32_005, "limit exceeded"],
  [-32_002, "resource unavailable"],
  [-32_603, "internal error"],
  [-32_016, "over rate limit"],
  [-32_007, "100/second request limit reached"],
  [-32_097, "Too many requests"],
  [-32_046, "Cannot fulfill request"],
  [-32_601, "the method eth_getBalance does not exist/is not available"],
  [-32_602, "block not found"],
  [-32_000, "header not found"],
  [-32_000, "missing trie node 1a2b (path ) state 0x1a2b is not available"],
  [-32_000, "Unknown block"],
  [-32_001, "block number out of range"],
  [-32_000, "historical state is not available"],
];

/** What is the chain's own word. */
const ANSWERS: readonly (readonly [number, string, unknown?])[] = [
  [3, "execution reverted", "0xbad00001"],
  [3, "EpochRoundNotRising"],
  [-32_603, "Internal error", "0xbad00001"],
  [-32_603, "VM Exception while processing transaction", { data: "0xbad00001" }],
  [-32_015, "VM execution error.", "0xbad00001"],
  [-32_000, "execution reverted: too old"],
  [-32_000, "VM Exception while processing transaction: reverted with custom error"],
  [-32_000, "out of gas"],
  [-32_000, "gas required exceeds allowance (30000000)"],
  [-32_000, "invalid opcode: INVALID"],
  [-32_000, "insufficient funds for gas * price + value"],
];

describe("errors of nodes", () => {
  for (const [code, message] of TROUBLES)
    it(`takes ${code} ${message} for a node that cannot tell`, () => {
      expect(isAnswer({ code, message, data: undefined })).to.equal(false);
    });

  for (const [code, message, data] of ANSWERS)
    it(`takes ${code} ${message} (${JSON.stringify(data ?? null)}) for an answer`, () => {
      expect(isAnswer({ code, message, data })).to.equal(true);
    });

  it("knows an empty account in the words of several programs", () => {
    for (const message of [
      "insufficient funds for gas * price + value: balance 0, tx cost 1",
      "InsufficientFunds, Account balance: 0, cumulative cost: 1",
      "Upfront cost exceeds account balance",
      "Sender doesn't have enough funds to send tx",
      "gas required exceeds allowance (0)",
    ])
      expect(isUnfunded({ message }), message).to.equal(true);
    for (const message of ["gas required exceeds allowance (50000000)", "txpool is full"])
      expect(isUnfunded({ message }), message).to.equal(false);
  });

  it("finds revert data where nodes put them", () => {
    expect(revertDataOf("0xbad00001")).to.equal("0xbad00001");
    expect(revertDataOf({ data: "0xbad00001" })).to.equal("0xbad00001");
    expect(revertDataOf({ data: { data: "0xbad00001" } })).to.equal("0xbad00001");
    for (const none of [undefined, null, "Reverted 0xbad0", "0xbad", {}, { txHash: "0xbad0" }])
      expect(revertDataOf(none), JSON.stringify(none)).to.equal(null);
  });
});
