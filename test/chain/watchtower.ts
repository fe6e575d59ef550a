import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { JsonRpcProvider, Network } from "ethers";
import { hashHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { createWatchChain } from "../../keeper/adapters/ethers/watch-chain.ts";
import { startStatusServer } from "../../keeper/adapters/http/status-server.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import type { SignedHead } from "../../keeper/ports/watch-chain.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import type { Desk } from "../support/ballast-desk.ts";
import { keeperFile } from "../support/keeper-file.ts";
import { keeperStatus } from "../support/keeper-status.ts";
import { recordingTelemetry } from "../support/keeper-doubles.ts";
import { deployMaskedOracle, masked } from "../support/masked-oracle.ts";
import { runBallast, startBallast } from "../support/run-ballast.ts";
import type { RpcServer } from "../support/rpc-server.ts";
import {
  headOf,
  LOCAL_CHAIN_ID,
  openWatchedDesk,
  PROVER_ACCOUNT,
  type SignedCall,
  STRANGER_ACCOUNT,
  type WatchedDesk,
} from "../support/watched-desk.ts";

/** The accounts of the keepers. The three that sign reports lie, each in another way. */
const [DIRECT_LIAR, CARRYING_LIAR, MASKED_LIAR, HONEST] = [4, 6, 7, 5];
const KEEPER_ACCOUNTS = [DIRECT_LIAR, CARRYING_LIAR, MASKED_LIAR, HONEST];

describe("the watchtower", function () {
  let watched: WatchedDesk;
  let desk: Desk;
  let server: RpcServer;
  let folder = "";
  // Who is proven to have lied is out of the keeper set, so that each of these needs a network of its own.
  beforeEach(async () => {
    watched = await openWatchedDesk(KEEPER_ACCOUNTS);
    ({ desk, server, folder } = watched);
  });
  afterEach(() => watched.close());

  const signerOf = (account: number) => watched.signerOf(account);
  const stakeOf = (account: number) => watched.stakeOf(account);
  const watchtower = (...more: readonly string[]) => watched.watchtower(...more);
  const send: WatchedDesk["send"] = (to, data) => watched.send(to, data);
  const submitCall = (call: SignedCall) => watched.submitCall(call);
  const oracleAddress = () => desk.ballast.oracle.getAddress();

  /** The same round with another payload, signed by one key. */
  const secondBy = (account: number, { report }: Pick<SignedCall, "report">): SignedCall =>
    watched.signedBy([account], { ...report, pegBps: report.pegBps - 1n });

  /** A report is accepted; then one of its signers sends another for the round. */
  const equivocate = async (account: number) => {
    const first = await desk.signReport();
    await desk.ballast.oracle.submit(first.report, first.signatures);
    await send(await oracleAddress(), submitCall(secondBy(account, first)));
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
    const { report, signatures } = secondBy(CARRYING_LIAR, first);
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
    await send(await oracleAddress(), submitCall(secondBy(MASKED_LIAR, first)));
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
    const provider = new TracelessProvider(server.url, undefined, {
      staticNetwork: Network.from(LOCAL_CHAIN_ID),
    });
    const chain = createWatchChain(addresses, watched.domain, provider, recordingTelemetry());
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
    const second = secondBy(HONEST, await desk.signReport());
    const third = secondBy(HONEST, second);
    const [first, other] = [second, third].map(({ report, signatures: [signature = "0x"] }): SignedHead => {
      const head = headOf(report);
      const hash = hashHead(watched.domain, head);
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
    const named = ["--deployment", watched.deploymentFile];
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
