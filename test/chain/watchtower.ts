import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { HDNodeWallet } from "ethers";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { hashHead, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { createWatchChain } from "../../keeper/adapters/ethers/watch-chain.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { openDesk, type Desk } from "../support/ballast-desk.ts";
import { runBallast } from "../support/run-ballast.ts";
import { serveRpc, type RpcServer } from "../support/rpc-server.ts";

const LIAR_ACCOUNT = 4;
const PROVER_ACCOUNT = 9;
const VOTES_HOLDER_ACCOUNT = 1;
/** Hardhat's accounts come from its well-known phrase. */
const LIAR = HDNodeWallet.fromPhrase(
  "test test test test test test test test test test test junk",
  undefined,
  `m/44'/60'/0'/0/${LIAR_ACCOUNT}`,
);
const SUBMIT_GAS = 3_000_000n;

describe("the watchtower", function () {
  let desk: Desk;
  let server: RpcServer;
  let folder = "";
  before(async () => {
    desk = await openDesk();
    server = await serveRpc(desk.connection.provider);
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    writeDeploymentFile(
      join(folder, "deployment.json"),
      await deploymentRecord(desk.ballast, await loadParameters("local"), server.url),
    );
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const watchtower = async () => {
    const run = await runBallast(join(folder, "deployment.json"), [
      ...["watchtower", "--once", "--json", "--from-block", "0"],
      ...["--dev-account", PROVER_ACCOUNT.toString()],
    ]);
    expect(run.code, run.err).to.equal(0);
    return { result: JSON.parse(run.out) as Record<string, number>, log: run.err };
  };

  /** Reads what was submitted, and signs another report for the same round with one key. */
  const equivocate = async () => {
    const { ballast, connection } = desk;
    const { provider } = connection.ethers;
    const domain = {
      name: "Ballast",
      version: "1",
      chainId: (await provider.getNetwork()).chainId,
      verifyingContract: asHex(await ballast.oracle.getAddress()),
    };
    const addresses = {
      riskOracle: domain.verifyingContract,
      keeperRewards: asHex(await ballast.rewards.getAddress()),
      keeperSlashing: asHex(await ballast.slashing.getAddress()),
    };
    const chain = createWatchChain(addresses, domain, provider, await provider.getSigner(0));
    const [submitted] = await chain.submissions(0n, await chain.headNumber());
    if (submitted === undefined) throw new Error("no report was submitted");
    expect(submitted.isAccepted).to.equal(true);
    expect(submitted.signatures).to.have.length(3);
    const other = { ...submitted.report, pegBps: submitted.report.pegBps - 1 };
    const { signingKey } = LIAR;
    const signature = signingKey.sign(hashHead(domain, reportHead(other))).serialized;
    const call = { ...other, markets: [...other.markets], smiles: [...other.smiles] };
    const sending = ballast.oracle.submit(call, [signature], { gasLimit: SUBMIT_GAS });
    // The oracle refuses it; the transaction is in a block all the same.
    await sending.then((sent) => sent.wait()).catch(() => undefined);
  };

  const stakeAsLiar = async (): Promise<bigint> => {
    const { ballast, signers } = desk;
    const [holder, liar] = [signers[VOTES_HOLDER_ACCOUNT], signers[LIAR_ACCOUNT]];
    if (holder === undefined || liar === undefined) throw new Error("an account is missing");
    const entries = await ballast.keepers.entries();
    const found = entries.find(({ reportKey }) => reportKey === liar.address);
    if (found === undefined) throw new Error("the liar is no keeper");
    const { reportKey, networkKey, payee, endpoint } = found;
    const units = await ballast.staking.minStakeUnits();
    await ballast.token.connect(holder).transfer(liar.address, units);
    await ballast.token.connect(liar).approve(await ballast.staking.getAddress(), units);
    const hash = await ballast.staking.possessionHash(liar.address, reportKey, networkKey);
    const possession = LIAR.signingKey.sign(hash).serialized;
    await ballast.staking.connect(liar).join({ reportKey, networkKey, payee, endpoint }, units, possession);
    return units;
  };

  it("slashes a keeper that signed two reports for one round, though the second was never accepted", async () => {
    const { ballast, signers } = desk;
    const [liar, prover] = [signers[LIAR_ACCOUNT]?.address ?? "", signers[PROVER_ACCOUNT]?.address ?? ""];
    expect((await watchtower()).result).to.include({ reports: 1, proven: 0 });
    const units = await stakeAsLiar();
    await equivocate();
    expect(await ballast.staking.atStakeUnits(liar)).to.equal(units);
    const { result, log } = await watchtower();
    expect(result).to.include({ reports: 2, proven: 1, deviating: 0 });
    expect(log).to.include("equivocation-proven").and.include(liar);
    expect(await ballast.staking.atStakeUnits(liar)).to.equal(0n);
    expect(await ballast.token.balanceOf(prover)).to.be.greaterThan(0n);
  });
});
