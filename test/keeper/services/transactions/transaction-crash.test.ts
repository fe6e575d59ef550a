// A process that ends at any durable write, or at any message to a node, and another that goes on from its log.
import { expect } from "chai";
import type { BroadcastAnswer, TransactionChain } from "../../../../keeper/ports/transaction-chain.ts";
import type { TransactionLog } from "../../../../keeper/ports/transaction-log.ts";
import { DEFAULT_TRANSACTION_POLICY } from "../../../../keeper/services/transactions/transaction-policy.ts";
import { createTransactionSender } from "../../../../keeper/services/transactions/transaction-sender.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import {
  Crash,
  crashingLog,
  emptyLog,
  fakeChain,
  fakeTimer,
  request,
  SENDER,
  type FakeChain,
} from "../../../support/transaction-doubles.ts";

const CHAIN_ID = 31_337n;
/** Intent, two attempts, and the end. */
const DURABLE_WRITES = 4;

const crashOf = async (promise: Promise<unknown>): Promise<void> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error, "the process should have ended").to.be.instanceOf(Crash);
};

/** A process on the given chain and log. `stuckSleeps`: how long no block takes the transaction, so that it is replaced once. */
function startProcess(fake: FakeChain, log: TransactionLog, chain: TransactionChain, stuckSleeps: number) {
  const timer = fakeTimer();
  timer.meanwhile = (sleeps) => {
    fake.settings.isMining = sleeps > stuckSleeps;
    fake.mine();
  };
  fake.settings.isMining = stuckSleeps === 0;
  return createTransactionSender({
    chain,
    log,
    timer,
    telemetry: recordingTelemetry(),
    policy: {
      ...DEFAULT_TRANSACTION_POLICY,
      confirmations: 2n,
      finalityBlocks: 2n,
      replaceAfterBlocks: 3n,
      replaceAfterMs: 0,
    },
    signal: new AbortController().signal,
  });
}

const STUCK_SLEEPS = 5;

/** What the world does between the crash and the restart. */
const MEANWHILE: Readonly<Record<string, (fake: FakeChain) => void>> = {
  "nothing happens": () => undefined,
  "the transaction is mined": (fake) => {
    fake.settings.isMining = true;
    fake.mine(5);
  },
  "the pool forgets": (fake) => {
    fake.emptyPool();
  },
  "it is mined and falls out": (fake) => {
    fake.settings.isMining = true;
    fake.mine(2);
    fake.reorganise(2, "lost");
  },
};

/** A chain whose process ends at the first message to a node, before or after the node has it. */
function crashingChain(inner: TransactionChain, moment: "before" | "after"): TransactionChain {
  return {
    ...inner,
    broadcast: async (raw): Promise<BroadcastAnswer> => {
      if (moment === "after") await inner.broadcast(raw);
      throw new Crash();
    },
  };
}

describe("transaction sender after a crash", () => {
  for (const [event, happen] of Object.entries(MEANWHILE)) {
    for (const moment of ["before", "after"] as const) {
      for (let write = 1; write <= DURABLE_WRITES; write++) {
        it(`does the effect once: ended ${moment} durable write ${write}, then ${event}`, async () => {
          const fake = fakeChain();
          const durable = emptyLog();
          const { log } = crashingLog(durable, write, moment);
          await crashOf(startProcess(fake, log, fake.chain, STUCK_SLEEPS).send(request(1)));
          happen(fake);
          const restarted = startProcess(fake, durable, fake.chain, 0);
          await restarted.resume();
          expect(await durable.openTransactions(CHAIN_ID, SENDER)).to.deep.equal([]);
          // The service above asks again, because it never heard of the end.
          expect((await restarted.send(request(1))).kind).to.equal("mined");
          expect(fake.effects()).to.have.length(1);
          expect((await restarted.send(request(2))).kind).to.equal("mined");
          expect(fake.effects()).to.have.length(2);
        });
      }
      it(`does the effect once: ended ${moment} a node had it, then ${event}`, async () => {
        const fake = fakeChain();
        const durable = emptyLog();
        await crashOf(startProcess(fake, durable, crashingChain(fake.chain, moment), 0).send(request(1)));
        happen(fake);
        const restarted = startProcess(fake, durable, fake.chain, 0);
        await restarted.resume();
        expect(fake.effects()).to.have.length(1);
        expect((await restarted.send(request(1))).kind).to.equal("mined");
        expect(fake.effects()).to.have.length(1);
      });
    }
  }

  it("writes exactly the intent, each attempt and the end", async () => {
    const fake = fakeChain();
    const { log, writes } = crashingLog(emptyLog(), Infinity, "after");
    await startProcess(fake, log, fake.chain, STUCK_SLEEPS).send(request(1));
    expect(writes()).to.equal(DURABLE_WRITES);
  });

  it("never shows a node what the log does not hold", async () => {
    const fake = fakeChain();
    const durable = emptyLog();
    const chain: TransactionChain = {
      ...fake.chain,
      broadcast: async (raw) => {
        const [record] = await durable.openTransactions(CHAIN_ID, SENDER);
        expect(record?.attempts.map((attempt) => attempt.raw)).to.include(raw);
        return fake.chain.broadcast(raw);
      },
    };
    await startProcess(fake, durable, chain, STUCK_SLEEPS).send(request(1));
    expect(fake.broadcasts).to.have.length(2);
  });

  it("gives an intent for which nothing was signed the next free nonce", async () => {
    const fake = fakeChain();
    const durable = emptyLog();
    const { log } = crashingLog(durable, 1, "after");
    await crashOf(startProcess(fake, log, fake.chain, 0).send(request(1)));
    fake.strangerTakesNonce();
    const restarted = startProcess(fake, durable, fake.chain, 0);
    await restarted.resume();
    expect(fake.effects()).to.deep.equal([request(1).data]);
  });

  it("lets go of an intent that the contract refuses by now", async () => {
    const fake = fakeChain();
    const durable = emptyLog();
    const { log } = crashingLog(durable, 1, "after");
    await crashOf(startProcess(fake, log, fake.chain, 0).send(request(1)));
    fake.settings.refuses = () => "0xbad00001";
    await startProcess(fake, durable, fake.chain, 0).resume();
    expect(await durable.openTransactions(CHAIN_ID, SENDER)).to.deep.equal([]);
    expect(fake.broadcasts).to.deep.equal([]);
  });
});
