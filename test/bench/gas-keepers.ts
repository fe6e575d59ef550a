// Whole-transaction gas of proofs against keepers and of their pay, on the house as it is deployed.
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id } from "ethers";
import { RISK_REPORT_TYPES } from "../../keeper/core/report/typed-data.ts";
import type { GasEntry } from "../../scripts/bench/gas-entry.ts";
import { stakeKeepers } from "../../scripts/demo/stake-keepers.ts";
import { openDesk } from "../support/ballast-desk.ts";

const VOTES_HOLDER = 1;
const KEEPER_ACCOUNTS = [4, 5, 6, 7] as const;
/** An account that has never held the stake token. */
const PROVER = 9;
const REPORT_TYPES = { RiskReport: [...RISK_REPORT_TYPES.RiskReport] };

const signerAt = (signers: readonly HardhatEthersSigner[], index: number): HardhatEthersSigner => {
  const signer = signers[index];
  if (signer === undefined) throw new Error("the test chain has too few accounts");
  return signer;
};

type Desk = Awaited<ReturnType<typeof openDesk>>;
type Keepers = readonly HardhatEthersSigner[];

const PAID_REPORTS = 8;
const PAY_UNITS = 10n ** 24n;

const entry = (name: string, gas: bigint | undefined): GasEntry => {
  if (gas === undefined) throw new Error(`${name}: the transaction was not mined`);
  return { name, options: 0, markets: 0, repricings: 0, gas: Number(gas) };
};

/** Gas of proving two reports for one round. The prover and the treasury hold no stake token before: the dearest case. */
const equivocationGas = async (
  { ballast, connection }: Desk,
  liar: HardhatEthersSigner,
): Promise<GasEntry> => {
  const signers = await connection.ethers.getSigners();
  const head = (payload: string) => ({
    configDigest: "",
    epoch: 1_000n,
    round: 1n,
    observedAt: 1_770_000_000n,
    blockNumber: 250_000_000n,
    blockHash: id("block"),
    payloadHash: id(payload),
  });
  const configDigest = await ballast.keepers.configDigest();
  const [first, second] = ["one", "another"].map((payload) => ({ ...head(payload), configDigest }));
  if (first === undefined || second === undefined) throw new Error("there are two reports");
  const { name, version, chainId, verifyingContract } = await ballast.oracle.eip712Domain();
  const domain = { name, version, chainId, verifyingContract };
  const sign = (value: typeof first) => liar.signTypedData(domain, REPORT_TYPES, value);
  const proof = await ballast.slashing
    .connect(signerAt(signers, PROVER))
    .proveEquivocation(first, await sign(first), second, await sign(second));
  const receipt = await proof.wait();
  if ((await ballast.staking.atStakeUnits(liar.address)) !== 0n) throw new Error("nothing was taken");
  return entry("equivocation proof", receipt?.gasUsed);
};

/** Gas of claiming a report that another carried, and of paying a keeper for many reports at once; its payee holds the token already. */
const payGas = async (
  desk: Desk,
  keepers: Keepers,
  treasury: HardhatEthersSigner,
): Promise<readonly GasEntry[]> => {
  const { ballast } = desk;
  await ballast.token.connect(treasury).transfer(await ballast.rewards.getAddress(), PAY_UNITS);
  for (let count = 0; count < PAID_REPORTS; count++) {
    const { report, signatures } = await desk.signReport();
    await ballast.rewards.submit(report, signatures, 0);
  }
  const { report, head, signatures } = await desk.signReport();
  await ballast.oracle.submit(report, signatures);
  const claimed = await (await ballast.rewards.claim(head, signatures)).wait();
  const owed = await Promise.all(keepers.map(({ address }) => ballast.rewards.owedUnits(address)));
  const paid = keepers[owed.findIndex((units) => units > 0n)]?.address ?? "";
  await ballast.token.connect(treasury).transfer(await ballast.keepers.payeeOf(paid), 1n);
  const receipt = await (await ballast.rewards.pay(paid)).wait();
  return [
    entry("claim of a report carried by another", claimed?.gasUsed),
    entry("pay of a keeper for 9 reports", receipt?.gasUsed),
  ];
};

/** Gas of what keepers' stake and pay need beside reports. */
export async function measureKeeperGas(): Promise<readonly GasEntry[]> {
  const desk = await openDesk();
  const signers = await desk.connection.ethers.getSigners();
  const keepers = KEEPER_ACCOUNTS.map((account) => signerAt(signers, account));
  const staked = keepers.map((keeper) => ({ operator: keeper, reportKey: keeper }));
  const treasury = signerAt(signers, VOTES_HOLDER);
  await stakeKeepers(desk.ballast, treasury, staked);
  const paid = await payGas(desk, keepers, treasury);
  return [...paid, await equivocationGas(desk, signerAt(signers, KEEPER_ACCOUNTS[0]))];
}
