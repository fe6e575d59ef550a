// A store whose owner is killed just before or just after a durable write.
import type { KeeperStore } from "../../keeper/ports/store.ts";

/** What a write is interrupted by. */
export type CrashMoment = "before" | "after" | "never";

/** The durable writes of a keeper. */
export const DURABLE_WRITES = [
  "record",
  "saveView",
  "saveFinal",
  "saveTransaction",
  "closeTransaction",
] as const;
export type DurableWrite = (typeof DURABLE_WRITES)[number];

/**
 * One life's view of a store that outlives it: after the kill nothing of this life is written or answered any more, as after SIGKILL.
 * @param moment drawn for each write
 * @param kill ends this life
 */
export function mortalStore(
  durable: KeeperStore,
  isAlive: () => boolean,
  moment: (write: DurableWrite) => CrashMoment,
  kill: (write: DurableWrite, moment: CrashMoment) => void,
): KeeperStore {
  const never = <T>() => new Promise<T>(() => undefined);
  const written = async <T>(write: DurableWrite, run: () => Promise<T>): Promise<T> => {
    if (!isAlive()) return never();
    const when = moment(write);
    if (when === "before") {
      kill(write, when);
      return never();
    }
    const result = await run();
    if (when === "after" && isAlive()) kill(write, when);
    return isAlive() ? result : never();
  };
  return {
    ...durable,
    record: (...given) => written("record", () => durable.record(...given)),
    saveView: (view) => written("saveView", () => durable.saveView(view)),
    saveFinal: (final) => written("saveFinal", () => durable.saveFinal(final)),
    saveTransaction: (record) => written("saveTransaction", () => durable.saveTransaction(record)),
    closeTransaction: (id, outcome) =>
      written("closeTransaction", () => durable.closeTransaction(id, outcome)),
  };
}
