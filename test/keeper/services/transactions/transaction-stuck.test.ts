// Transactions that nodes reject or forget, that are capped, that the contract no longer wants.
import { expect } from "chai";
import { TransactionRefused } from "../../../../keeper/ports/transaction-sender.ts";
import { DEFAULT_TRANSACTION_POLICY } from "../../../../keeper/services/transactions/transaction-policy.ts";
import { DONE_SELECTOR, refusesRepeats, request } from "../../../support/transaction-doubles.ts";
import { openTransactionWorld } from "../../../support/transaction-world.ts";

const GWEI = 1_000_000_000n;
const BLOCK_MS = 12_000;
const MINUTE_MS = 60_000;
/** Pauses from 10 ms to 15 s: 10, 20, 40 … make eleven in the first half minute, then four a minute. */
const MOST_SENDINGS_IN_A_MINUTE = 16;

type World = ReturnType<typeof openTransactionWorld>;

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );

/** Blocks come as time passes; the sender is stopped after a while. */
function passTime(world: World, stopAfterMs: number, each: () => void = () => undefined): void {
  let mined = 0;
  world.timer.meanwhile = () => {
    each();
    for (; (mined + 1) * BLOCK_MS <= world.timer.nowMs(); mined++) world.mine();
    if (world.timer.nowMs() > stopAfterMs) world.stop.abort(new Error("time is over"));
  };
}

const feesOf = (world: World): readonly bigint[] =>
  world.events("transaction-signed").map(({ fields }) => fields["maxFeePerGasWei"] as bigint);
const kindsOf = (world: World): readonly unknown[] =>
  world.events("transaction-signed").map(({ fields }) => fields["kind"]);

describe("a transaction that gets nowhere", () => {
  it("is sent more and more seldom while nodes reject it, with few words", async () => {
    const world = openTransactionWorld(DEFAULT_TRANSACTION_POLICY);
    world.settings.answer = { kind: "rejected", reason: "txpool is full" };
    passTime(world, MINUTE_MS);
    await failure(world.sender.send(request(1)));
    expect(world.broadcasts.length).to.be.within(5, MOST_SENDINGS_IN_A_MINUTE);
    expect(world.events("transaction-rejected").length).to.be.within(1, 2);
    expect(world.events("transaction-sent-again").length).to.be.within(1, 2);
  });

  it("is sent more and more seldom while nodes take and forget it", async () => {
    const world = openTransactionWorld(DEFAULT_TRANSACTION_POLICY);
    passTime(world, MINUTE_MS, () => {
      world.emptyPool();
    });
    await failure(world.sender.send(request(1)));
    expect(world.broadcasts.length).to.be.within(5, MOST_SENDINGS_IN_A_MINUTE);
    expect(world.events("transaction-sent-again").length).to.be.within(1, 2);
  });

  it("is sent again soon once nodes held it in between", async () => {
    const world = openTransactionWorld(DEFAULT_TRANSACTION_POLICY);
    world.settings.answer = { kind: "rejected", reason: "txpool is full" };
    world.settings.isMining = false;
    let forgottenAtMs = 0;
    passTime(world, 5 * MINUTE_MS, () => {
      const nowMs = world.timer.nowMs();
      if (nowMs > MINUTE_MS) world.settings.answer = null;
      if (nowMs > 2 * MINUTE_MS && forgottenAtMs === 0) {
        forgottenAtMs = nowMs;
        world.emptyPool();
      } else if (forgottenAtMs > 0 && world.pool.size > 0) world.stop.abort(new Error("it is back"));
    });
    await failure(world.sender.send(request(1)));
    expect(world.timer.nowMs() - forgottenAtMs).to.be.at.most(2 * DEFAULT_TRANSACTION_POLICY.pollMs);
  });

  it("is not made dearer for an account that is empty, and goes on once it is not", async () => {
    const world = openTransactionWorld(DEFAULT_TRANSACTION_POLICY);
    world.settings.answer = { kind: "unfunded", reason: "insufficient funds for gas * price + value" };
    passTime(world, 20 * MINUTE_MS, () => {
      if (world.timer.nowMs() > 10 * MINUTE_MS) world.settings.answer = null;
    });
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    expect(feesOf(world)).to.have.length(1);
    const alerts = world.events("transaction-account-cannot-pay");
    expect(alerts.length).to.be.within(1, 11);
    expect(alerts[0]?.fields["reason"]).to.include("insufficient funds");
  });

  it("is made dearer once nodes hold it, though the account could not pay at first", async () => {
    const world = openTransactionWorld(DEFAULT_TRANSACTION_POLICY);
    world.settings.answer = { kind: "unfunded", reason: "insufficient funds" };
    world.settings.isMining = false;
    passTime(world, 10 * MINUTE_MS, () => {
      if (world.settings.answer === null) return;
      world.settings.answer = null;
      // By another way than the sender's own.
      const [raw] = world.broadcasts;
      if (raw !== undefined) void world.chain.broadcast(raw);
    });
    await failure(world.sender.send(request(1)));
    expect(feesOf(world).length).to.be.greaterThan(1);
  });

  it("is looked at more and more seldom while each attempt is taken for too cheap", async () => {
    const world = openTransactionWorld({
      ...DEFAULT_TRANSACTION_POLICY,
      maxFeePerGasCapWei: 1_000_000n * GWEI,
    });
    world.settings.answer = { kind: "underpriced" };
    passTime(world, 1_000);
    await failure(world.sender.send(request(1)));
    expect(feesOf(world).length).to.be.within(5, 9);
  });

  it("is not asked about again on the block on which it was signed", async () => {
    const world = openTransactionWorld();
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      // A report that names the head's hash: the head itself does not know it yet.
      world.settings.refuses = () => (sleeps < 5 ? "0xbad00001" : null);
      if (sleeps < 5) world.emptyPool();
      else {
        world.settings.isMining = true;
        world.mine();
      }
    };
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    expect(kindsOf(world)).to.deep.equal(["effect"]);
  });

  it("sends its cancellation again, the same, when the pools drop that too", async () => {
    const world = openTransactionWorld({ replaceAfterBlocks: 1_000n });
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      world.settings.refuses = () => DONE_SELECTOR;
      if (sleeps < 8) world.emptyPool();
      else world.settings.isMining = true;
      world.mine();
    };
    expect(await world.sender.send(request(1))).to.deep.equal({ kind: "already-done" });
    expect(kindsOf(world)).to.deep.equal(["effect", "cancellation"]);
    expect(world.broadcasts.length).to.be.greaterThan(3);
  });

  it("gives its nonce up when nobody holds it and the contract no longer wants it", async () => {
    const world = openTransactionWorld({ replaceAfterBlocks: 1_000n });
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 2) {
        world.emptyPool();
        world.settings.refuses = () => DONE_SELECTOR;
        world.settings.isMining = true;
      }
      world.mine();
    };
    expect(await world.sender.send(request(1))).to.deep.equal({ kind: "already-done" });
    expect(kindsOf(world)).to.deep.equal(["effect", "cancellation"]);
    expect(world.events("transaction-signed").at(-1)?.fields["reason"]).to.equal("dropped");
    expect(world.effects()).to.deep.equal([]);
  });
});

