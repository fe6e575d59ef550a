import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PROJECT_ROOT, runCommand } from "../../scripts/run-command.ts";

const TIMEOUT_MS = 240_000;
const DEMO = ["--import", "tsx", "scripts/demo.ts"];

/** Exit code of a process ended by SIGINT. */
const INTERRUPTED = 130;
const GONE_MS = 5_000;
const POLL_MS = 50;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

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
    const { exitCode, lastLine } = await runDemo(["--json", "--snapshots", "3", "--out", folder]);
    expect(exitCode, lastLine).to.equal(0);
    const result: unknown = JSON.parse(lastLine);
    expect(result).to.include({ episode: "2026-02", reports: 3, conservationErrorUnits: 0, badDebtUsd: 0 });
    expect(result).to.have.property("accounts").that.is.at.least(40);
    expect(result)
      .to.have.property("models")
      .that.has.all.keys("static", "volatilityScaled", "var", "stress", "default");
    expect(result).to.have.property("keepers").that.includes({
      processes: 4,
      killed: "keeper-2",
      killedAfterReports: 1,
      returnedAfterReports: 2,
      reportsWhileAway: 1,
    });
    expect(result).to.have.nested.property("keepers.rooted").that.is.at.least(1);
    for (const chart of ["market", "margin-models", "margin-strategies", "health", "auctions"]) {
      expect(await readFile(join(folder, `2026-02-${chart}.svg`), "utf8")).to.match(/^<svg/);
    }
  });

  it("leaves no process behind when it is interrupted", async () => {
    const demo = spawn(process.execPath, [...DEMO, "--out", folder], { cwd: PROJECT_ROOT });
    let output = "";
    const gone = once(demo, "exit");
    await new Promise<void>((resolve, reject) => {
      demo.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (/(?:\(process \d+\)[^\n]*\n[^(]*){4}/.test(output)) resolve();
      });
      demo.once("exit", () => {
        reject(new Error(`the demo ended by itself:\n${output}`));
      });
    });
    const pids = [...output.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
    expect([...output.matchAll(/\(process \d+\) {2}http:\/\/127\.0\.0\.1:\d+/g)]).to.have.length(4);
    expect(pids).to.have.length(4);
    expect(pids.filter(isRunning)).to.have.length(4);
    demo.kill("SIGINT");
    expect((await gone)[0]).to.equal(INTERRUPTED);
    const deadline = performance.now() + GONE_MS;
    while (pids.some(isRunning) && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    expect(pids.filter(isRunning)).to.deep.equal([]);
  });

  it("refuses what it does not know and says where to look", async () => {
    const unknown = await runDemo(["--episode", "1929-10"]);
    expect(unknown.exitCode).to.equal(1);
    const misspelt = await runDemo(["--jsno"]);
    expect(misspelt.exitCode).to.equal(1);
    expect(misspelt.lastLine).to.include("--help");
  });
});
