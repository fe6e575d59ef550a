// A sending process that is killed with SIGKILL, and another one that finds its log: the effect is on the chain exactly once.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import { deployCounter, fund, startDevNode, type Counter, type DevNode } from "../support/dev-node.ts";
import { accountOf } from "../support/sending-account.ts";

const POLL_MS = 20;
const TIMEOUT_MS = 30_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Sending {
  readonly child: ChildProcess;
  output(): string;
}

describe("a sender that is killed", () => {
  let node: DevNode;
  let counter: Counter;
  let folder = "";

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-kill-"));
    node = await startDevNode();
    counter = await deployCounter(node);
  });
  after(async () => {
    await node.stop();
    rmSync(folder, { recursive: true });
  });

  const start = (name: string, stopAt: string): Sending => {
    const script = join("test", "support", "sender-process.ts");
    const logFile = join(folder, `${name}.db`);
    const args = ["--import", "tsx", script, node.url, logFile, name, counter.address, name, stopAt];
    const child = spawn(process.execPath, args, { cwd: PROJECT_ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  };
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + TIMEOUT_MS;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await pause(POLL_MS);
    }
  };
  const kill = async (sending: Sending): Promise<void> => {
    const { child } = sending;
    expect(child.exitCode, `it ended before it was killed:\n${sending.output()}`).to.equal(null);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  /** The account's transactions, those that wait included. */
  const pendingNonce = async (name: string): Promise<number> =>
    Number(await node.rpc("eth_getTransactionCount", [accountOf(name).address, "pending"]));
  const finish = async (name: string): Promise<void> => {
    const sending = start(name, "nowhere");
    await until(`the second process of ${name}`, async () => {
      await node.mine();
      return sending.child.exitCode !== null || sending.output().includes("done mined");
    });
    expect(sending.output()).to.include("done mined");
    // What is done may end by itself.
    if (sending.child.exitCode === null) await kill(sending);
  };
  const killedAt = (place: string, run: (name: string) => Promise<void>) => {
    it(`does the effect once: killed ${place}`, async () => {
      const name = `killed-${place.replaceAll(" ", "-")}`;
      await fund(node, accountOf(name).address);
      await node.mine();
      const before = await counter.count();
      await run(name);
      await finish(name);
      expect(await counter.count()).to.equal(before + 1);
      await node.mine(3);
      expect(await counter.count(), "nothing of it was left over").to.equal(before + 1);
      expect(await pendingNonce(name)).to.equal(1);
    });
  };

  killedAt("between intent and hash", async (name) => {
    const sending = start(name, "intent");
    await until("the intent", () => sending.output().includes("reached intent"));
    await kill(sending);
    expect(await pendingNonce(name)).to.equal(0);
  });

  killedAt("between hash and node", async (name) => {
    const sending = start(name, "hash");
    await until("the hash", () => sending.output().includes("reached hash"));
    await kill(sending);
    expect(await pendingNonce(name)).to.equal(0);
  });

  killedAt("while it waits in the pool", async (name) => {
    const sending = start(name, "nowhere");
    await until("the pool", async () => (await pendingNonce(name)) === 1);
    await kill(sending);
  });

  killedAt("between block and confirmation", async (name) => {
    const sending = start(name, "nowhere");
    await until("the pool", async () => (await pendingNonce(name)) === 1);
    await node.mine();
    await kill(sending);
  });

  killedAt("before its block falls out of the chain", async (name) => {
    const sending = start(name, "nowhere");
    await until("the pool", async () => (await pendingNonce(name)) === 1);
    await node.mine(2);
    await kill(sending);
    await node.reorganise(2);
  });
});