describe("a transaction at its cap", () => {
  /** The base fee is above the cap from the first attempt on, until the cap is reported and `release` holds. */
  const openCapped = (release: (world: World) => boolean) => {
    const world = openTransactionWorld({ maxFeePerGasCapWei: 4n * GWEI, alertEveryMs: 0 });
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      world.settings.baseFeeWei = release(world) ? GWEI : 10n * GWEI;
      world.settings.isMining = true;
      world.mine();
      if (sleeps > 200) world.stop.abort(new Error("it goes no further"));
    };
    return world;
  };
  const alerts = (world: World) => world.events("transaction-fee-capped");

  it("names both caps in its alert", async () => {
    const world = openCapped((each) => alerts(each).length > 0);
    await world.sender.send(request(1));
    expect(alerts(world)[0]?.fields).to.include({
      maxFeePerGasCapWei: 4n * GWEI,
      maxPriorityFeePerGasCapWei: DEFAULT_TRANSACTION_POLICY.maxPriorityFeePerGasCapWei,
      baseFeeWei: 10n * GWEI,
    });
  });

  it("is sent again when the pools drop it", async () => {
    const world = openCapped((each) => each.broadcasts.length > 1);
    const { meanwhile } = world.timer;
    world.timer.meanwhile = (sleeps) => {
      if (alerts(world).length === 1) world.emptyPool();
      meanwhile(sleeps);
    };
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    expect(new Set(world.broadcasts).size).to.equal(1);
    expect(world.broadcasts.length).to.be.greaterThan(1);
  });

  it("is cancelled before fees fall when the contract no longer wants it, within the cap", async () => {
    const world = openCapped((each) => kindsOf(each).includes("cancellation"));
    // A fee that was still allowed for an effect, so that only the room for a cancellation is left.
    world.settings.baseFeeWei = GWEI;
    world.settings.priorityFeeWei = 2n * GWEI;
    const { meanwhile } = world.timer;
    world.timer.meanwhile = (sleeps) => {
      meanwhile(sleeps);
      if (alerts(world).length > 2) world.settings.refuses = () => DONE_SELECTOR;
      // The cap allows a cancellation again, and the dead effect too: whoever is first in the pool is mined.
      if (alerts(world).length > 4) world.settings.baseFeeWei = 4n * GWEI;
    };
    expect(await world.sender.send(request(1))).to.deep.equal({ kind: "already-done" });
    expect(kindsOf(world).filter((kind) => kind === "cancellation")).to.have.length(1);
    expect(kindsOf(world).at(-1)).to.equal("cancellation");
    const [dearest = 0n, cancelled = 0n] = feesOf(world).slice(-2);
    expect(cancelled * 8n >= dearest * 9n, "an eighth dearer, so that the pools take it").to.equal(true);
    for (const fee of feesOf(world)) expect(fee <= 4n * GWEI).to.equal(true);
    expect(world.effects()).to.deep.equal([]);
  });

  it("lets a cancellation use the cap to the end", async () => {
    const world = openTransactionWorld({ maxFeePerGasCapWei: 4n * GWEI });
    world.settings.baseFeeWei = GWEI / 2n;
    world.settings.isMining = false;
    world.timer.meanwhile = (sleeps) => {
      // Attempts cost 2, 2.25, 2.53, 2.85, 3.20 and 3.60 gwei; an effect may cost 3.55 at most.
      if (feesOf(world).length === 4) world.settings.refuses = () => DONE_SELECTOR;
      world.mine();
      if (sleeps > 60) world.stop.abort(new Error("stopped"));
    };
    await failure(world.sender.send(request(1)));
    expect(kindsOf(world)).to.deep.equal([
      ...Array<string>(4).fill("effect"),
      "cancellation",
      "cancellation",
    ]);
    expect(feesOf(world).at(-1)).to.equal(3_604_064_943n);
  });

  it("ends at once, unsigned, when the contract no longer wants it", async () => {
    const world = openTransactionWorld({ maxFeePerGasCapWei: 4n * GWEI });
    world.settings.baseFeeWei = 10n * GWEI;
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 3) world.settings.refuses = () => DONE_SELECTOR;
      world.mine();
      if (sleeps > 200) world.stop.abort(new Error("it goes no further"));
    };
    expect(await world.sender.send(request(1))).to.deep.equal({ kind: "already-done" });
    expect(world.broadcasts).to.deep.equal([]);
    expect(await world.open()).to.deep.equal([]);
  });
});

