// The keepers that a local deployment registers, with their keys.
import { type BaseWallet, getBytes, id } from "ethers";
import type { DeployParameters } from "../../deploy/parameter-file.ts";
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
      networkSeed: getBytes(id(report.privateKey)),
      listen: endpoint,
    };
  });
}
