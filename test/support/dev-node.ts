// A local chain whose blocks a test makes and unmakes: Anvil where it is installed, a Hardhat node otherwise.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { startNode } from "../../scripts/demo/node-process.ts";

const START_TIMEOUT_MS = 30_000;
const ANVIL_PACKAGE = "@foundry-rs/anvil-linux-amd64/package.json";
const MILLISECONDS = 1_000;
/** The rules of the contracts' compiler, and the room of the replay network of hardhat.config.ts. */
const ANVIL_CHAIN = ["--hardfork", "osaka", "--gas-limit", "1000000000"] as const;

/** Blocks come only from `mine`, until `mineAtOnce` or `mineEvery`. */
export interface DevNode {
  readonly url: string;
  readonly program: "anvil" | "hardhat";
  rpc(method: string, params?: readonly unknown[]): Promise<unknown>;
  mine(count?: number): Promise<void>;
  mineAtOnce(isOn: boolean): Promise<void>;
  /** From now on a block comes so often, and no transaction makes one. */
  mineEvery(seconds: number): Promise<void>;
  /** Makes a block of that time, which is ahead of the chain's; the chain's clock goes on from it. */
  mineAt(seconds: number): Promise<void>;
  /**
   * Replaces the last blocks by as many others, back to the last restart at most: Anvil loses the states before it. Their transactions are in none
   * of them and in no pool.
   */
  reorganise(depth: number): Promise<void>;
  /** Ends the node and starts it again from what it wrote down: Anvil with a state file; a Hardhat node forgets its chain and goes on instead. */
  restart(): Promise<void>;
  drop(hash: string): Promise<void>;
  setNextBaseFee(wei: bigint): Promise<void>;
  stop(): Promise<void>;
}

function anvilProgram(): string | null {
  try {
    const program = join(dirname(createRequire(import.meta.url).resolve(ANVIL_PACKAGE)), "bin", "anvil");
    return existsSync(program) ? program : null;
  } catch {
    return null;
  }
}

const caller =
  (url: string) =>
  async (method: string, params: readonly unknown[] = []): Promise<unknown> => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };

async function untilListening(child: ChildProcess): Promise<string> {
  let output = "";
  const url = new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
    child.once("error", reject);
    child.once("exit", () => {
      reject(new Error(`anvil ended:\n${output}`));
    });
    setTimeout(() => {
      reject(new Error(`anvil did not listen:\n${output}`));
    }, START_TIMEOUT_MS).unref();
  });
  return url;
}

interface AnvilProcess {
  readonly url: string;
  stop(): Promise<void>;
}

