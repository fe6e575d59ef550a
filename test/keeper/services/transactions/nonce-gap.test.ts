import { expect } from "chai";
import type { TransactionChain } from "../../../../keeper/ports/transaction-chain.ts";
import { isFiller, NonceGap } from "../../../../keeper/services/transactions/nonce-gap.ts";
import { DEFAULT_TRANSACTION_POLICY } from "../../../../keeper/services/transactions/transaction-policy.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { emptyLog, fakeChain, request, SENDER } from "../../../support/transaction-doubles.ts";

const POLICY = { ...DEFAULT_TRANSACTION_POLICY, replaceAfterBlocks: 3n, replaceAfterMs: 12_000 };

function openGap() {
  const at = { confirmedNonce: 4, headNumber: 100n, ms: 0 };
  const { chain: inner } = fakeChain();
  const chain: TransactionChain = {
    ...inner,
    state: async (confirmations) => ({ ...(await inner.state(confirmations)), ...at }),
  };
  const log = emptyLog();
  const timer = { nowMs: () => at.ms, sleep: () => Promise.resolve() };
  const gap = new NonceGap({ chain, log, timer, telemetry: recordingTelemetry(), policy: POLICY });
  const pass = (blocks: bigint, ms: number) => {
    at.headNumber += blocks;
    at.ms += ms;
  };
  return { at, gap, log, pass };
}

describe("a gap of nonces", () => {
  it("is filled at its lowest nonce once both the blocks and the time have passed", async () => {
    const { gap, pass } = openGap();
    expect(await gap.fillerBelow(6)).to.equal(null);
    pass(2n, 12_000);
    expect(await gap.fillerBelow(6)).to.equal(null);
    pass(1n, -1);
    expect(await gap.fillerBelow(6)).to.equal(null);
    pass(0n, 1);
    const filler = await gap.fillerBelow(6);
    expect(filler).to.include({ nonce: 4, to: SENDER, data: "0x", gasLimit: 21_000n });
    expect(filler !== null && isFiller(filler)).to.equal(true);
    expect(filler?.attempts).to.deep.equal([]);
  });

  it("is none when the nonce is the next one, or belongs to an open transaction", async () => {
    const { gap, log, pass } = openGap();
    const record = {
      ...request(1),
      chainId: 31_337n,
      from: SENDER,
      nonce: 4,
      gasLimit: 1n,
      attempts: [],
    };
    expect(isFiller(record)).to.equal(false);
    await log.saveTransaction(record);
    for (const nonce of [4, 4, 5, 5]) {
      expect(await gap.fillerBelow(nonce)).to.equal(null);
      pass(9n, 90_000);
    }
  });

  it("waits anew when it was closed in between, and for each nonce", async () => {
    const { at, gap, pass } = openGap();
    await gap.fillerBelow(6);
    pass(9n, 90_000);
    at.confirmedNonce = 6;
    expect(await gap.fillerBelow(6)).to.equal(null);
    at.confirmedNonce = 4;
    expect(await gap.fillerBelow(6)).to.equal(null);
    pass(9n, 90_000);
    at.confirmedNonce = 5;
    expect(await gap.fillerBelow(6)).to.equal(null);
    pass(9n, 90_000);
    expect((await gap.fillerBelow(6))?.nonce).to.equal(5);
  });
});
