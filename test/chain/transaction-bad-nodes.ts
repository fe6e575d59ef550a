// One of three nodes lies, errs, lags or hangs while an effect is sent; all three stand before the same real chain.
import { expect } from "chai";
import { deployCounter, fund, startDevNode, type Counter, type DevNode } from "../support/dev-node.ts";
import { accountOf, oneCall, openAccount, type SendingAccount } from "../support/sending-account.ts";
import { DONE, NODE_CONDUCTS } from "../support/node-conducts.ts";
import { startUnrulyNode, type UnrulyNode } from "../support/unruly-node.ts";

const BLOCK_MS = 20;
const TIMEOUT_MS = 20_000;
const HONEST_BLOCKS = 12;
const GWEI = 1_000_000_000n;
/** Far above what the honest nodes of a fresh chain ask for. */
const DEAR_WEI = 10n * GWEI;
const TRANSACTION_GAS_CAP = 1n << 24n;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Sent {
  readonly gas: string;
  readonly maxFeePerGas: string;
  readonly maxPriorityFeePerGas: string;
}

describe("sending past a bad node", () => {
  let node: DevNode;
  let counter: Counter;
  let nodes: UnrulyNode[] = [];
  const stop = new Set<() => void>();

  before(async () => {
    node = await startDevNode();
    counter = await deployCounter(node);
    await node.mine(HONEST_BLOCKS);
  });
  after(async () => {
    await node.stop();
  });
  beforeEach(async () => {
    nodes = await Promise.all([1, 2, 3].map(() => startUnrulyNode(node.url)));
  });
  afterEach(async () => {
    for (const each of stop) each();
    stop.clear();
    await Promise.all(nodes.map((each) => each.close()));
  });

  const open = async (name: string): Promise<SendingAccount> => {
    await fund(node, accountOf(name).address);
    await node.mine();
    const account = await openAccount(
      name,
      nodes.map(({ url }) => url),
    );
    stop.add(account.stop);
    return account;
  };
  /** Sends one effect while blocks come; returns how often it happened. */
  const effectsOf = async (account: SendingAccount, name: string): Promise<number> => {
    const before = await counter.count();
    const state = { isSettled: false };
    const sending = account.sender
      .send({ ...oneCall(counter.address, name), doneErrors: [DONE] })
      .finally(() => (state.isSettled = true));
    sending.catch(() => undefined);
    const deadline = performance.now() + TIMEOUT_MS;
    while (!state.isSettled) {
      if (performance.now() > deadline) throw new Error("the transaction came to no end in time");
      await node.mine();
      await pause(BLOCK_MS);
    }
    await sending;
    return (await counter.count()) - before;
  };

  /** The most that was offered for a unit of gas; no transaction may ask for more gas than one may use. */
  const dearestOf = async (account: SendingAccount): Promise<bigint> => {
    let dearestWei = 0n;
    for (const { event, fields } of account.lines) {
      if (event !== "transaction-signed") continue;
      const sent = (await node.rpc("eth_getTransactionByHash", [fields["hash"]])) as Sent | null;
      if (sent === null) continue;
      expect(BigInt(sent.gas) <= TRANSACTION_GAS_CAP).to.be.true;
      for (const wei of [BigInt(sent.maxFeePerGas), BigInt(sent.maxPriorityFeePerGas)])
        if (wei > dearestWei) dearestWei = wei;
    }
    return dearestWei;
  };

  for (const [what, conduct] of Object.entries(NODE_CONDUCTS)) {
    it(`does the effect once while the first node ${what}`, async () => {
      const account = await open(what);
      const [bad] = nodes;
      if (bad === undefined) throw new Error("no node was started");
      bad.conduct = conduct;
      expect(await effectsOf(account, what)).to.equal(1);
      expect(await dearestOf(account), "wei a unit of gas").to.satisfy((wei: bigint) => wei < DEAR_WEI);
    });
  }

  it("sets aside a node that stands still while the chain goes on", async () => {
    const account = await open("lagging");
    const [bad] = nodes;
    if (bad === undefined) throw new Error("no node was started");
    const old = await node.rpc("eth_getBlockByNumber", ["0x1", false]);
    bad.conduct = (method, [block]) =>
      method === "eth_getBlockByNumber" && block === "latest" ? { kind: "result", result: old } : null;
    await account.pool.check();
    expect([...account.pool.status().values()]).to.deep.equal(["lagging", null, null]);
    expect(await effectsOf(account, "lagging")).to.equal(1);
  });
});
