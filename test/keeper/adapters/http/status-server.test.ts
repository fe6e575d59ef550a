import { createHash } from "node:crypto";
import { expect } from "chai";
import { startStatusServer, type StatusServer } from "../../../../keeper/adapters/http/status-server.ts";
import { readEquivocation } from "../../../../keeper/adapters/equivocation-text.ts";
import type { AccountRiskAnswer } from "../../../../keeper/ports/account-risk.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import type { KeeperStatus } from "../../../../keeper/ports/keeper-status.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { keeperStatus } from "../../../support/keeper-status.ts";
import { ALICE, signedHeadOf } from "../../../support/watched-chain.ts";

const EVIDENCE = {
  signer: ALICE,
  first: signedHeadOf(ALICE, "01"),
  second: signedHeadOf(ALICE, "02"),
};

describe("the status server", () => {
  let server: StatusServer;
  let status: () => KeeperStatus;
  let accountRisk: (account: bigint) => AccountRiskAnswer;
  const telemetry = recordingTelemetry();
  const metrics = { contentType: "text/plain; version=0.0.4", text: () => Promise.resolve("ballast 1\n") };
  before(async () => {
    const where = { host: "127.0.0.1", port: 0 };
    server = await startStatusServer({
      ...where,
      status: () => status(),
      evidence: () => [EVIDENCE],
      observations: () => null,
      metrics,
      accountRisk: (account) => accountRisk(account),
      telemetry,
    });
  });
  after(() => server.close());
  beforeEach(() => {
    status = () => keeperStatus();
    accountRisk = () => ({ kind: "no-root" });
  });

  it("is healthy whatever the keeper's state", async () => {
    status = () => {
      throw new Error("a defect");
    };
    const response = await fetch(`${server.url}/healthz`);
    expect([response.status, await response.json()]).to.deep.equal([200, { status: "ok" }]);
  });

  it("is ready when the keeper is, and says what is missing when not", async () => {
    expect((await fetch(`${server.url}/readyz`)).status).to.equal(200);
    const checks = [{ name: "peers", ok: false, detail: "1 of 3 connected" }];
    status = () => keeperStatus({ ready: false, checks });
    const response = await fetch(`${server.url}/readyz`);
    expect([response.status, await response.json()]).to.deep.equal([503, { ready: false, checks }]);
  });

  it("shows a row of the account-risk table with its proof, and says why there is none", async () => {
    const hash = (digits: string): Hex => asHex(`0x${digits.repeat(32)}`);
    const row = { epoch: 4n, round: 7, account: 3n, equityE6: -5n, initialE6: 2n, maintenanceE6: 1n };
    const proven = { accountRoot: hash("a1"), row, leaf: hash("b2"), proof: [hash("c3"), hash("d4")] };
    const ask = async (account: string) => {
      const response = await fetch(`${server.url}/account-risk/${account}`);
      return [response.status, await response.json()] as const;
    };
    const reason = async () => JSON.stringify(await ask("3"));
    accountRisk = (account) => (account === 3n ? { kind: "proven", ...proven } : { kind: "no-root" });
    expect(await ask("3")).to.deep.equal([
      200,
      {
        ...proven,
        row: { ...row, epoch: "4", account: "3", equityE6: "-5", initialE6: "2", maintenanceE6: "1" },
      },
    ]);
    accountRisk = () => ({ kind: "no-root" });
    expect(await reason()).to.match(/^\[404.*publishes no account-risk table/);
    accountRisk = () => ({ kind: "unknown-root", accountRoot: hash("a1") });
    expect(await reason()).to.match(/^\[404.*0xa1a1.*ask another/);
    accountRisk = () => ({ kind: "no-account", accounts: 2 });
    expect(await reason()).to.match(/^\[404.*ends with account 2/);
    accountRisk = () => {
      throw new Error("asked for what is no account");
    };
    for (const account of ["0", "-1", "1.5", "x", "9".repeat(78), "1%2f2"])
      expect((await ask(account))[0]).to.equal(400);
  });

  it("shows of a URL in its state no more than scheme and host", async () => {
    const detail = "https://me:secret@node.example/v3/key does not answer";
    status = () => keeperStatus({ ready: false, checks: [{ name: "nodes", ok: false, detail }] });
    for (const path of ["/readyz", "/status.json"]) {
      const text = await (await fetch(`${server.url}${path}`)).text();
      expect(text)
        .to.include("https://node.example/[hidden] does not answer")
        .and.not.match(/secret|key/);
    }
  });

  it("logs a defect that keeps it from showing its state, and shows the cause to nobody", async () => {
    status = () => {
      throw new Error("the inside of the program");
    };
    const response = await fetch(`${server.url}/status.json`);
    expect(response.status).to.equal(500);
    expect(await response.text())
      .to.include("see its log")
      .and.not.include("inside");
    expect(telemetry.lines.at(-1)).to.deep.equal({
      event: "status-not-shown",
      fields: { reason: "Error: the inside of the program" },
    });
  });

  it("gives the status as JSON with big integers as text", async () => {
    const body = (await (await fetch(`${server.url}/status.json`)).json()) as KeeperStatus;
    expect(body.report).to.deep.equal({ epoch: "12", round: 1, observedAtSeconds: 1_770_000_000 });
    expect(body.members[0]?.balanceWei).to.equal("1500000000000000000");
  });

  it("hands out whole proofs that are not on the chain, for whoever can bring them there", async () => {
    const response = await fetch(`${server.url}/evidence.json`);
    const body = (await response.json()) as unknown[];
    expect(body.map((each) => readEquivocation(JSON.stringify(each)))).to.deep.equal([EVIDENCE]);
  });

  it("gives the metrics under their own type", async () => {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get("content-type")).to.equal(metrics.contentType);
    expect(await response.text()).to.equal("ballast 1\n");
  });

  it("serves one page that may run its own script alone", async () => {
    const response = await fetch(`${server.url}/`);
    const page = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    const [, script = ""] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? [];
    expect(policy).to.include(`'sha256-${createHash("sha256").update(script).digest("base64")}'`);
    expect(policy).to.include("default-src 'none'").and.not.include("unsafe");
    expect(page).not.to.match(/https?:\/\//);
    expect(page).to.include('lang="en"').and.include('aria-live="polite"').and.include('scope="col"');
  });

  it("names what there is when asked for something else", async () => {
    const response = await fetch(`${server.url}/admin`);
    expect(response.status).to.equal(404);
    expect(await response.text()).to.include("/status.json");
    expect((await fetch(`${server.url}/healthz`, { method: "POST" })).status).to.equal(404);
  });
});
