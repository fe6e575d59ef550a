// Signed reports and owners for tests of stores.
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import type { StoreOwner } from "../../keeper/ports/store.ts";

export const STORE_OWNER: StoreOwner = {
  chainId: 31_337n,
  registry: `0x${"AB".repeat(20)}`,
  reportKey: `0x${"01".repeat(20)}`,
};

/** A report of a round; its numbers do not matter to a store, except that they are large. */
export function signedReport(epoch: bigint, round: number, observedAt = 1_770_000_000): SignedReport {
  return {
    report: {
      configDigest: asHex(`0x${"cd".repeat(32)}`),
      epoch,
      round,
      observedAt,
      blockNumber: 2n ** 60n,
      blockHash: asHex(`0x${"b1".repeat(32)}`),
      pegBps: 10_000,
      accountRoot: asHex(`0x${"00".repeat(32)}`),
      markets: [2n ** 255n + 7n],
      smiles: [2n ** 200n, 5n],
    },
    signatures: [asHex(`0x${"5a".repeat(65)}`)],
  };
}
