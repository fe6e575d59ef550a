import { expect } from "chai";
import {
  DEFAULT_RPC_POOL_POLICY,
  openRpcPool,
  type RpcPoolPolicy,
} from "../../../../keeper/adapters/ethers/rpc-pool.ts";
import { PooledProvider } from "../../../../keeper/adapters/ethers/pooled-provider.ts";
import { parseQuantity } from "../../../../keeper/adapters/ethers/rpc-schema.ts";
import { ChainUnavailable } from "../../../../keeper/ports/transaction-sender.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import {
  blockConduct,
  startUnrulyNode,
  type Conduct,
  type UnrulyNode,
} from "../../../support/unruly-node.ts";

const CHAIN = 31_337n;
const HEIGHT = 100n;
const TIMEOUT_MS = 150;
const VALUE = "0x2a";

/** Ways not to answer. */
const FAILURES: Readonly<Record<string, Conduct>> = {
  "an HTTP error": { kind: "status", status: 503 },
  "a rate limit": { kind: "error", code: -32_005, message: "limit exceeded" },
  "an internal error": { kind: "error", code: -32_603, message: "internal error" },
  "no JSON": { kind: "text", text: "<html>" },
  "no JSON-RPC": { kind: "text", text: "{}" },
  "a result of the wrong form": { kind: "result", result: { a: 1 } },
  "a cut connection": { kind: "cut" },
  "a hanging connection": { kind: "hang" },
};

