import { spawn, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { localBin } from "../run-command.ts";

/** A Hardhat node of our own. */
export interface NodeProcess {
  readonly url: string;
  /** Ends the node and waits until it is gone. Safe to call twice. */
  stop(): Promise<void>;
}

/** The network of hardhat.config.ts whose clock starts before every episode. */
const REPLAY_NETWORK = "replay";
const HOST = "127.0.0.1";
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const MAX_PORT_TRIES = 50;
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const STOP_TIMEOUT_MS = 5_000;
const KEPT_OUTPUT_CHARS = 4_000;

/**
 * A port that was free a moment ago, below those that systems give to outgoing connections (from 32,768): nothing takes it by chance before it is used.
 * @throws Error when many in a row are taken
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_PORT_TRIES; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`${MAX_PORT_TRIES} ports in a row are taken`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}

async function request(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return response.json();
}

/** Resolves once the node answers; throws with the node's output when it ends or stays silent. */
async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`the Hardhat node ended with code ${child.exitCode}:\n${output()}`);
    try {
      // The node logs every request otherwise, which costs more than answering it.
      await request(url, "hardhat_setLoggingEnabled", [false]);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  throw new Error(`the Hardhat node did not answer within ${START_TIMEOUT_MS / 1_000} s:\n${output()}`);
}

/**
 * Starts `hardhat node` on a free port and waits until it answers. The node ends with this process: on stop, on exit and on a signal.
 */
export async function startNode(): Promise<NodeProcess> {
  const port = await freePort();
  const url = `http://${HOST}:${port}`;
  const args = ["node", "--network", REPLAY_NETWORK, "--hostname", HOST, "--port", port.toString()];
  const child = spawn(process.execPath, [localBin("hardhat"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let kept = "";
  const keep = (chunk: Buffer) => (kept = (kept + chunk.toString()).slice(-KEPT_OUTPUT_CHARS));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const gone = once(child, "exit");
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);

  const stop = async () => {
    process.off("exit", kill);
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const forced = setTimeout(kill, STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(forced);
  };
  try {
    await untilReady(url, child, () => kept);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
