import { expect } from "chai";
import {
  DEFAULT_RPC_POOL_POLICY,
  openRpcPool,
  type RpcPoolPolicy,
} from "../../../../keeper/adapters/ethers/rpc-pool.ts";
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
const VALUE_ANSWER = { kind: "result", value: 42n };

/** Ways not to answer. */
const FAILURES: Readonly<Record<string, Conduct>> = {
  "an HTTP error": { kind: "status", status: 503 },
  "no JSON": { kind: "text", text: "<html>" },
  "no JSON-RPC": { kind: "text", text: "{}" },
  "a result of the wrong form": { kind: "result", result: { a: 1 } },
  "a cut connection": { kind: "cut" },
  "a hanging connection": { kind: "hang" },
};

describe("pool of nodes", () => {
  let nodes: UnrulyNode[] = [];
  let nowMs = 0;
  /** No grace is ever over. */
  const timer = { nowMs: () => nowMs, sleep: () => new Promise<void>(() => undefined) };

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
    const ask = () => pool.ask({ method: "eth_getBalance", params: [], parse: parseQuantity });
    /** What each node says that answers, in order of the nodes. */
    const balances = async () => {
      const answers = new Map((await ask()).map(({ node: name, answer }) => [name, answer]));
      return [...pool.status().keys()].flatMap((name) => answers.get(name) ?? []);
    };
    const reasons = () => [...pool.status().values()];
    return { pool, telemetry, ask, balances, reasons };
  };
  const asks = (index: number) => node(index).asked.filter((method) => method === "eth_getBalance").length;

  beforeEach(() => {
    nowMs = 0;
    timer.sleep = () => new Promise<void>(() => undefined);
  });
  afterEach(async () => {
    await Promise.all(nodes.map((each) => each.close()));
  });

  it("says of each node in words what is wrong with it, with what it did last", async () => {
    await start(2);
    node(0).conduct = () => ({ kind: "status", status: 503 });
    const { pool } = await open();
    const [first, second] = [...pool.problems().values()];
    expect(first).to.match(/^no-answer: eth_\w+: HTTP status 503$/);
    expect(second).to.equal(null);
    const alone = await openRpcPool([node(0).url], CHAIN, timer, recordingTelemetry()).catch(String);
    expect(alone).to.include("HTTP status 503");
  });

  it("asks all nodes", async () => {
    await start(3);
    const { balances } = await open();
    expect(await balances()).to.deep.equal([VALUE_ANSWER, VALUE_ANSWER, VALUE_ANSWER]);
    expect([asks(0), asks(1), asks(2)]).to.deep.equal([1, 1, 1]);
  });

  for (const [failure, conduct] of Object.entries(FAILURES)) {
    it(`leaves a node out and sets it aside after ${failure}`, async () => {
      await start(2);
      const { balances, reasons } = await open();
      const blocks = node(0).conduct;
      node(0).conduct = (method, params) => (method === "eth_getBalance" ? conduct : blocks(method, params));
      expect(await balances()).to.deep.equal([VALUE_ANSWER]);
      expect(reasons()).to.deep.equal(["no-answer", null]);
    });
  }

  it("passes on errors that nodes answer with, and sets none aside for them", async () => {
    await start(2);
    const { balances, reasons } = await open();
    node(0).conduct = (method, params) =>
      method === "eth_getBalance"
        ? { kind: "error", code: -32_005, message: "limit exceeded" }
        : blockConduct(HEIGHT)(method, params);
    expect(await balances()).to.deep.equal([
      { kind: "error", error: { code: -32_005, message: "limit exceeded", data: undefined } },
      VALUE_ANSWER,
    ]);
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
    const { balances, reasons } = await open();
    expect(reasons()).to.deep.equal(["wrong-chain", null]);
    await balances();
    expect([asks(0), asks(1)]).to.deep.equal([0, 1]);
  });

  it("notices by itself, after a while, that its only node is on another chain", async () => {
    await start(1);
    const { pool, ask, reasons } = await open();
    sound(node(0), HEIGHT, 1n);
    nowMs = DEFAULT_RPC_POOL_POLICY.checkEveryMs;
    await ask();
    for (let i = 0; i < 100 && reasons()[0] === null; i++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect([...pool.status().values()]).to.deep.equal(["wrong-chain"]);
    expect(await ask().catch((reason: unknown) => reason)).to.be.instanceOf(ChainUnavailable);
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
    const { ask, reasons } = await open();
    sound(node(0), HEIGHT - 20n);
    nowMs = DEFAULT_RPC_POOL_POLICY.checkEveryMs - 1;
    await ask();
    expect(reasons()).to.deep.equal([null, null]);
    nowMs = DEFAULT_RPC_POOL_POLICY.checkEveryMs;
    await ask();
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
    const { ask, balances } = await open();
    for (const each of nodes) each.conduct = () => ({ kind: "status", status: 500 });
    expect(await ask().catch((reason: unknown) => reason)).to.be.instanceOf(ChainUnavailable);
    sound(node(1));
    expect(await balances()).to.deep.equal([VALUE_ANSWER]);
  });

  it("looks whether others are back when too few of three answer", async () => {
    await start(3);
    const { ask, balances, reasons } = await open();
    const [first, second] = [node(0).conduct, node(1).conduct];
    for (const index of [0, 1]) node(index).conduct = () => ({ kind: "cut" });
    expect(await ask()).to.have.length(1);
    expect(reasons()).to.deep.equal(["no-answer", "no-answer", null]);
    [node(0).conduct, node(1).conduct] = [first, second];
    expect(await balances()).to.have.length(3);
  });

  it("does not wait for slow ones once enough have answered and the grace is over", async () => {
    await start(3);
    const { pool } = await open();
    let sleeps = 0;
    timer.sleep = () => {
      sleeps += 1;
      return Promise.resolve();
    };
    const blocks = node(1).conduct;
    node(1).conduct = (method, params) =>
      method === "eth_getBalance"
        ? { kind: "late", afterMs: 60, conduct: { kind: "result", result: VALUE } }
        : blocks(method, params);
    const late: string[] = [];
    const answers = await pool.ask({
      method: "eth_getBalance",
      params: [],
      parse: parseQuantity,
      onLate: ({ node: name }) => late.push(name),
    });
    expect(answers).to.have.length(2);
    expect(sleeps).to.equal(1);
    while (late.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(late).to.deep.equal([[...pool.status().keys()][1]]);
  });

  it("waits for both of two", async () => {
    await start(2);
    const { balances } = await open();
    timer.sleep = () => Promise.resolve();
    const blocks = node(0).conduct;
    node(0).conduct = (method, params) =>
      method === "eth_getBalance"
        ? { kind: "late", afterMs: 40, conduct: { kind: "result", result: VALUE } }
        : blocks(method, params);
    expect(await balances()).to.have.length(2);
  });

  it("ends as soon as the asker has enough", async () => {
    await start(3);
    const { pool } = await open();
    node(1).conduct = () => ({ kind: "hang" });
    const answers = await pool.ask({
      method: "eth_getBalance",
      params: [],
      parse: parseQuantity,
      isEnough: (soFar) => soFar.length === 2,
    });
    expect(answers).to.have.length(2);
  });

  it("tells of a node that dissents once in a while", async () => {
    await start(1);
    const { pool, telemetry } = await open();
    const told = () => telemetry.lines.filter(({ event }) => event === "rpc-node-dissents");
    for (const name of ["a", "a", "b"]) pool.noteDissent(name, "eth_call");
    expect(told().map(({ fields }) => fields["node"])).to.deep.equal(["a", "b"]);
    nowMs = DEFAULT_RPC_POOL_POLICY.checkEveryMs;
    pool.noteDissent("a", "eth_call");
    expect(told()).to.have.length(3);
  });

  it("wants each node once", async () => {
    await start(1);
    nodes = [node(0)];
    const twice = [node(0).url, node(0).url];
    const error = await openRpcPool(twice, CHAIN, timer, recordingTelemetry()).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(RangeError);
  });
});
