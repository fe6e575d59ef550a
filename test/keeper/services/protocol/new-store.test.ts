import { expect } from "chai";
import { createMemoryStore } from "../../../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS, slotAt } from "../../../../keeper/core/protocol/parameters.ts";
import type { KeeperStore } from "../../../../keeper/ports/store.ts";
import { joinAgreement } from "../../../../keeper/services/protocol/agreement.ts";
import { firstSlotToSign } from "../../../../keeper/services/protocol/standing.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { EPOCH, ROUND, testNetwork } from "../../../support/keeper-round.ts";
import { RANDOM_OBSERVED_AT } from "../../../support/random-books.ts";
import { joinKeepers, proposal, settled, signaturesBy } from "../../../support/report-rounds.ts";
import { simulate, START_SECONDS } from "../../../support/simulated-keepers.ts";

const START_SLOT = slotAt(START_SECONDS, DEFAULT_PARAMETERS);

describe("a keeper whose store is new", () => {
  const first = async (
    store: KeeperStore,
    posted: { observedAtSeconds: number; round: number },
    later = 0,
  ) => {
    const telemetry = recordingTelemetry();
    const slot = await firstSlotToSign(
      {
        store,
        telemetry,
        clock: { nowSeconds: () => START_SECONDS + later },
        parameters: DEFAULT_PARAMETERS,
      },
      { header: { epoch: 4n, ...posted }, mark: null },
    );
    return { slot, events: telemetry.lines.map(({ event }) => event) };
  };
  const posted = { observedAtSeconds: START_SECONDS - 60, round: START_SLOT - 4 };

  it("signs nothing of the slot in which it starts and of two more, and says so once", async () => {
    const store = createMemoryStore();
    expect(await first(store, posted)).to.deep.equal({ slot: START_SLOT + 3, events: ["store-is-new"] });
    await store.saveView({ epoch: 4n, wish: 4n });
    expect(await first(store, posted, 20)).to.deep.equal({ slot: START_SLOT + 3, events: [] });
  });

  it("counts from the chain's last round when its own clock is behind", async () => {
    const ahead = { ...posted, round: START_SLOT + 9 };
    expect((await first(createMemoryStore(), ahead)).slot).to.equal(START_SLOT + 12);
  });

  it("waits for nothing on a chain without reports, nor when the store remembers", async () => {
    const none = { observedAtSeconds: 0, round: 0 };
    expect((await first(createMemoryStore(), none)).slot).to.be.lessThan(START_SLOT);
    const store = createMemoryStore();
    await store.saveView({ epoch: 4n, wish: 4n });
    expect(await first(store, posted)).to.deep.equal({ slot: 3, events: [] });
  });

  it("signs no second report for a round that it signed before it lost its store", async () => {
    const network = testNetwork();
    const stop = new AbortController();
    await joinKeepers(network, stop.signal, [1]);
    const full = proposal(network);
    const [leader, forgetful] = network.keepers;
    leader.gossip.publish(full);
    await settled();
    stop.abort();
    network.oracle.state.header = {
      epoch: EPOCH,
      round: ROUND - 1,
      observedAtSeconds: RANDOM_OBSERVED_AT - DEFAULT_PARAMETERS.slotSeconds,
    };
    const store = createMemoryStore();
    const again = new AbortController();
    const agreement = await joinAgreement({ ...forgetful, store }, () => undefined, again.signal);
    // The others are in this epoch, and say so.
    for (const { gossip } of network.keepers)
      gossip.publish({ kind: "wish", epoch: EPOCH, newest: { epoch: 0n, round: 0 } });
    await settled();
    expect(agreement.epoch).to.equal(EPOCH);
    expect(agreement.firstSlotToSign).to.equal(ROUND + 3);
    leader.gossip.publish({ ...full, observations: full.observations.slice(1) });
    await settled();
    again.abort();
    expect(signaturesBy(network, forgetful)).to.have.length(1);
    expect(
      await store.recorded(`report/${network.oracle.state.keeperSet.configDigest}/${EPOCH}/${ROUND}`),
    ).to.equal(null);
  });

  it("observes all the while, and signs from the third slot after its start on", async () => {
    const world = simulate({ count: 4, seed: 91 });
    const [late, ...early] = world.keepers;
    if (late === undefined) throw new RangeError("four keepers");
    for (const keeper of early) await keeper.start();
    await world.runSlots(5);
    const startSlot = slotAt(late.parts.clock.nowSeconds(), world.parameters);
    await late.start();
    await world.runSlots(6);
    const said = world.gossip.sent.flatMap(({ from, message }) => (from === late.address ? [message] : []));
    const signed = said.flatMap((message) => (message.kind === "signature" ? [message.head.round] : []));
    const observed = said.flatMap((message) => (message.kind === "observation" ? [message.round] : []));
    expect(Math.min(...signed)).to.equal(startSlot + 3);
    expect(Math.min(...observed)).to.be.lessThan(startSlot + 3);
  });
});
