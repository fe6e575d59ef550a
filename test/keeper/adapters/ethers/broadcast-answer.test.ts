import { expect } from "chai";
import { bestAnswer, broadcastAnswer } from "../../../../keeper/adapters/ethers/broadcast-answer.ts";
import type { BroadcastAnswer } from "../../../../keeper/ports/transaction-chain.ts";

/** What Geth, Nethermind, Erigon, Besu, Reth, OpenEthereum, Hardhat and Ethermint say to a signed transaction. */
const WORDING: Readonly<Record<BroadcastAnswer["kind"], readonly string[]>> = {
  taken: [
    "already known",
    "ALREADY_EXISTS: already known",
    "AlreadyKnown",
    "Known transaction",
    "existing tx with same hash",
    "INTERNAL_ERROR: existing tx with same hash",
    "Transaction with the same hash was already imported.",
    "tx already in mempool",
  ],
  "nonce-taken": [
    "nonce too low",
    "nonce too low: next nonce 5, tx nonce 4",
    "Transaction nonce is too low. Try incrementing the nonce.",
    "OldNonce",
    "invalid nonce; got 4, expected 5",
  ],
  underpriced: [
    "replacement transaction underpriced",
    "Replacement transaction underpriced",
    "could not replace existing tx",
    "INTERNAL_ERROR: could not replace existing tx",
    "ReplacementNotAllowed",
    "Transaction gas price supplied is too low: replacement transaction underpriced",
  ],
  unfunded: [
    "insufficient funds for gas * price + value",
    "InsufficientFunds",
    "Upfront cost exceeds account balance",
    "Sender doesn't have enough funds to send tx",
  ],
  rejected: [
    "txpool is full",
    "transaction underpriced: tip needed 1, tip permitted 0",
    "max fee per gas less than block base fee",
    "exceeds block gas limit",
    "intrinsic gas too low",
  ],
};

const answerTo = (message: string, data?: unknown) =>
  broadcastAnswer({ kind: "error", error: { code: -32_000, message, data } });

describe("answers to a signed transaction", () => {
  for (const [kind, messages] of Object.entries(WORDING))
    for (const message of messages)
      it(`takes "${message}" for ${kind}`, () => {
        expect(answerTo(message).kind).to.equal(kind);
      });

  it("takes a hash for taken, and so the revert of what was mined at once", () => {
    expect(broadcastAnswer({ kind: "result", value: "0x" })).to.deep.equal({ kind: "taken" });
    expect(answerTo("VM Exception", { data: "0xbad00001" })).to.deep.equal({ kind: "taken" });
  });

  it("keeps the reason of what is rejected", () => {
    expect(answerTo("txpool is full")).to.deep.equal({ kind: "rejected", reason: "txpool is full" });
  });

  it("lets the best answer count, and a price that is too low more than an empty account", () => {
    const best = (...messages: readonly string[]) =>
      bestAnswer(messages.map((message) => answerTo(message)))?.kind ?? null;
    expect(best()).to.equal(null);
    expect(best("txpool is full", "already known", "nonce too low")).to.equal("taken");
    expect(best("nonce too low", "ReplacementNotAllowed")).to.equal("underpriced");
    expect(best("txpool is full", "nonce too low")).to.equal("nonce-taken");
    expect(best("InsufficientFunds", "txpool is full")).to.equal("rejected");
  });
});
