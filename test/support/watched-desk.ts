// The whole house on a local chain with staked keepers that sign what a test wants, and a watchtower as a process that watches them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type BytesLike, HDNodeWallet } from "ethers";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { hashHead, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { stakeKeepers } from "../../scripts/demo/stake-keepers.ts";
import { openDesk, type Desk } from "./ballast-desk.ts";
import { runBallast } from "./run-ballast.ts";
import { serveRpc } from "./rpc-server.ts";

export const LOCAL_CHAIN_ID = 31_337;
export const PROVER_ACCOUNT = 9;
export const STRANGER_ACCOUNT = 8;
const VOTES_HOLDER_ACCOUNT = 1;
const SUBMIT_GAS = 3_000_000n;

/** Hardhat's accounts come from its well-known phrase. */
const walletOf = (account: number) =>
  HDNodeWallet.fromPhrase(
    "test test test test test test test test test test test junk",
    undefined,
    `m/44'/60'/0'/0/${account}`,
  );

type SignedByDesk = Awaited<ReturnType<Desk["signReport"]>>;
/** A report with signatures, whoever made them. */
export type SignedCall = Pick<SignedByDesk, "report" | "signatures">;

export const headOf = (report: SignedByDesk["report"]) =>
  reportHead({
    ...report,
    configDigest: asHex(report.configDigest),
    blockNumber: BigInt(report.blockNumber),
    blockHash: asHex(report.blockHash),
    accountRoot: asHex(report.accountRoot),
    round: Number(report.round),
    pegBps: Number(report.pegBps),
  });

/** @param keeperAccounts of the keepers, each its own operator; the desk's keepers sign its reports */
export async function openWatchedDesk(keeperAccounts: readonly number[]) {
  const desk = await openDesk();
  const server = await serveRpc(desk.connection.provider);
  const folder = mkdtempSync(join(tmpdir(), "ballast-"));
  const deploymentFile = join(folder, "deployment.json");
  writeDeploymentFile(
    deploymentFile,
    await deploymentRecord(desk.ballast, await loadParameters("local"), server.url),
  );
  const signerOf = (account: number) => {
    const signer = desk.signers[account];
    if (signer === undefined) throw new Error(`there is no account ${account}`);
    return signer;
  };
  const keepers = keeperAccounts.map((account) => ({
    operator: signerOf(account),
    reportKey: signerOf(account),
  }));
  await stakeKeepers(desk.ballast, signerOf(VOTES_HOLDER_ACCOUNT), keepers);
  const domain = {
    name: "Ballast",
    version: "1",
    chainId: BigInt(LOCAL_CHAIN_ID),
    verifyingContract: asHex(await desk.ballast.oracle.getAddress()),
  };
  return {
    desk,
    server,
    folder,
    deploymentFile,
    domain,
    signerOf,
    stakeOf: (account: number) => desk.ballast.staking.atStakeUnits(signerOf(account).address),
    /** A report as these keepers sign it. */
    signedBy: (accounts: readonly number[], report: SignedByDesk["report"]): SignedCall => {
      const hash = hashHead(domain, headOf(report));
      return { report, signatures: accounts.map((each) => walletOf(each).signingKey.sign(hash).serialized) };
    },
    submitCall: ({ report, signatures }: SignedCall) =>
      desk.ballast.oracle.interface.encodeFunctionData("submit", [report, [...signatures]]),
    /** Sends a call that may be refused: it stands in a block all the same. */
    send: async (to: string, data: BytesLike) => {
      const sending = signerOf(STRANGER_ACCOUNT).sendTransaction({
        to,
        data: asHex(String(data)),
        gasLimit: SUBMIT_GAS,
      });
      await sending.then((sent) => sent.wait()).catch(() => undefined);
    },
    /** One round of a process of its own; all share a store. */
    watchtower: async (...more: readonly string[]) => {
      const run = await runBallast(deploymentFile, [
        ...["watchtower", "--once", "--json", "--from-block", "0"],
        ...["--dev-account", PROVER_ACCOUNT.toString(), ...more],
      ]);
      expect(run.code, run.err).to.equal(0);
      return { result: JSON.parse(run.out) as Record<string, number>, log: run.err };
    },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type WatchedDesk = Awaited<ReturnType<typeof openWatchedDesk>>;
