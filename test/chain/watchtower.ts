import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type BytesLike, HDNodeWallet, JsonRpcProvider, Network } from "ethers";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { hashHead, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { createWatchChain } from "../../keeper/adapters/ethers/watch-chain.ts";
import { startStatusServer } from "../../keeper/adapters/http/status-server.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import type { SignedHead } from "../../keeper/ports/watch-chain.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import { stakeKeepers } from "../../scripts/demo/stake-keepers.ts";
import { openDesk, type Desk } from "../support/ballast-desk.ts";
import { keeperFile } from "../support/keeper-file.ts";
import { keeperStatus } from "../support/keeper-status.ts";
import { recordingTelemetry } from "../support/keeper-doubles.ts";
import { deployMaskedOracle, masked } from "../support/masked-oracle.ts";
import { runBallast, startBallast } from "../support/run-ballast.ts";
import { serveRpc, type RpcServer } from "../support/rpc-server.ts";

/** The accounts of the keepers. The three that sign reports lie, each in another way. */
const [DIRECT_LIAR, CARRYING_LIAR, MASKED_LIAR, HONEST] = [4, 6, 7, 5];
const KEEPER_ACCOUNTS = [DIRECT_LIAR, CARRYING_LIAR, MASKED_LIAR, HONEST];
const PROVER_ACCOUNT = 9;
const STRANGER_ACCOUNT = 8;
const VOTES_HOLDER_ACCOUNT = 1;
const SUBMIT_GAS = 3_000_000n;
const LOCAL_CHAIN_ID = 31_337;
/** Hardhat's accounts come from its well-known phrase. */
const walletOf = (account: number) =>
  HDNodeWallet.fromPhrase(
    "test test test test test test test test test test test junk",
    undefined,
    `m/44'/60'/0'/0/${account}`,
  );
type SignedByDesk = Awaited<ReturnType<Desk["signReport"]>>;

const headOf = (report: SignedByDesk["report"]) =>
  reportHead({
    ...report,
    configDigest: asHex(report.configDigest),
    blockNumber: BigInt(report.blockNumber),
    blockHash: asHex(report.blockHash),
    accountRoot: asHex(report.accountRoot),
    round: Number(report.round),
    pegBps: Number(report.pegBps),
  });

describe("the watchtower", function () {
  let desk: Desk;
  let server: RpcServer;
  let folder = "";
  // Who is proven to have lied is out of the keeper set, so that each of these needs a network of its own.
  beforeEach(async () => {
    desk = await openDesk();
    server = await serveRpc(desk.connection.provider);
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    writeDeploymentFile(
      join(folder, "deployment.json"),
      await deploymentRecord(desk.ballast, await loadParameters("local"), server.url),
    );
    const keepers = KEEPER_ACCOUNTS.map((account) => ({
      operator: signerOf(account),
      reportKey: signerOf(account),
    }));
    await stakeKeepers(desk.ballast, signerOf(VOTES_HOLDER_ACCOUNT), keepers);
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const signerOf = (account: number) => {
    const signer = desk.signers[account];
    if (signer === undefined) throw new Error(`there is no account ${account}`);
    return signer;
  };
  const stakeOf = (account: number) => desk.ballast.staking.atStakeUnits(signerOf(account).address);

  /** One round of a process of its own; all share a store. */
  const watchtower = async (...more: readonly string[]) => {
    const run = await runBallast(join(folder, "deployment.json"), [
      ...["watchtower", "--once", "--json", "--from-block", "0"],
      ...["--dev-account", PROVER_ACCOUNT.toString(), ...more],
    ]);
    expect(run.code, run.err).to.equal(0);
    return { result: JSON.parse(run.out) as Record<string, number>, log: run.err };
  };

  const domain = async () => ({
    name: "Ballast",
    version: "1",
    chainId: BigInt(LOCAL_CHAIN_ID),
    verifyingContract: asHex(await desk.ballast.oracle.getAddress()),
  });

  /** The same round with another payload, signed by one key. */
  const secondBy = async (
    account: number,
    { report }: Pick<SignedByDesk, "report">,
  ): Promise<Pick<SignedByDesk, "report" | "signatures">> => {
    const other = { ...report, pegBps: report.pegBps - 1n };
    const hash = hashHead(await domain(), headOf(other));
    return { report: other, signatures: [walletOf(account).signingKey.sign(hash).serialized] };
  };

  /** Sends a call that may be refused: it stands in a block all the same. */
  const send = async (to: string, data: BytesLike) => {
    const sending = signerOf(STRANGER_ACCOUNT).sendTransaction({
      to,
      data: asHex(String(data)),
      gasLimit: SUBMIT_GAS,
    });
    await sending.then((sent) => sent.wait()).catch(() => undefined);
  };
  const submitCall = ({ report, signatures }: Pick<SignedByDesk, "report" | "signatures">) =>
    desk.ballast.oracle.interface.encodeFunctionData("submit", [report, [...signatures]]);
  const oracleAddress = () => desk.ballast.oracle.getAddress();

  /** A report is accepted; then one of its signers sends another for the round. */
  const equivocate = async (account: number) => {
    const first = await desk.signReport();
    await desk.ballast.oracle.submit(first.report, first.signatures);
    await send(await oracleAddress(), submitCall(await secondBy(account, first)));
  };

  it("is not blinded by a call of the oracle that cannot be read, and slashes who signed twice after it", async () => {
    expect((await watchtower()).result).to.include({ reports: 1, proven: 0 });
    await send(
      await oracleAddress(),
      `${submitCall(await desk.signReport()).slice(0, 10)}${"ff".repeat(64)}`,
    );
    await equivocate(DIRECT_LIAR);
    expect(await stakeOf(DIRECT_LIAR)).to.be.greaterThan(0n);
    const { result, log } = await watchtower();
    expect(result).to.include({ reports: 2, equivocations: 1, proven: 1, unread: 0 });
    expect(log).to.include("equivocation-proven").and.include(signerOf(DIRECT_LIAR).address);
    expect(await stakeOf(DIRECT_LIAR)).to.equal(0n);
    expect(log).to.include("keeper-expelled");
    expect(await desk.ballast.keepers.keepers()).not.to.include(signerOf(DIRECT_LIAR).address);
    expect(await desk.ballast.token.balanceOf(signerOf(PROVER_ACCOUNT).address)).to.be.greaterThan(0n);
  });

  it("sees what other contracts carry, in a life of its own after the first signature", async () => {
    const first = await desk.signReport();
    await desk.ballast.oracle.submit(first.report, first.signatures);
    expect((await watchtower()).result).to.include({ proven: 0 });
    const { report, signatures } = await secondBy(CARRYING_LIAR, first);
    const { liquidation } = desk.ballast;
    const bid = {
      account: 1n,
      bidder: 1n,
      shareWad: 1n,
      phase: 1n,
      version: 1n,
      maxPaidE6: 1n,
      deadline: 1n,
    };
    const data = liquidation.interface.encodeFunctionData("bidWithReport", [report, [...signatures], bid]);
    await send(await liquidation.getAddress(), data);
    expect((await watchtower()).result).to.include({ equivocations: 1, proven: 1 });
    expect(await stakeOf(CARRYING_LIAR)).to.equal(0n);
  });

  it("reads an accepted report from a trace when no call shows it, and compares it with what was signed elsewhere", async () => {
    const first = await desk.signReport();
    const hidden = await deployMaskedOracle(signerOf(STRANGER_ACCOUNT), await oracleAddress());
    await send(await oracleAddress(), submitCall(await secondBy(MASKED_LIAR, first)));
    await send(hidden, masked(submitCall(first)));
    expect((await desk.ballast.oracle.header()).epoch).to.equal(first.report.epoch);
    expect((await watchtower()).result).to.include({ reports: 3, unread: 0, equivocations: 1, proven: 1 });
    expect(await stakeOf(MASKED_LIAR)).to.equal(0n);
  });

  it("says of an accepted report that it could not read it when the node shows no trace", async () => {
    const first = await desk.signReport();
    const hidden = await deployMaskedOracle(signerOf(STRANGER_ACCOUNT), await oracleAddress());
    await send(hidden, masked(submitCall(first)));
    const { ballast } = desk;
    const addresses = {
      riskOracle: asHex(await oracleAddress()),
      keeperRegistry: asHex(await ballast.keepers.getAddress()),
    };
    const domain = {
      name: "Ballast",
      version: "1",
      chainId: BigInt(LOCAL_CHAIN_ID),
      verifyingContract: addresses.riskOracle,
    };
    const provider = new TracelessProvider(server.url, undefined, {
      staticNetwork: Network.from(LOCAL_CHAIN_ID),
    });
    const chain = createWatchChain(addresses, domain, provider, recordingTelemetry());
    const latest = await chain.latestBlock();
    const block = await chain.block(latest.number, await chain.configurations());
    provider.destroy();
    expect(block?.hash).to.equal(latest.hash);
    expect(block?.reports).to.deep.equal([]);
    expect(block?.unread.map(({ isAccepted }) => isAccepted)).to.deep.equal([true]);
    expect(block?.unread[0]?.reason).to.include("shows no trace");
  });

  it("takes nobody's stake for one signature, and nothing twice", async () => {
    const honest = await stakeOf(HONEST);
    expect(honest).to.be.greaterThan(0n);
    await equivocate(DIRECT_LIAR);
    expect((await watchtower()).result).to.include({ equivocations: 1, proven: 1 });
    const again = join(folder, "again.sqlite");
    const { result, log } = await watchtower("--store", again);
    expect(result).to.include({ equivocations: 1, proven: 0 });
    expect(log).not.to.include("keeper-expelled");
    expect(await stakeOf(HONEST)).to.equal(honest);
  });

  it("works for a keeper's configuration alone: its deployment, its nodes", async () => {
    const config = join(folder, "keeper.json");
    const content = keeperFile({
      rpcUrls: [server.url],
      marketData: { kind: "replay", dataFolder: `${PROJECT_ROOT}data`, episode: "2026-02" },
    });
    writeFileSync(config, JSON.stringify(content));
    const run = await runBallast(null, [
      ...["watchtower", "--once", "--json", "--config", config],
      ...["--dev-account", PROVER_ACCOUNT.toString()],
    ]);
    expect(run.code, run.err).to.equal(0);
    expect(JSON.parse(run.out)).to.include({ equivocations: 0, deviating: 0 });
  });

  it("proves what a keeper heard and shows, though nothing of it is on the chain", async () => {
    const signing = await domain();
    const second = await secondBy(HONEST, await desk.signReport());
    const third = await secondBy(HONEST, second);
    const [first, other] = [second, third].map(({ report, signatures: [signature = "0x"] }): SignedHead => {
      const head = headOf(report);
      const hash = hashHead(signing, head);
      return { head, hash, signature: asHex(signature), signer: asHex(signerOf(HONEST).address) };
    });
    if (first === undefined || other === undefined) throw new RangeError("two heads");
    const keeper = await startStatusServer({
      ...{ host: "127.0.0.1", port: 0, status: keeperStatus, telemetry: recordingTelemetry() },
      metrics: { contentType: "text/plain", text: () => Promise.resolve("") },
      evidence: () => [{ signer: first.signer, first, second: other }],
      observations: () => null,
      accountRisk: null,
    });
    const { result } = await watchtower("--keeper", keeper.url);
    await keeper.close();
    expect(result).to.include({ equivocations: 0, shown: 1, proven: 1 });
    expect(await stakeOf(HONEST)).to.equal(0n);
  });

  it("runs until it is told to stop: it serves what it knows, and lets no other have its store", async () => {
    const store = join(folder, "running.sqlite");
    const args = ["--dev-account", PROVER_ACCOUNT.toString(), "--from-block", "0", "--store", store];
    const named = ["--deployment", join(folder, "deployment.json")];
    await equivocate(DIRECT_LIAR);
    const running = startBallast(["watchtower", ...named, ...args, "--http-port", "0", "--interval", "0.1"]);
    const { url } = await running.logged("watchtower-started");
    await running.logged("equivocation-seen");
    const second = await runBallast(null, ["watchtower", "--once", ...named, ...args]);
    expect(second.code).to.equal(1);
    expect(second.err).to.include("in use by another watchtower");
    const metrics = await (await fetch(`${String(url)}/metrics`)).text();
    expect(metrics).to.match(/^ballast_watchtower_equivocations_total [1-9]/m);
    expect((await fetch(`${String(url)}/healthz`)).status).to.equal(200);
    expect(await running.stop()).to.equal(0);
  });
});

/** A node without the debug namespace. */
class TracelessProvider extends JsonRpcProvider {
  override send(method: string, params: unknown[]): Promise<unknown> {
    if (method.startsWith("debug_")) return Promise.reject(new Error(`the method ${method} does not exist`));
    return super.send(method, params);
  }
}
