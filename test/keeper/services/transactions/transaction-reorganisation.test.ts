import { expect } from "chai";
import { request } from "../../../support/transaction-doubles.ts";
import { openTransactionWorld } from "../../../support/transaction-world.ts";

describe("transaction sender under reorganisations", () => {
  for (const transactions of ["to-pool", "lost"] as const) {
    for (let depth = 1; depth <= 10; depth++) {
      it(`is on the chain once after a reorganisation ${depth} deep, its transactions ${transactions}`, async () => {
        const world = openTransactionWorld({ confirmations: 11n, finalityBlocks: 11n });
        let isDone = false;
        world.timer.meanwhile = (sleeps) => {
          world.mine();
          if (sleeps === depth + 1 && !isDone) {
            isDone = true;
            world.reorganise(depth + 1, transactions);
          }
        };
        const sent = await world.sender.send(request(1));
        expect(sent.kind).to.equal("mined");
        expect(isDone).to.be.true;
        expect(world.effects()).to.have.length(1);
        expect(world.events("transaction-fell-out-of-the-chain")).to.have.length(1);
        // What comes back is the same transaction: a fall is no reason to pay more.
        expect(new Set(world.broadcasts).size).to.equal(1);
      });
    }
  }

  it("sends again, in order, what falls out after its confirmation and before it is final", async () => {
    const world = openTransactionWorld({ confirmations: 1n, finalityBlocks: 20n });
    for (const effect of [1, 2, 3]) await world.sender.send(request(effect));
    expect(await world.open()).to.have.length(3);
    world.reorganise(3, "lost");
    expect(world.effects()).to.deep.equal([]);
    await world.sender.send(request(4));
    expect(world.effects()).to.deep.equal([1, 2, 3, 4].map((effect) => request(effect).data));
    world.mine(20);
    await world.sender.resume();
    expect(await world.open()).to.deep.equal([]);
  });

  for (const isWatched of [false, true]) {
    const watcher = isWatched ? "beside a watch" : "alone";
    it(`brings back what falls out while the next one is in flight, ${watcher}`, async () => {
      const world = openTransactionWorld({ confirmations: 2n, finalityBlocks: 20n });
      await world.sender.send(request(1));
      world.settings.isMining = false;
      world.timer.meanwhile = (sleeps) => {
        if (world.broadcasts.length === 2 && world.effects().length === 1) {
          world.reorganise(sleeps + 1, "lost");
          expect(world.effects(), "the first one fell out").to.deep.equal([]);
          world.settings.isMining = true;
        }
        world.mine();
        if (sleeps > 200) world.stop.abort(new Error("it goes no further"));
      };
      const sending = world.sender.send(request(2));
      const watching = isWatched ? world.sender.watch() : Promise.resolve();
      expect((await sending).kind).to.equal("mined");
      expect(world.effects()).to.deep.equal([request(1).data, request(2).data]);
      // Neither of them was stuck, so that nobody pays more.
      expect(world.events("transaction-signed")).to.have.length(2);
      expect(world.events("transaction-waits-for-lower-nonces").length).to.be.greaterThan(0);
      world.stop.abort(new Error("stopped"));
      await watching;
    });
  }

  it("gives nothing new the nonce of what fell out", async () => {
    const world = openTransactionWorld({ confirmations: 1n, finalityBlocks: 20n });
    await world.sender.send(request(1));
    world.reorganise(1, "lost");
    await world.sender.send(request(2));
    expect(world.effects()).to.deep.equal([request(1).data, request(2).data]);
    const nonces = world.events("transaction-signed").map(({ fields }) => fields["nonce"]);
    expect(nonces).to.deep.equal([0, 1]);
  });

  it("fills the nonce of what was final and fell out all the same, once it had time to come back", async () => {
    const world = openTransactionWorld({
      confirmations: 1n,
      finalityBlocks: 1n,
      replaceAfterBlocks: 3n,
      replaceAfterMs: 5_000,
    });
    await world.sender.send(request(1));
    expect(await world.open()).to.deep.equal([]);
    world.settings.isMining = false;
    let fellAtMs = 0;
    world.timer.meanwhile = (sleeps) => {
      if (world.broadcasts.length === 2 && fellAtMs === 0) {
        fellAtMs = world.timer.nowMs();
        world.reorganise(sleeps + 1, "lost");
        world.settings.isMining = true;
      }
      world.mine();
      if (sleeps > 200) world.stop.abort(new Error("it goes no further"));
    };
    expect((await world.sender.send(request(2))).kind).to.equal("mined");
    expect(world.effects()).to.deep.equal([request(2).data]);
    expect(world.timer.nowMs() - fellAtMs).to.be.at.least(5_000);
    expect(world.events("transaction-nonce-gap").map(({ fields }) => fields["nonce"])).to.deep.equal([0]);
    expect(await world.open()).to.deep.equal([]);
  });

  it("fills no nonce that comes back by itself", async () => {
    const world = openTransactionWorld({
      confirmations: 1n,
      finalityBlocks: 1n,
      replaceAfterBlocks: 3n,
      replaceAfterMs: 5_000,
    });
    await world.sender.send(request(1));
    world.settings.isMining = false;
    let fellAt = 0;
    world.timer.meanwhile = (sleeps) => {
      if (world.broadcasts.length === 2 && fellAt === 0) {
        fellAt = sleeps;
        world.reorganise(sleeps + 1, "to-pool");
      }
      if (fellAt > 0 && sleeps > fellAt + 3) world.settings.isMining = true;
      world.mine();
    };
    expect((await world.sender.send(request(2))).kind).to.equal("mined");
    expect(world.effects()).to.deep.equal([request(1).data, request(2).data]);
    expect(world.events("transaction-nonce-gap")).to.deep.equal([]);
  });

  it("frees the nonce of what fell out and is refused by now", async () => {
    const world = openTransactionWorld({ confirmations: 1n, finalityBlocks: 20n });
    await world.sender.send(request(1));
    world.reorganise(1, "lost");
    world.settings.refuses = (data) => (data === request(1).data ? "0xbad00001" : null);
    expect((await world.sender.send(request(2))).kind).to.equal("mined");
    expect(world.effects()).to.deep.equal([request(2).data]);
    expect(world.events("transaction-ended-without-effect")).to.have.length(1);
  });
});