describe("pool of nodes", () => {
  let nodes: UnrulyNode[] = [];
  let nowMs = 0;
  const timer = { nowMs: () => nowMs, sleep: () => Promise.resolve() };

  /** Nodes of one chain; each answers questions for a balance with the same value. */
  const start = async (count: number): Promise<void> => {
    nodes = await Promise.all(Array.from({ length: count }, () => startUnrulyNode()));
    for (const node of nodes) sound(node);
  };
  const sound = (node: UnrulyNode, height = HEIGHT, chainId = CHAIN, salt = "00") => {
    const blocks = blockConduct(height, chainId, salt);
    node.conduct = (method, params) =>
      method === "eth_getBalance" ? { kind: "result", result: VALUE } : blocks(method, params);
  };
  const node = (index: number): UnrulyNode => {
    const found = nodes[index];
    if (found === undefined) throw new RangeError(`no node ${index}`);
    return found;
  };
  const open = async (changed: Partial<RpcPoolPolicy> = {}) => {
    const telemetry = recordingTelemetry();
    const urls = nodes.map(({ url }) => url);
    const policy = { ...DEFAULT_RPC_POOL_POLICY, timeoutMs: TIMEOUT_MS, ...changed };
    const pool = await openRpcPool(urls, CHAIN, timer, telemetry, policy);
    const balance = () => pool.request("eth_getBalance", [], parseQuantity);
    const reasons = () => [...pool.status().values()];
    return { pool, telemetry, balance, reasons };
  };
  const asks = (index: number) => node(index).asked.filter((method) => method === "eth_getBalance").length;

  beforeEach(() => {
    nowMs = 0;
  });
  afterEach(async () => {
    await Promise.all(nodes.map((each) => each.close()));
  });

  it("asks the first node while it is well", async () => {
    await start(2);
    const { balance } = await open();
    expect(await balance()).to.deep.equal({ kind: "result", value: 42n });
    await balance();
    expect([asks(0), asks(1)]).to.deep.equal([2, 0]);
  });

  for (const [failure, conduct] of Object.entries(FAILURES)) {
    it(`lets the next node answer after ${failure}`, async () => {
      await start(2);
      const { balance } = await open();
      await balance();
      const blocks = node(0).conduct;
      node(0).conduct = (method, params) => (method === "eth_getBalance" ? conduct : blocks(method, params));
      expect(await balance()).to.deep.equal({ kind: "result", value: 42n });
    });
  }

  it("passes on an error that is the node's answer", async () => {
    await start(2);
    const { balance } = await open();
    node(0).conduct = (method, params) =>
      method === "eth_getBalance"
        ? { kind: "error", code: 3, message: "execution reverted", data: "0xbad00001" }
        : blockConduct(HEIGHT)(method, params);
    expect(await balance()).to.deep.equal({
      kind: "error",
      error: { code: 3, message: "execution reverted", data: "0xbad00001" },
    });
    expect(asks(1)).to.equal(0);
  });

  it("gives the nodes' own error when all are in trouble, and sets none aside for it", async () => {
    await start(2);
    const { balance, reasons } = await open();
    for (const each of nodes)
      each.conduct = (method, params) =>
        method === "eth_getBalance"
          ? { kind: "error", code: -32_603, message: "internal error" }
          : blockConduct(HEIGHT)(method, params);
    expect(await balance()).to.deep.equal({
      kind: "error",
      error: { code: -32_603, message: "internal error", data: undefined },
    });
    expect(reasons()).to.deep.equal([null, null]);
  });

  it("refuses at the start to work with nodes of another chain alone, and names them", async () => {
    await start(1);
    sound(node(0), HEIGHT, 1n);
    const error = await open().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ChainUnavailable);
    expect(String(error)).to.match(/127\.0\.0\.1:\d+ \(wrong-chain\)/);
    expect(String(error)).not.to.include("secret-path");
  });

  it("sets a node of another chain aside and works with the rest", async () => {
    await start(2);
    sound(node(0), HEIGHT, 1n);
    const { balance, reasons } = await open();
    expect(reasons()).to.deep.equal(["wrong-chain", null]);
    await balance();
    expect([asks(0), asks(1)]).to.deep.equal([0, 1]);
  });

  it("checks the chain of the node that steps in", async () => {
    await start(3);
    const { balance, reasons } = await open();
    await balance();
    node(0).conduct = () => ({ kind: "cut" });
    sound(node(1), HEIGHT, 1n);
    expect((await balance()).kind).to.equal("result");
    expect(reasons()).to.deep.equal(["no-answer", "wrong-chain", null]);
    expect([asks(1), asks(2)]).to.deep.equal([0, 1]);
  });

  it("sets a lagging node aside until it has caught up", async () => {
    await start(2);
    sound(node(0), HEIGHT - 6n);
    const { pool, reasons } = await open();
    expect(reasons()).to.deep.equal(["lagging", null]);
    sound(node(0), HEIGHT - 5n);
    await pool.check();
    expect(reasons()).to.deep.equal([null, null]);
  });

  it("notices by itself, after a while, that a node lags", async () => {
    await start(2);
    const { balance, reasons } = await open();
    sound(node(0), HEIGHT - 20n);
    nowMs = DEFAULT_RPC_POOL_POLICY.checkEveryMs - 1;
    await balance();
    expect(reasons()).to.deep.equal([null, null]);
    nowMs = DEFAULT_RPC_POOL_POLICY.checkEveryMs;
    await balance();
    for (let i = 0; i < 100 && reasons()[0] === null; i++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reasons()).to.deep.equal(["lagging", null]);
  });

  it("sets aside the one of three that shows other blocks, and distrusts it for long", async () => {
    await start(3);
    sound(node(0), HEIGHT, CHAIN, "ff");
    const { pool, reasons, telemetry } = await open();
    expect(reasons()).to.deep.equal(["other-blocks", null, null]);
    expect(telemetry.lines.map(({ event }) => event)).to.include("rpc-set-aside");
    sound(node(0));
    nowMs = DEFAULT_RPC_POOL_POLICY.distrustMs - 1;
    await pool.check();
    expect(reasons()[0]).to.equal("other-blocks");
    nowMs = DEFAULT_RPC_POOL_POLICY.distrustMs;
    await pool.check();
    expect(reasons()[0]).to.equal(null);
  });

  it("says that two nodes disagree, and cannot tell which is right", async () => {
    await start(2);
    sound(node(1), HEIGHT, CHAIN, "ff");
    const { telemetry, reasons } = await open();
    expect(reasons()).to.deep.equal([null, null]);
    expect(telemetry.lines.map(({ event }) => event)).to.include("rpc-nodes-disagree");
  });

  it("throws when all nodes are gone, and goes on when one is back", async () => {
    await start(2);
    const { balance } = await open();
    for (const each of nodes) each.conduct = () => ({ kind: "status", status: 500 });
    expect(await balance().catch((reason: unknown) => reason)).to.be.instanceOf(ChainUnavailable);
    sound(node(1));
    expect((await balance()).kind).to.equal("result");
  });

  it("asks all usable nodes at once and leaves out who fails", async () => {
    await start(3);
    const { pool, reasons } = await open();
    node(1).conduct = () => ({ kind: "hang" });
    const answers = await pool.requestAll("eth_getBalance", [], parseQuantity);
    expect(answers).to.have.length(2);
    expect(reasons()).to.deep.equal([null, "no-answer", null]);
  });

  it("wants each node once", async () => {
    await start(1);
    nodes = [node(0)];
    const twice = [node(0).url, node(0).url];
    const error = await openRpcPool(twice, CHAIN, timer, recordingTelemetry()).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(RangeError);
  });

  it("reads through ethers with the same fail-over", async () => {
    await start(2);
    const { pool } = await open();
    const provider = new PooledProvider(pool);
    const balance = () => provider.getBalance(`0x${"11".repeat(20)}`);
    expect(await balance()).to.equal(42n);
    node(0).conduct = () => ({ kind: "cut" });
    expect(await balance()).to.equal(42n);
    node(1).conduct = () => ({ kind: "cut" });
    expect(await balance().catch((reason: unknown) => reason)).to.be.instanceOf(ChainUnavailable);
    provider.destroy();
  });
});