describe("a transaction that reverted and is not final", () => {
  const openReverted = async (finalityBlocks: bigint, name = request(1)) => {
    const world = openTransactionWorld({ confirmations: 1n, finalityBlocks });
    world.timer.meanwhile = (sleeps) => {
      if (sleeps === 1) world.settings.refuses = () => "0xbad00001";
      world.mine();
    };
    expect(await failure(world.sender.send(name))).to.be.instanceOf(TransactionRefused);
    world.settings.refuses = refusesRepeats;
    world.timer.meanwhile = () => {
      world.mine();
    };
    return world;
  };

  it("is spoken of once, however often it is looked at", async () => {
    const world = await openReverted(64n);
    world.timer.meanwhile = (sleeps) => {
      world.mine();
      if (sleeps > 150) world.stop.abort(new Error("stopped"));
    };
    await world.sender.watch();
    expect(world.events("transaction-ended-without-effect")).to.have.length(1);
    expect(await world.open()).to.deep.equal([]);
  });

  it("can be tried again at once, under the same name, where the contract refuses repeats", async () => {
    const world = await openReverted(64n);
    expect((await world.sender.send(request(1))).kind).to.equal("mined");
    expect(world.effects()).to.deep.equal([request(1).data]);
    // The nonce of the first is watched on.
    expect((await world.open()).map(({ nonce }) => nonce)).to.deep.equal([0, 1]);
    world.mine(64);
    await world.sender.resume();
    expect(await world.open()).to.deep.equal([]);
  });

  it("does the effect once even when both fall out of the chain", async () => {
    const world = await openReverted(64n);
    await world.sender.send(request(1));
    world.reorganise(3, "to-pool");
    expect(world.effects()).to.deep.equal([]);
    await world.sender.send(request(2));
    expect(world.effects()).to.deep.equal([request(1).data, request(2).data]);
  });

  it("is not tried again before it is final where the contract would take it twice", async () => {
    const unguarded = { ...request(1), doneErrors: [] };
    const world = await openReverted(8n, unguarded);
    expect(await failure(world.sender.send(unguarded))).to.be.instanceOf(TransactionRefused);
    expect(world.effects()).to.deep.equal([]);
    world.mine(8);
    await failure(world.sender.send(unguarded));
    expect((await world.sender.send(unguarded)).kind).to.equal("mined");
    expect(world.effects()).to.have.length(1);
  });
});
