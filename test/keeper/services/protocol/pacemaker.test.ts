import { expect } from "chai";
import { createMemoryStore } from "../../../../keeper/adapters/memory/keeper-store.ts";
import { MAX_EPOCHS_WISHED_AHEAD } from "../../../../keeper/core/protocol/pacemaker.ts";
import type { KeeperStore } from "../../../../keeper/ports/store.ts";
import { openPacemaker } from "../../../../keeper/services/protocol/pacemaker.ts";
import { commandedStore } from "../../../support/commanded-store.ts";
import { ADDRESSES, COMMITTEE, STRANGER } from "../../../support/lone-keeper.ts";

const settled = () => new Promise(setImmediate);
const peer = (index: number) => ADDRESSES[index] ?? STRANGER;

async function opened(store: KeeperStore) {
  const events: string[] = [];
  const pacemaker = await openPacemaker({
    store,
    quorums: () => COMMITTEE.keeperSet,
    wished: (epoch) => events.push(`wished ${epoch.toString()}`),
    entered: (epoch) => events.push(`entered ${epoch.toString()}`),
    failed: (error) => events.push(String(error)),
  });
  return { pacemaker, events };
}

describe("the view of a keeper", () => {
  it("is durable before a wish is said and before an epoch is entered", async () => {
    const { store, waiting, finish } = commandedStore();
    const { pacemaker, events } = await opened(store);
    pacemaker.wishForNext();
    await settled();
    expect([waiting(), events, pacemaker.wish]).to.deep.equal([["saveView"], [], 1n]);
    await finish();
    expect([events, pacemaker.wish, pacemaker.epoch]).to.deep.equal([["wished 2"], 2n, 1n]);
    for (const index of [1, 2, 3]) pacemaker.heard(peer(index), 2n);
    await settled();
    expect([waiting(), events.length, pacemaker.epoch]).to.deep.equal([["saveView"], 1, 1n]);
    await finish();
    expect([events.slice(1), pacemaker.epoch]).to.deep.equal([["entered 2"], 2n]);
    expect(await store.loadView()).to.deep.equal({ epoch: 2n, wish: 2n });
  });

  it("does not change when it cannot be made durable, and may change later", async () => {
    const memory = createMemoryStore();
    const disk = { isFull: true };
    const { pacemaker, events } = await opened({
      ...memory,
      saveView: (view) => (disk.isFull ? Promise.reject(new Error("disk full")) : memory.saveView(view)),
    });
    pacemaker.wishForNext();
    await settled();
    expect([events, pacemaker.wish]).to.deep.equal([["Error: disk full"], 1n]);
    disk.isFull = false;
    pacemaker.wishForNext();
    await settled();
    expect([events.slice(1), pacemaker.wish]).to.deep.equal([["wished 2"], 2n]);
  });

  it("is taken up where the store left it; a new one begins with the first epoch", async () => {
    const store = createMemoryStore();
    expect((await opened(store)).pacemaker.epoch).to.equal(1n);
    await store.saveView({ epoch: 7n, wish: 9n });
    const { pacemaker } = await opened(store);
    expect([pacemaker.epoch, pacemaker.wish]).to.deep.equal([7n, 9n]);
  });

  it("follows no wishes beyond what can be signed, and a signed report however far", async () => {
    const { pacemaker, events } = await opened(createMemoryStore());
    const far = 1n + MAX_EPOCHS_WISHED_AHEAD;
    for (const index of [1, 2, 3]) pacemaker.heard(peer(index), far + 1n);
    await settled();
    expect(events).to.deep.equal([]);
    for (const index of [1, 2, 3]) pacemaker.heard(peer(index), far);
    await settled();
    expect(pacemaker.epoch).to.equal(far);
    pacemaker.join(2n ** 60n);
    await settled();
    expect(pacemaker.epoch).to.equal(2n ** 60n);
  });
});
