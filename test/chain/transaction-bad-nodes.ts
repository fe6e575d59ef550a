// One of three nodes lies, errs, lags or hangs while an effect is sent; all three stand before the same real chain.
import { expect } from "chai";
import { deployCounter, fund, startDevNode, type Counter, type DevNode } from "../support/dev-node.ts";
import { accountOf, oneCall, openAccount, type SendingAccount } from "../support/sending-account.ts";
import { startUnrulyNode, type Conduct, type UnrulyNode } from "../support/unruly-node.ts";

const BLOCK_MS = 20;
const TIMEOUT_MS = 20_000;
const HONEST_BLOCKS = 12;
const INVENTED_HASH = `0x${"ee".repeat(32)}`;
const GWEI = 1_000_000_000n;
/** Far above what the honest nodes of a fresh chain ask for. */
const DEAR_WEI = 10n * GWEI;
const TRANSACTION_GAS_CAP = 1n << 24n;
const ABSURD = "0x38d7ea4c68000";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A receipt for a transaction that no block holds. */
const inventedReceipt = (hash: unknown): Conduct => ({
  kind: "result",
  result: {
    transactionHash: hash,
    blockNumber: "0x1",
    blockHash: INVENTED_HASH,
    status: "0x1",
    gasUsed: "0x5208",
    logs: [],
  },
});

const INVENTED_BLOCK = { hash: INVENTED_HASH, timestamp: "0x1", baseFeePerGas: "0x1" };
/** With this the contract would say that nothing is left to do. */
const DONE = "0xd09e0001";

/** How the first node behaves once the pool is open. */
const CONDUCTS: Readonly<Record<string, UnrulyNode["conduct"]>> = {
  "answers with errors": () => ({ kind: "error", code: -32_603, message: "internal error" }),
  "answers with HTTP 500": () => ({ kind: "status", status: 500 }),
  hangs: () => ({ kind: "hang" }),
  "moves to another chain": (method) => (method === "eth_chainId" ? { kind: "result", result: "0x1" } : null),
  "swallows what is sent": (method, [raw]) =>
    method === "eth_sendRawTransaction" && typeof raw === "string"
      ? { kind: "result", result: INVENTED_HASH }
      : null,
  "invents a receipt": (method, [hash]) =>
    method === "eth_getTransactionReceipt" ? inventedReceipt(hash) : null,
  "hides every receipt": (method) =>
    method === "eth_getTransactionReceipt" ? { kind: "result", result: null } : null,
  "says that the nonce is used": (method) =>
    method === "eth_getTransactionCount" ? { kind: "result", result: "0x7" } : null,
  "says that the account never sent anything": (method) =>
    method === "eth_getTransactionCount" ? { kind: "result", result: "0x0" } : null,
  "invents blocks": (method, [block]) =>
    method === "eth_getBlockByNumber" && block === "latest"
      ? { kind: "result", result: { ...INVENTED_BLOCK, number: "0xffff" } }
      : null,
  "shows another block": (method, [block]) =>
    method === "eth_getBlockByNumber" && block !== "latest"
      ? { kind: "result", result: { ...INVENTED_BLOCK, number: block } }
      : null,
  "shows a block with an absurd base fee": (method, [block]) =>
    method === "eth_getBlockByNumber"
      ? {
          kind: "result",
          result: { ...INVENTED_BLOCK, number: block === "latest" ? "0xe" : block, baseFeePerGas: ABSURD },
        }
      : null,
  "suggests an absurd tip": (method) =>
    method === "eth_maxPriorityFeePerGas" ? { kind: "result", result: ABSURD } : null,
  "estimates one unit of gas": (method) =>
    method === "eth_estimateGas" ? { kind: "result", result: "0x1" } : null,
  "estimates more gas than there is": (method) =>
    method === "eth_estimateGas" ? { kind: "result", result: "0xffffffff" } : null,
  "says that the contract refuses": (method) =>
    method === "eth_estimateGas"
      ? { kind: "error", code: 3, message: "execution reverted", data: "0xbad00001" }
      : null,
  "says that the effect is there already": (method) =>
    method === "eth_estimateGas"
      ? { kind: "error", code: 3, message: "execution reverted", data: DONE }
      : null,
  "says that the account is empty": (method) =>
    method === "eth_estimateGas" || method === "eth_sendRawTransaction"
      ? { kind: "error", code: -32_000, message: "insufficient funds for gas * price + value" }
      : null,
  "says that every price is too low": (method) =>
    method === "eth_sendRawTransaction"
      ? { kind: "error", code: -32_000, message: "replacement transaction underpriced" }
      : null,
  "claims to hold every transaction": (method) =>
    method === "eth_getTransactionByHash" ? { kind: "result", result: { hash: INVENTED_HASH } } : null,
  "is at its limit": () => ({ kind: "error", code: 429, message: "compute units exceeded" }),
  "has no past states": (method, [, block]) =>
    method === "eth_getTransactionCount" || (method === "eth_estimateGas" && block !== "pending")
      ? { kind: "error", code: -32_000, message: "header not found" }
      : null,
  "answers without an end": (method) => (method === "eth_estimateGas" ? { kind: "endless" } : null),
  "answers late": (method) =>
    method === "eth_estimateGas"
      ? { kind: "late", afterMs: 250, conduct: { kind: "result", result: "0x1" } }
      : null,
};

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

  for (const [what, conduct] of Object.entries(CONDUCTS)) {
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
