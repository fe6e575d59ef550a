import { expect } from "chai";
import {
  NodesDisagree,
  TransactionRefused,
  type TransactionRequest,
  TransactionSuperseded,
} from "../../../../keeper/ports/transaction-sender.ts";
import { DONE_SELECTOR, refusesRepeats, request, SENDER } from "../../../support/transaction-doubles.ts";
import { openTransactionWorld } from "../../../support/transaction-world.ts";

const GWEI = 1_000_000_000n;

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );

describe("transaction sender", () => {
  it("resolves once the effect is as deep as asked", async () => {
    const world = openTransactionWorld();
    const sent = await world.sender.send(request(1));
    expect(sent).to.include({ kind: "mined", blockNumber: 1n, gasUsed: 100_000n });
    expect((await world.chain.state(1n)).headNumber).to.equal(3n);
    expect(world.effects()).to.deep.equal([request(1).data]);
    expect(await world.open()).to.deep.equal([]);
  });

  it("does not send what the contract refuses", async () => {
    const world = openTransactionWorld();
    world.settings.refuses = () => "0xbad00001";
    const error = await failure(world.sender.send(request(1)));
    expect(error).to.be.instanceOf(TransactionRefused).with.property("revertData", "0xbad00001");
    expect(world.broadcasts).to.deep.equal([]);
    expect(await world.open()).to.deep.equal([]);
  });

  it("counts a refusal that says the effect is there as success", async () => {
    const world = openTransactionWorld();
    world.settings.refuses = () => `${DONE_SELECTOR}0000` as const;
    expect(await world.sender.send(request(1))).to.deep.equal({ kind: "already-done" });
    expect(world.broadcasts).to.deep.equal([]);
  });

  it("keeps one transaction in flight", async () => {
    const world = openTransactionWorld();
    let most = 0;
    world.timer.meanwhile = () => {
      most = Math.max(most, world.pool.size);
      world.mine();
    };
    await Promise.all([1, 2, 3].map((effect) => world.sender.send(request(effect))));
    expect(most).to.equal(1);
    expect(world.effects()).to.deep.equal([1, 2, 3].map((effect) => request(effect).data));
  });

  it("goes on after a refused transaction", async () => {
    const world = openTransactionWorld();
    world.settings.refuses = (data) => (data === request(1).data ? "0xbad00001" : null);
    const first = failure(world.sender.send(request(1)));
    const second = world.sender.send(request(2));
    expect(await first).to.be.instanceOf(TransactionRefused);
    expect((await second).kind).to.equal("mined");
  });

  it("does one effect once, however often it is asked for", async () => {
    const world = openTransactionWorld();
    const [first, again] = await Promise.all([world.sender.send(request(1)), world.sender.send(request(1))]);
    expect(again).to.deep.equal(first);
    expect(world.effects()).to.have.length(1);
  });

  it("replaces a stuck transaction under the same nonce, an eighth dearer each time", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      world.settings.isMining = sleeps > 8;
      world.mine();
    };
    await world.sender.send(request(1));
    expect(world.broadcasts.length).to.be.greaterThan(2);
    expect(world.effects()).to.have.length(1);
    const signed = world.events("transaction-signed").map(({ fields }) => fields);
    expect(new Set(signed.map(({ nonce }) => nonce))).to.deep.equal(new Set([0]));
    const fees = signed.map(({ maxFeePerGasWei }) => maxFeePerGasWei as bigint);
    for (const [i, fee] of fees.slice(1).entries())
      expect(fee * 8n >= (fees[i] as bigint) * 9n, `attempt ${i + 1}`).to.be.true;
  });

  it("does not raise the fee on a chain that makes no blocks", async () => {
    const world = openTransactionWorld();
    world.timer.meanwhile = (sleeps) => {
      if (sleeps > 50) world.mine();
    };
    await world.sender.send(request(1));
    expect(world.broadcasts).to.have.length(1);
  });

  it("alerts at the cap, waits, and gets through when the base fee falls", async () => {
    const world = openTransactionWorld({ maxFeePerGasCapWei: 4n * GWEI });
    world.settings.baseFeeWei = 2n * GWEI;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 1) world.settings.baseFeeWei = 10n * GWEI;
      if (sleeps === 40) world.settings.baseFeeWei = GWEI;
      world.mine();
    };
    // Mined too late for the first fee, and no dearer attempt fits under the cap.
    world.settings.isMining = false;
    const sending = world.sender.send(request(1));
    world.settings.isMining = true;
    world.settings.baseFeeWei = 10n * GWEI;
    expect((await sending).kind).to.equal("mined");
    expect(world.events("transaction-fee-capped").length).to.be.greaterThan(0);
    for (const { fields } of world.events("transaction-signed"))
      expect((fields["maxFeePerGasWei"] as bigint) <= 4n * GWEI).to.be.true;
  });

  it("sends again what the pool forgot", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 1) world.emptyPool();
      if (sleeps > 2) world.settings.isMining = true;
      if (sleeps > 1) world.mine();
    };
    await world.sender.send(request(1));
    expect(world.broadcasts[0]).to.equal(world.broadcasts[1]);
    expect(world.effects()).to.have.length(1);
    expect(world.events("transaction-sent-again")).to.have.length(1);
  });

  it("outbids a stranger's waiting transaction under its nonce", async () => {
    const world = openTransactionWorld();
    world.settings.answer = { kind: "underpriced" };
    world.timer.meanwhile = () => {
      world.settings.answer = null;
      world.mine();
    };
    await world.sender.send(request(1));
    expect(world.broadcasts).to.have.length(2);
    expect(world.broadcasts[0]).not.to.equal(world.broadcasts[1]);
  });

  it("alerts when nodes reject it, and keeps trying", async () => {
    const world = openTransactionWorld();
    world.settings.answer = { kind: "rejected", reason: "insufficient funds" };
    world.timer.meanwhile = (sleeps) => {
      if (sleeps > 5) world.settings.answer = null;
      world.mine();
    };
    await world.sender.send(request(1));
    expect(world.events("transaction-rejected")).to.have.length(1);
    expect(world.effects()).to.have.length(1);
  });

  it("finds that a stranger's transaction took its nonce, and says so", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 2) world.strangerTakesNonce();
      else world.mine();
    };
    expect(await failure(world.sender.send(request(1)))).to.be.instanceOf(TransactionSuperseded);
    expect(world.effects()).to.deep.equal([]);
    expect(await world.open()).to.deep.equal([]);
    world.settings.isMining = true;
    world.timer.meanwhile = () => {
      world.mine();
    };
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
  });

  it("takes the nonce back for nothing when the effect is done by somebody else while it waits", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 2) world.settings.refuses = () => DONE_SELECTOR;
      if (sleeps === 8) world.settings.isMining = true;
      world.mine();
    };
    expect(await world.sender.send(request(1))).to.deep.equal({ kind: "already-done" });
    expect(world.effects()).to.deep.equal([]);
    expect(world.events("transaction-signed").at(-1)?.fields["kind"]).to.equal("cancellation");
    world.settings.refuses = () => null;
    await world.sender.send(request(2));
    expect(world.effects()).to.deep.equal([request(2).data]);
  });

  it("reports a transaction that reverted when mined", async () => {
    const world = openTransactionWorld();
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 1) world.settings.refuses = () => "0xbad00001";
      world.mine();
    };
    const error = await failure(world.sender.send(request(1)));
    expect(error).to.be.instanceOf(TransactionRefused).with.property("revertData", "0xbad00001");
    expect(String(error)).to.include("reverted in 0x");
  });

  it("waits while no node answers", async () => {
    const world = openTransactionWorld();
    world.timer.meanwhile = (sleeps) => {
      world.settings.isDown = sleeps > 0 && sleeps < 10;
      world.mine();
    };
    await world.sender.send(request(1));
    expect(world.effects()).to.have.length(1);
    expect(world.events("transaction-chain-unavailable")).to.have.length(1);
  });

  it("asks again while the nodes do not agree what the contract would do, and says so when they never do", async () => {
    const world = openTransactionWorld();
    world.settings.disputedSimulations = 4;
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    world.settings.disputedSimulations = 5;
    expect(await failure(world.sender.send(request(2)))).to.be.instanceOf(NodesDisagree);
    expect((await world.sender.send(request(2))).kind).to.equal("mined");
  });

  it("looks again when nodes do not agree about what is open", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 3) {
        world.emptyPool();
        world.settings.disputedSimulations = 2;
      }
      world.settings.isMining = sleeps > 8;
      world.mine();
    };
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    expect(world.events("transaction-nodes-disagree")).to.have.length(1);
  });

  it("neither believes nor gives up what the nodes dispute", async () => {
    const world = openTransactionWorld();
    world.settings.isAgreed = false;
    world.timer.meanwhile = (sleeps) => {
      world.settings.isAgreed = sleeps > 10;
      world.mine();
    };
    await world.sender.send(request(1));
    expect((await world.chain.state(1n)).headNumber > 10n).to.be.true;
    expect(world.events("transaction-receipt-disputed")).to.have.length(1);
  });

  it("is not given up for one look at nodes that know the nonce and not yet the receipt", async () => {
    const world = openTransactionWorld();
    world.settings.isHidden = true;
    let usedAt = Number.POSITIVE_INFINITY;
    world.timer.meanwhile = (sleeps) => {
      world.mine();
      if (world.effects().length > 0) usedAt = Math.min(usedAt, sleeps);
      // Two looks find the nonce as deep as a confirmation, and no receipt.
      if (sleeps === usedAt + 4) world.settings.isHidden = false;
    };
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    expect(world.timer.nowMs()).to.be.greaterThan(0);
  });

  it("watches what is not final until it is told to stop", async () => {
    const world = openTransactionWorld({ confirmations: 1n, finalityBlocks: 5n });
    await world.sender.send(request(1));
    world.reorganise(1, "lost");
    world.timer.meanwhile = (sleeps) => {
      world.mine();
      if (sleeps > 30) world.stop.abort(new Error("stopped"));
    };
    await world.sender.watch();
    expect(world.effects()).to.have.length(1);
    expect(await world.open()).to.deep.equal([]);
  });

  it("finds in its watch an intent for which nothing was signed, also when its nonce is used by now", async () => {
    const world = openTransactionWorld({ finalityBlocks: 64n });
    const record = { ...request(1), chainId: 31_337n, from: SENDER, nonce: 0, gasLimit: 1n, attempts: [] };
    await world.log.saveTransaction(record);
    world.strangerTakesNonce();
    world.timer.meanwhile = (sleeps) => {
      world.mine();
      if (sleeps > 30) world.stop.abort(new Error("stopped"));
    };
    await world.sender.watch();
    expect(world.effects()).to.deep.equal([request(1).data]);
  });

  it("ends its waiting when it is stopped, and leaves the transaction open in the log", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 3) world.stop.abort(new Error("stopped"));
    };
    const queued = failure(world.sender.send(request(1)));
    const behind = failure(world.sender.send(request(2)));
    expect(String(await queued)).to.include("stopped");
    expect(String(await behind)).to.include("stopped");
    expect((await world.open()).map(({ id }) => id)).to.deep.equal(["effect/1"]);
  });

  it("refuses parameters that no node or no chain could live with", () => {
    for (const wrong of [
      { replacementBumpBps: 1_249n },
      { confirmations: 0n },
      { confirmations: 4n, finalityBlocks: 3n },
      { pollMs: 0 },
    ])
      expect(() => openTransactionWorld(wrong), JSON.stringify(Object.keys(wrong))).to.throw(RangeError);
  });

  it("takes a repeated effect for done when the contract says so", async () => {
    const world = openTransactionWorld();
    world.settings.refuses = refusesRepeats;
    await world.sender.send(request(1));
    const other: TransactionRequest = { ...request(1), id: "the same by another name" };
    expect(await world.sender.send(other)).to.deep.equal({ kind: "already-done" });
    expect(world.effects()).to.have.length(1);
  });
});
