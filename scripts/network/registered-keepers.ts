// The keepers that a local deployment registers, with their keys.
import { type BaseWallet, getBytes, id } from "ethers";
import type { DeployParameters } from "../../deploy/parameter-file.ts";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { freePort } from "../demo/node-process.ts";
import type { LocalKeeper } from "./keeper-network.ts";

/** The same parameters with every keeper's endpoint at a port of this machine that is free now. */
export async function withFreePorts(parameters: DeployParameters): Promise<DeployParameters> {
  const { keepers } = parameters;
  const entries: DeployParameters["keepers"]["entries"][number][] = [];
  for (const entry of keepers.entries)
    entries.push({ ...entry, endpoint: `/ip4/127.0.0.1/tcp/${await freePort()}` });
  return { ...parameters, keepers: { ...keepers, entries } };
}

/** Wallets by number of a local chain's well-known phrase. */
export type LocalWallets = (index: number) => BaseWallet;

/** Keepers of which one may be faulty, and how many more each further one needs. */
const KEEPERS_PER_FAULT = 3;

/** The same parameters with so many keepers: whoever is added has the wallets that follow the last one's. */
export function withKeepers(
  parameters: DeployParameters,
  count: number,
  wallet: LocalWallets,
): DeployParameters {
  const { keepers } = parameters;
  const accounts = keepers.entries.map(({ reportKey }) =>
    typeof reportKey === "string" ? -1 : reportKey.account,
  );
  const next = Math.max(...accounts) + 1;
  const added = Array.from({ length: Math.max(0, count - accounts.length) }, (_, index) => {
    const who = { account: next + index };
    const networkKey = networkKeyOf(networkSeedOf(wallet(who.account))).publicKey;
    return { reportKey: who, networkKey, endpoint: "/ip4/127.0.0.1/tcp/0", payee: who, operator: who };
  });
  const faults = Math.floor((count - 1) / KEEPERS_PER_FAULT);
  const entries = [...keepers.entries.slice(0, count), ...added];
  return { ...parameters, keepers: { ...keepers, faults, entries } };
}

/** A local keeper's network key follows from its report key. */
function networkSeedOf(report: BaseWallet): Uint8Array {
  return getBytes(id(report.privateKey));
}

/**
 * @param firstTransmitter number of the wallet that pays for the first keeper; the others follow
 * @throws TypeError when a keeper is registered by an address, whose key nobody here has
 */
export function registeredKeepers(
  { keepers }: DeployParameters,
  wallet: LocalWallets,
  firstTransmitter: number,
): readonly LocalKeeper[] {
  return keepers.entries.map(({ reportKey, endpoint }, index) => {
    if (typeof reportKey === "string") throw new TypeError(`${reportKey} has no key here`);
    const report = wallet(reportKey.account);
    return {
      name: `keeper-${index + 1}`,
      report,
      transmitter: wallet(firstTransmitter + index),
      networkSeed: networkSeedOf(report),
      listen: endpoint,
    };
  });
}
