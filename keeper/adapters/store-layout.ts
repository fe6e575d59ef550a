import { hostname } from "node:os";
import { StoreRefused, type StoreOwner } from "../ports/store.ts";

/** Raised when a table of the stores changes its meaning. */
export const SCHEMA_VERSION = 2;

const EPOCH_DIGITS = 20;

/** An epoch, of 64 bits, as a text: all of one length, so that they sort as numbers do. */
export function sortableEpoch(epoch: bigint): string {
  return epoch.toString().padStart(EPOCH_DIGITS, "0");
}

/** An owner's name in its store. */
export function nameOfOwner({ chainId, registry, reportKey }: StoreOwner): string {
  return `${chainId.toString()}/${registry}/${reportKey}`.toLowerCase();
}

/**
 * @param row what the store says of its version and its owner
 * @param where the store, as its operator knows it
 * @throws StoreRefused when the store is another keeper's or of another version
 */
export function requireStoreOwner(
  row: Readonly<Record<string, unknown>> | undefined,
  name: string,
  where: string,
): void {
  if (row?.["version"] !== SCHEMA_VERSION)
    throw new StoreRefused(
      `${where} has version ${String(row?.["version"])}, this keeper writes ${SCHEMA_VERSION.toString()}`,
      "run the version that wrote it",
    );
  if (row["name"] !== name)
    throw new StoreRefused(
      `${where} belongs to ${String(row["name"])}, not to ${name}`,
      "give each keeper and each watchtower on each chain a store of its own",
    );
}

/** How this process is named to those who find a store in use. */
export function nameOfHolder(): string {
  return `process ${process.pid} on ${hostname()} since ${new Date().toISOString()}`;
}

/** @param holder who has it, when that is known */
export function storeInUse(where: string, holder: string | null): StoreRefused {
  return new StoreRefused(
    `${where} is in use by ${holder ?? "another process"}`,
    "stop that keeper first: two processes with one report key can sign two reports for one round, which costs the stake",
  );
}

export function storeMissing(where: string): StoreRefused {
  return new StoreRefused(
    `there is none at ${where}`,
    "correct `store` in the configuration; only when this report key has never signed on this chain, make a new one with `ballast keeper new-store`",
  );
}

export function storeExists(where: string): StoreRefused {
  return new StoreRefused(
    `there is one at ${where} already`,
    "start the keeper with it; a store is never to be replaced while its report key may still sign",
  );
}
