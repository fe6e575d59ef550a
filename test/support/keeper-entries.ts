import { id } from "ethers";

/** Entries of a configuration for keys that need no more: network keys and endpoints of their own, paid to the keys themselves. */
export const keeperEntries = (reportKeys: readonly string[]) =>
  reportKeys.map((reportKey, i) => ({
    reportKey,
    networkKey: id(`network key of ${reportKey}`),
    payee: reportKey,
    endpoint: `/ip4/127.0.0.1/tcp/${9401 + i}`,
  }));
