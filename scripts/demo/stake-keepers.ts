import type { Signer } from "ethers";
import { signPossession } from "../../keeper/adapters/ethers/possession.ts";
import type { Ballast } from "../../deploy/deploy.ts";

/** A keeper's two keys: the operator owns the stake, the report key signs reports. */
export interface StakedKeeper {
  readonly operator: Signer;
  readonly reportKey: Signer;
}

/** Puts the least stake, given by the treasury, behind each key of the configuration in force. Its entries stay as they are. */
export async function stakeKeepers(
  { staking, keepers, token }: Pick<Ballast, "staking" | "keepers" | "token">,
  treasury: Signer,
  staked: readonly StakedKeeper[],
): Promise<void> {
  const units = await staking.minStakeUnits();
  const entries = await keepers.entries();
  const { name, version, chainId, verifyingContract } = await staking.eip712Domain();
  const domain = { name, version, chainId, verifyingContract };
  for (const { operator, reportKey } of staked) {
    const [owner, key] = [await operator.getAddress(), await reportKey.getAddress()];
    const entry = entries.find((candidate) => candidate.reportKey === key);
    if (entry === undefined) throw new Error(`${key} is no keeper of the configuration in force`);
    await (await token.connect(treasury).transfer(owner, units)).wait();
    await (await token.connect(operator).approve(verifyingContract, units)).wait();
    const { networkKey, payee, endpoint } = entry;
    const possession = await signPossession(reportKey, domain, { operator: owner, networkKey });
    const wish = { reportKey: key, networkKey, payee, endpoint };
    await (await staking.connect(operator).join(wish, units, possession)).wait();
  }
}
