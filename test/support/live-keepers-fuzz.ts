// Three live keepers of four, and a fourth that sends what it likes in its own name: real agreement, real signatures.
import { createWireCodec, type WireCodec } from "../../keeper/adapters/wire/codec.ts";
import { WireError } from "../../keeper/adapters/wire/wire-error.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import type { ProtocolParts } from "../../keeper/services/protocol/parts.ts";
import { joinAgreement } from "../../keeper/services/protocol/agreement.ts";
import { ROUND, testNetwork, type TestKeeper, type TestNetwork } from "./keeper-round.ts";
import type { FuzzTarget } from "./parser-fuzz.ts";

export interface LiveKeepers {
  readonly network: TestNetwork;
  readonly codec: WireCodec;
  readonly target: FuzzTarget;
  readonly close: () => void;
}

/** A store that tells of each write that a message can cause. */
function tellingWrites(store: ProtocolParts["store"], wrote: () => void): ProtocolParts["store"] {
  return {
    ...store,
    record: (...given) => {
      wrote();
      return store.record(...given);
    },
    saveView: (view) => {
      wrote();
      return store.saveView(view);
    },
    saveFinal: (final) => {
      wrote();
      return store.saveFinal(final);
    },
  };
}

/** What must not change: their writes, their epochs, the newest report they hold. */
const textOf = (state: unknown) =>
  JSON.stringify(state, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field));

/** Lets everything that a message starts come to its end. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Keepers that have agreed on a report. What the fourth sends is made of what all of them said; whatever it is, the others write nothing,
 * stay in their epoch, and hold the report they held.
 */
export async function openLiveKeepers(): Promise<LiveKeepers> {
  const network = testNetwork();
  const stop = new AbortController();
  const left = new AbortController();
  let writes = 0;
  const finals: SignedReport[] = [];
  const [attacker] = network.keepers.slice(-1) as [TestKeeper];
  const join = (keeper: TestKeeper) =>
    joinAgreement(
      { ...keeper, store: tellingWrites(keeper.store, () => writes++) },
      (final) => finals.push(final),
      keeper === attacker ? left.signal : stop.signal,
    );
  const [first, ...others] = await Promise.all(network.keepers.map(join));
  if (first === undefined) throw new RangeError("four keepers");
  for (const agreement of [first, ...others]) await agreement.beginSlot(ROUND);
  while (finals.length < network.keepers.length) await settle();
  left.abort();
  const live = [first, ...others.slice(0, -1)];
  const codec = createWireCodec(() => [network.oracle.state.keeperSet.configDigest]);
  const said = new Set(network.heard.map(({ message }) => new TextDecoder().decode(codec.encode(message))));
  const [text = "", ...texts] = said;
  const state = () => textOf([writes, finals.length, live.map(({ epoch, newest }) => [epoch, newest])]);
  const before = state();
  return {
    network,
    codec,
    target: {
      name: "live keepers",
      real: [text, ...texts],
      read: async (bytes) => {
        attacker.gossip.publish(codec.decode(bytes));
        await settle();
        await settle();
        if (state() !== before) throw new Error(`the keepers were in ${before} and are in ${state()}`);
      },
      isOwnError: (error) => error instanceof WireError,
    },
    close: () => {
      stop.abort();
    },
  };
}
