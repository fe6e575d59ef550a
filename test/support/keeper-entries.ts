import { dataSlice, getAddress, id } from "ethers";

const HASH_BYTES = 32;
const ADDRESS_BYTES = 20;

/** Where a key's rewards go: an account of nobody's. */
export const payeeOf = (reportKey: string): string =>
  getAddress(dataSlice(id(`payee of ${reportKey}`), HASH_BYTES - ADDRESS_BYTES));

/** Entries of a configuration for keys that need no more: network keys, payees and endpoints of their own. */
export const keeperEntries = (reportKeys: readonly string[]) =>
  reportKeys.map((reportKey, i) => ({
    reportKey,
    networkKey: id(`network key of ${reportKey}`),
    payee: payeeOf(reportKey),
    endpoint: `/ip4/127.0.0.1/tcp/${9401 + i}`,
  }));
