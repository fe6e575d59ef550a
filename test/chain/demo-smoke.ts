import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PROJECT_ROOT, runCommand } from "../../scripts/run-command.ts";

const TIMEOUT_MS = 240_000;
const DEMO = ["--import", "tsx", "scripts/demo.ts"];

interface DemoResult {
  readonly exitCode: number;
  readonly lastLine: string;
}

async function runDemo(args: readonly string[]): Promise<DemoResult> {
  const { exitCode, output } = await runCommand(process.execPath, [...DEMO, ...args], {
    echo: false,
    cwd: PROJECT_ROOT,
  });
  const lines = output.trimEnd().split("\n");
  return { exitCode, lastLine: lines.findLast((line) => line.startsWith("{")) ?? lines.at(-1) ?? "" };
}

describe("the demo", function () {
  this.timeout(TIMEOUT_MS);
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ballast-demo-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("replays the first snapshots and balances to the last unit", async () => {
    const { exitCode, lastLine } = await runDemo(["--json", "--snapshots", "2", "--out", folder]);
    expect(exitCode, lastLine).to.equal(0);
    const result: unknown = JSON.parse(lastLine);
    expect(result).to.include({ episode: "2026-02", reports: 2, conservationErrorUnits: 0, badDebtUsd: 0 });
    expect(result).to.have.property("accounts").that.is.at.least(40);
    expect(result)
      .to.have.property("models")
      .that.has.all.keys("static", "volatilityScaled", "var", "stress", "default");
    for (const chart of ["market", "margin-models", "margin-strategies", "health", "auctions"]) {
      expect(await readFile(join(folder, `2026-02-${chart}.svg`), "utf8")).to.match(/^<svg/);
    }
  });

  it("refuses what it does not know and says where to look", async () => {
    const unknown = await runDemo(["--episode", "1929-10"]);
    expect(unknown.exitCode).to.equal(1);
    const misspelt = await runDemo(["--jsno"]);
    expect(misspelt.exitCode).to.equal(1);
    expect(misspelt.lastLine).to.include("--help");
  });
});
