// A store whose writes are durable only when a test says so.
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import type { KeeperStore } from "../../keeper/ports/store.ts";

export interface CommandedStore {
  readonly store: KeeperStore;
  /** Writes that wait, by name, in their order. */
  readonly waiting: () => readonly string[];
  /** Lets the oldest write that waits come true. */
  readonly finish: () => Promise<void>;
}

export function commandedStore(durable: KeeperStore = createMemoryStore()): CommandedStore {
  const queue: { readonly name: string; readonly go: () => void }[] = [];
  const turn = (name: string) =>
    new Promise<void>((resolve) => {
      queue.push({ name, go: resolve });
    });
  return {
    store: {
      ...durable,
      record: async (...given) => {
        await turn("record");
        return durable.record(...given);
      },
      saveView: async (view) => {
        await turn("saveView");
        await durable.saveView(view);
      },
      saveFinal: async (final) => {
        await turn("saveFinal");
        await durable.saveFinal(final);
      },
    },
    waiting: () => queue.map(({ name }) => name),
    finish: async () => {
      queue.shift()?.go();
      await new Promise(setImmediate);
    },
  };
}
