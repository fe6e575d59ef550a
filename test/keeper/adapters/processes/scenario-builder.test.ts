import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createScenarioBuilder } from "../../../../keeper/adapters/processes/scenario-builder.ts";
import { loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import { encodedScenarioSet } from "../../../../keeper/core/scenarios/build-set.ts";
import { ScenarioBuildFailed } from "../../../../keeper/ports/scenario-builder.ts";
import { marketRecords } from "../../../../keeper/services/scenarios.ts";
import { DATA_FOLDER } from "../replay/support.ts";

const histories = marketRecords(loadDailyHistory(DATA_FOLDER), [
  { market: 1, symbol: "BTC" },
  { market: 2, symbol: "ETH" },
]);
const POLL_MS = 20;
const PROGRAM = fileURLToPath(
  new URL("../../../../keeper/adapters/processes/scenario-process.ts", import.meta.url),
);
/** A parent that starts two builders, gives one of them its work, says who they are and stays. */
const ORPHANING = `
  import { fork } from "node:child_process";
  import { readFileSync } from "node:fs";
  const [file, program] = process.argv.slice(1);
  const children = [1, 2].map(() => fork(program, [], { execArgv: [], stdio: ["ignore", "ignore", "ignore", "ipc"] }));
  children[0].send(JSON.parse(readFileSync(file, "utf8")), () => console.log(JSON.stringify(children.map(({ pid }) => pid))));
`;
const { signal } = new AbortController();

/** Whether a process of this id exists. */
function isAlive(pid: number): boolean {
  try {
    return pid !== 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the process that builds a scenario set", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-scenarios-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** A program in the builder's place, which writes its process id to a file first. */
  const standIn = (name: string, lines: string) => {
    const [program, pidFile] = [join(folder, `${name}.mjs`), join(folder, `${name}.pid`)];
    const notePid = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(pidFile)}, String(process.pid));\n`;
    writeFileSync(program, notePid + lines);
    const pid = () => {
      try {
        return Number(readFileSync(pidFile, "utf8"));
      } catch {
        return 0;
      }
    };
    return { program, pid };
  };
  const failureOf = async (program: string, timeoutMs?: number): Promise<ScenarioBuildFailed> => {
    const builder = createScenarioBuilder({ program, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    const reason: unknown = await builder.build([], signal).catch((error: unknown) => error);
    if (!(reason instanceof ScenarioBuildFailed)) throw new Error(`no failure: ${String(reason)}`);
    return reason;
  };

  it("makes the bytes that the history makes here", async () => {
    expect(await createScenarioBuilder().build(histories, signal)).to.equal(encodedScenarioSet(histories));
  });

  it("gets the history and nothing else of its parent: no environment", async () => {
    const { program } = standIn(
      "environment",
      'process.once("message", () => process.send({ code: "failed", message: Object.keys(process.env).join() }, () => process.exit()));',
    );
    expect((await failureOf(program)).message).not.to.include("PATH");
  });

  it("says what the history lacks", async () => {
    const empty = histories.map((market) => ({ ...market, records: [] }));
    const reason: unknown = await createScenarioBuilder()
      .build(empty, signal)
      .catch((error: unknown) => error);
    expect(reason).to.be.instanceOf(ScenarioBuildFailed).and.have.property("code", "no-set");
    expect(String(reason)).to.include("series-too-short");
  });

  it("says how a process ended that gave no answer", async () => {
    const { program } = standIn("broken", 'console.error("out of luck");\nprocess.exit(3);');
    const failure = await failureOf(program);
    expect(failure.code).to.equal("broke-off");
    expect(failure.message).to.include("exit code 3").and.include("out of luck");
  });

  it("ends a process that takes too long", async () => {
    const { program, pid } = standIn("endless", "setInterval(() => undefined, 1_000);");
    const failure = await failureOf(program, 1_000);
    expect(failure.code).to.equal("timed-out");
    expect(failure.message).to.include("1000 ms");
    expect(isAlive(pid())).to.equal(false);
  });

  it("ends with the keeper: the process is gone and the reason is the signal's", async () => {
    const { program, pid } = standIn("told", "setInterval(() => undefined, 1_000);");
    const stop = new AbortController();
    const asked = createScenarioBuilder({ program }).build([], stop.signal);
    const outcome = asked.catch((error: unknown) => error);
    while (pid() === 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    expect(isAlive(pid())).to.equal(true);
    const reason = new Error("SIGTERM");
    stop.abort(reason);
    expect(await outcome).to.equal(reason);
    expect(isAlive(pid())).to.equal(false);
    expect(
      await createScenarioBuilder({ program })
        .build([], stop.signal)
        .catch((error: unknown) => error),
    ).to.equal(reason);
  });

  it("does not outlive a keeper that is killed, whether it waits or builds", async () => {
    const file = join(folder, "histories.json");
    writeFileSync(file, JSON.stringify(histories));
    const parent = spawn(process.execPath, ["--input-type=module", "-e", ORPHANING, file, PROGRAM], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pids = JSON.parse(line.toString()) as readonly number[];
    expect(pids.map(isAlive)).to.deep.equal([true, true]);
    parent.kill("SIGKILL");
    await once(parent, "close");
    while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  });
});
