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

/** Gas of proving two reports for one round. The prover and the treasury hold no stake token before: the dearest case. */
export async function measureKeeperGas(): Promise<readonly GasEntry[]> {
  const desk = await openDesk();
  const { ballast } = desk;
  const signers = await desk.connection.ethers.getSigners();
  const keepers = KEEPER_ACCOUNTS.map((account) => signerAt(signers, account));
  const staked = keepers.map((keeper) => ({ operator: keeper, reportKey: keeper }));
  await stakeKeepers(ballast, signerAt(signers, VOTES_HOLDER), staked);
  const liar = signerAt(signers, KEEPER_ACCOUNTS[0]);
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
  if (receipt?.status !== 1) throw new Error("the proof was refused");
  if ((await ballast.staking.atStakeUnits(liar.address)) !== 0n) throw new Error("nothing was taken");
  const gas = Number(receipt.gasUsed);
  return [{ name: "equivocation proof", options: 0, markets: 0, repricings: 0, gas }];
}
