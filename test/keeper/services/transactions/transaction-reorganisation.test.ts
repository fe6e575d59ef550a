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
