import type { Signer, TypedDataDomain } from "ethers";
import { asHex, type Hex } from "../../ports/hex.ts";

/** EIP-712 type of a report key's proof of possession (contracts/oracle/KeeperStaking.sol); the domain is the staking contract's. */
const POSSESSION_TYPES = {
  KeeperKey: [
    { name: "operator", type: "address" },
    { name: "reportKey", type: "address" },
    { name: "networkKey", type: "bytes32" },
  ],
};

/** The report key's word that it serves an operator, together with a network key. */
export async function signPossession(
  reportKey: Signer,
  domain: TypedDataDomain,
  { operator, networkKey }: { readonly operator: string; readonly networkKey: string },
): Promise<Hex> {
  const message = { operator, reportKey: await reportKey.getAddress(), networkKey };
  return asHex(await reportKey.signTypedData(domain, POSSESSION_TYPES, message));
}
