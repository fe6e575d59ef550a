// `ballast account proof`: a row of the account-risk table that the chain believes, made from the chain or asked of a keeper.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { createAccountRiskChain } from "../../keeper/adapters/ethers/account-risk-chain.ts";
import { startStatusServer, type StatusServer } from "../../keeper/adapters/http/status-server.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { NO_ACCOUNT_ROOT } from "../../keeper/core/report/account-root.ts";
import type { AccountRiskAnswer } from "../../keeper/ports/account-risk.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { proveAccount } from "../../keeper/services/account-risk.ts";
import { readAccountRiskTable, type AccountRiskTable } from "../../keeper/services/account-risk-table.ts";
import { keccak } from "../support/account-risk-double.ts";
import { openDesk, USD, type Desk } from "../support/ballast-desk.ts";
import { recordingTelemetry } from "../support/keeper-doubles.ts";
import { keeperStatus } from "../support/keeper-status.ts";
import { serveRpc, type RpcServer } from "../support/rpc-server.ts";
import { runBallast } from "../support/run-ballast.ts";

interface Printed {
  readonly accountRoot: string;
  readonly leaf: string;
  readonly proof: readonly string[];
  readonly verifier: string;
}

describe("ballast account proof", () => {
  let desk: Desk;
  let server: RpcServer;
  let keeper: StatusServer;
  let folder = "";
  let table: AccountRiskTable;
  let answer: AccountRiskAnswer = { kind: "no-root" };

  const run = (...args: readonly string[]) => runBallast(join(folder, "deployment.json"), args);
  const prove = (...args: readonly string[]) => run("account", "proof", ...args);
  const printed = async (...args: readonly string[]): Promise<Printed> => {
    const { code, out, err } = await prove(...args, "--json");
    expect(code, err).to.equal(0);
    return JSON.parse(out) as Printed;
  };
  const refusal = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await prove(...args);
    expect(code, out).to.equal(1);
    return err;
  };

  before(async () => {
    desk = await openDesk();
    for (const cash of [5_000n, 0n, 70_000n]) await desk.openAccount(cash * USD);
    server = await serveRpc(desk.connection.provider);
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    const record = await deploymentRecord(desk.ballast, await loadParameters("local"), server.url);
    writeDeploymentFile(join(folder, "deployment.json"), record);
    keeper = await startStatusServer({
      host: "127.0.0.1",
      port: 0,
      status: keeperStatus,
      evidence: () => [],
      observations: () => null,
      metrics: { contentType: "text/plain", text: () => Promise.resolve("") },
      accountRisk: () => answer,
      telemetry: recordingTelemetry(),
    });
    await desk.report();
    const { epoch, round } = await desk.ballast.oracle.header();
    const addresses = {
      riskOracle: asHex(await desk.ballast.oracle.getAddress()),
      clearingHouse: asHex(await desk.ballast.house.getAddress()),
      marginLens: asHex(await desk.ballast.lens.getAddress()),
    };
    const chain = createAccountRiskChain(addresses, desk.connection.ethers.provider);
    table = await readAccountRiskTable(
      { chain, timer: { nowMs: () => 0 }, keccak256: keccak },
      { epoch, round: Number(round) },
      new AbortController().signal,
    );
  });
  after(async () => {
    await keeper.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("says that there is none while the last report publishes no table", async () => {
    expect(await refusal("1"))
      .to.include("publishes no account-risk table")
      .and.include("oracle status");
    expect(await refusal("4")).to.include("there is no account 4");
  });

  it("makes the table from the chain and shows a proof that the chain believes", async () => {
    await desk.report({}, table.tree?.root);
    const { accountRisk, oracle } = desk.ballast;
    for (const [index, row] of table.rows.entries()) {
      const shown = await printed((index + 1).toString());
      expect(shown.accountRoot).to.equal(await oracle.accountRoot());
      expect(shown.leaf).to.equal(await accountRisk.hashAccountRisk(row));
      expect(shown.verifier).to.equal(await accountRisk.getAddress());
      expect(await accountRisk.verifyAccountRisk(row, [...shown.proof])).to.equal(true);
    }
    const { out } = await prove("3");
    expect(out).to.include("equity 70,000.00 USD").and.include("The chain believes it");
  });

  it("takes a proof from a keeper, and believes none that the chain does not", async () => {
    const [row] = table.rows;
    if (row === undefined) throw new Error("the table has rows");
    answer = proveAccount(table, 1n, keccak);
    expect(await printed("1", "--keeper", keeper.url)).to.deep.equal(await printed("1"));
    expect(await refusal("2", "--keeper", keeper.url)).to.include("no row of that account");
    const lie = { ...row, equityE6: row.equityE6 + 1n };
    answer = { kind: "proven", accountRoot: NO_ACCOUNT_ROOT, row: lie, leaf: NO_ACCOUNT_ROOT, proof: [] };
    expect(await refusal("1", "--keeper", keeper.url)).to.include("does not believe");
    answer = { kind: "no-root" };
    expect(await refusal("1", "--keeper", keeper.url)).to.match(/gives no proof: .*publishes no/);
    expect(await refusal("1", "--keeper", "http://127.0.0.1:1")).to.include("gives no proof: no answer");
  });

  it("says that no table of the last reports has a root that it cannot make", async () => {
    await desk.report({}, keccak("0x01"));
    expect(await refusal("1"))
      .to.include("no table of the last reports has the root")
      .and.include("--keeper");
  });
});