async function runAnvil(program: string, args: readonly string[]): Promise<AnvilProcess> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const url = await untilListening(child);
  return {
    url,
    stop: async () => {
      process.off("exit", kill);
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

async function startAnvil(program: string, { startSeconds, stateFile }: DevNodeChoice): Promise<DevNode> {
  const time = startSeconds === undefined ? [] : ["--timestamp", startSeconds.toString()];
  const state = stateFile === undefined ? [] : ["--state", stateFile, "--preserve-historical-states"];
  const always = ["--no-mining", "--accounts", "20", ...ANVIL_CHAIN, ...state];
  let running = await runAnvil(program, ["--port", "0", ...always, ...time]);
  let blockSeconds: number | null = null;
  let restartedAt = 0;
  const { url } = running;
  const rpc = caller(url);
  return {
    url,
    program: "anvil",
    rpc,
    mine: async (count = 1) => {
      for (let i = 0; i < count; i++) await rpc("evm_mine");
    },
    mineAtOnce: async (isOn) => {
      await rpc("evm_setAutomine", [isOn]);
    },
    mineEvery: async (seconds) => {
      blockSeconds = seconds;
      await rpc("evm_setAutomine", [false]);
      await rpc("evm_setIntervalMining", [seconds]);
    },
    restart: async () => {
      restartedAt = await headOf(rpc);
      await running.stop();
      running = await runAnvil(program, ["--port", new URL(url).port, ...always]);
      if (blockSeconds !== null) await rpc("evm_setIntervalMining", [blockSeconds]);
    },
    mineAt: (seconds) => mineAt(rpc, seconds),
    reorganise: async (wanted) => {
      const depth = Math.min(wanted, (await headOf(rpc)) - restartedAt);
      if (depth <= 0) return;
      const lost = await transactionsOf(rpc, depth);
      await rpc("anvil_reorg", [depth, []]);
      for (const hash of lost) await rpc("anvil_dropTransaction", [hash]);
    },
    drop: async (hash) => {
      await rpc("anvil_dropTransaction", [hash]);
    },
    setNextBaseFee: async (wei) => {
      await rpc("anvil_setNextBlockBaseFeePerGas", [`0x${wei.toString(16)}`]);
    },
    stop: () => running.stop(),
  };
}

async function headOf(rpc: DevNode["rpc"]): Promise<number> {
  return Number(await rpc("eth_blockNumber"));
}

async function mineAt(rpc: DevNode["rpc"], seconds: number): Promise<void> {
  await rpc("evm_setNextBlockTimestamp", [seconds]);
  await rpc("evm_mine");
}

/** Hashes of the transactions of the last blocks. */
async function transactionsOf(rpc: DevNode["rpc"], depth: number): Promise<readonly string[]> {
  const head = await headOf(rpc);
  const hashes: string[] = [];
  for (let number = head - depth + 1; number <= head; number++) {
    const block = await rpc("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
    hashes.push(...(block as { transactions: string[] }).transactions);
  }
  return hashes;
}

/** Reorganises by going back to a snapshot that is taken before every block, so that blocks at an interval are made here too. */
async function startHardhat(): Promise<DevNode> {
  const node = await startNode();
  const rpc = caller(node.url);
  await rpc("evm_setAutomine", [false]);
  const snapshots: unknown[] = [];
  let interval: NodeJS.Timeout | undefined;
  const mineOne = async () => {
    snapshots.push(await rpc("evm_snapshot"));
    await rpc("evm_mine");
  };
  return {
    url: node.url,
    program: "hardhat",
    rpc,
    mine: async (count = 1) => {
      for (let i = 0; i < count; i++) await mineOne();
    },
    mineAtOnce: async (isOn) => {
      await rpc("evm_setAutomine", [isOn]);
    },
    mineEvery: async (seconds) => {
      await rpc("evm_setAutomine", [false]);
      clearInterval(interval);
      interval = setInterval(() => void mineOne().catch(() => undefined), seconds * MILLISECONDS);
    },
    mineAt: (seconds) => mineAt(rpc, seconds),
    restart: () => Promise.resolve(),
    reorganise: async (depth) => {
      const lost = await transactionsOf(rpc, depth);
      await rpc("evm_revert", [snapshots.splice(-depth)[0]]);
      for (const hash of lost) await rpc("hardhat_dropTransaction", [hash]).catch(() => undefined);
      // A block of another time has another hash.
      await rpc("evm_increaseTime", [depth + 1]);
      for (let i = 0; i < depth; i++) await mineOne();
    },
    drop: async (hash) => {
      await rpc("hardhat_dropTransaction", [hash]);
    },
    setNextBaseFee: async (wei) => {
      await rpc("hardhat_setNextBlockBaseFeePerGas", [`0x${wei.toString(16)}`]);
    },
    stop: () => {
      clearInterval(interval);
      return node.stop();
    },
  };
}

/** How a local chain begins. */
export interface DevNodeChoice {
  /** Which program; by default Anvil where it is installed. */
  readonly program?: "anvil" | "hardhat" | "any";
  /** Time of the first block; by default now, or on a Hardhat node that of its configuration. */
  readonly startSeconds?: number;
  /** Where Anvil writes its chain down when it ends. */
  readonly stateFile?: string;
}

export async function startDevNode(choice: DevNodeChoice = {}): Promise<DevNode> {
  const anvil = choice.program === "hardhat" ? null : anvilProgram();
  return anvil === null ? startHardhat() : startAnvil(anvil, choice);
}

/** A contract that counts its calls in its first slot: an effect that happens twice shows. */
export interface Counter {
  readonly address: `0x${string}`;
  count(): Promise<number>;
}

// PUSH0 SLOAD PUSH1 1 ADD PUSH0 SSTORE STOP, and an initialisation that returns these eight bytes.
const COUNTER_CODE = "5f546001015f5500";
const COUNTER_INIT = `0x67${COUNTER_CODE}5f5260086018f3`;

/** Deploys a counter from an account that the node keeps unlocked. */
export async function deployCounter(node: DevNode): Promise<Counter> {
  const [from] = (await node.rpc("eth_accounts")) as string[];
  const hash = await node.rpc("eth_sendTransaction", [{ from, data: COUNTER_INIT, gas: "0x30d40" }]);
  await node.mine();
  const receipt = (await node.rpc("eth_getTransactionReceipt", [hash])) as { contractAddress: `0x${string}` };
  const address = receipt.contractAddress;
  return {
    address,
    count: async () => Number(await node.rpc("eth_getStorageAt", [address, "0x0", "latest"])),
  };
}

const ONE_COIN = `0x${(10n ** 20n).toString(16)}`;

/** Gives an account enough to pay for anything. */
export async function fund(node: DevNode, address: string): Promise<void> {
  await node.rpc(node.program === "anvil" ? "anvil_setBalance" : "hardhat_setBalance", [address, ONE_COIN]);
}
