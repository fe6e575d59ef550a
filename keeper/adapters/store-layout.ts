import { StoreRefused, type StoreOwner } from "../ports/store.ts";

/** Raised when a table of the stores changes its meaning. */
export const SCHEMA_VERSION = 1;

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
      "give each keeper on each chain a store of its own",
    );
}
