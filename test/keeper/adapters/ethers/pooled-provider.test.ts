import { expect } from "chai";
import { PooledProvider } from "../../../../keeper/adapters/ethers/pooled-provider.ts";
import { ChainUnavailable, NodesDisagree } from "../../../../keeper/ports/transaction-sender.ts";
import {
  blockConduct,
  openUnrulyPool,
  type Conduct,
  type UnrulyNode,
  type UnrulyPool,
} from "../../../support/unruly-node.ts";

const ACCOUNT = `0x${"11".repeat(20)}`;
const CONTRACT = `0x${"22".repeat(20)}`;
const WORD = (value: number) => `0x${value.toString(16).padStart(64, "0")}`;
const CALL = { to: CONTRACT, data: "0x01020304" };

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );

describe("reading through a pool", () => {
  let opened: UnrulyPool;
  let provider: PooledProvider;
  let nowMs = 0;
  afterEach(async () => {
    provider.destroy();
    await opened.close();
  });

  const answering =
    (height: bigint, conduct: Conduct): UnrulyNode["conduct"] =>
    (method, params) =>
      method === "eth_call" || method === "eth_getBalance" ? conduct : blockConduct(height)(method, params);
  const value = (word: number): Conduct => ({ kind: "result", result: WORD(word) });
  const open = async (...conducts: readonly UnrulyNode["conduct"][]) => {
    opened = await openUnrulyPool(conducts);
    provider = new PooledProvider(opened.pool, { nowMs: () => nowMs });
  };
  /** At which blocks a node was asked. */
  const blocksOf = (index: number, asked = "eth_call") =>
    opened
      .node(index)
      .asked.flatMap((method, i) => (method === asked ? [opened.node(index).params[i]?.[1]] : []));

  it("asks all nodes at the highest block that two of three have", async () => {
    await open(answering(102n, value(1)), answering(101n, value(1)), answering(100n, value(1)));
    expect(await provider.call(CALL)).to.equal(WORD(1));
    for (const index of [0, 1, 2]) expect(blocksOf(index)).to.deep.equal(["0x65"]);
  });

  it("believes no single one of three", async () => {
    for (const place of [0, 1, 2]) {
      const words = [1, 1, 1];
      words[place] = 7;
      await open(...words.map((word) => answering(100n, value(word))));
      expect(await provider.call(CALL)).to.equal(WORD(1));
      expect(await provider.getBalance(ACCOUNT)).to.equal(1n);
      if (place < 2) await opened.close();
    }
  });

  it("says that two nodes disagree, and goes on with one of them while the other fails", async () => {
    await open(answering(100n, value(1)), answering(100n, value(7)));
    expect(await failure(provider.call(CALL))).to.be.instanceOf(NodesDisagree);
    opened.node(1).conduct = () => ({ kind: "cut" });
    nowMs += 1_000;
    expect(await provider.call(CALL)).to.equal(WORD(1));
    opened.node(0).conduct = () => ({ kind: "cut" });
    nowMs += 1_000;
    expect(await failure(provider.call(CALL))).to.be.instanceOf(ChainUnavailable);
  });

  it("asks a node alone about the latest block that it has", async () => {
    await open(answering(100n, value(1)));
    await provider.call(CALL);
    expect(blocksOf(0)).to.deep.equal(["latest"]);
    expect(opened.node(0).asked.filter((method) => method === "eth_getBlockByNumber")).to.have.length(1);
  });

  it("reads what is asked in one moment at one block, and later at a later one", async () => {
    await open(answering(100n, value(1)), answering(100n, value(1)));
    expect(await Promise.all([provider.call(CALL), provider.call({ ...CALL, data: "0x05" })])).to.deep.equal([
      WORD(1),
      WORD(1),
    ]);
    for (const index of [0, 1]) opened.node(index).conduct = answering(101n, value(2));
    nowMs += 124;
    expect(await provider.getBlockNumber()).to.equal(100);
    nowMs += 126;
    expect(await provider.call(CALL)).to.equal(WORD(2));
    expect(blocksOf(0)).to.deep.equal(["0x64", "0x64", "0x65"]);
  });

  it("looks for the next block before the present one is too old, and lets nobody wait for it", async () => {
    await open(answering(100n, value(1)), answering(100n, value(1)));
    await provider.getBlockNumber();
    for (const node of opened.nodes) node.conduct = () => ({ kind: "hang" });
    nowMs += 125;
    expect(await provider.getBlockNumber()).to.equal(100);
    for (const node of opened.nodes) node.conduct = answering(101n, value(2));
    nowMs += 125;
    // Whoever comes now waits for that look.
    expect(await provider.getBlockNumber()).to.equal(101);
  });

  it("asks once for the state of a block, and again for another block or after a failure", async () => {
    await open(answering(100n, value(1)), answering(100n, value(1)));
    await Promise.all([provider.call(CALL), provider.call(CALL)]);
    await provider.call({ ...CALL, blockTag: 100 });
    expect(blocksOf(0)).to.deep.equal(["0x64"]);
    await provider.call({ ...CALL, blockTag: 99 });
    await provider.call({ ...CALL, blockTag: 99 });
    expect(blocksOf(0)).to.deep.equal(["0x64", "0x63", "0x63"]);
    const other = { ...CALL, data: "0x05" };
    opened.node(1).conduct = answering(100n, value(7));
    expect(await failure(provider.call(other))).to.be.instanceOf(NodesDisagree);
    opened.node(1).conduct = answering(100n, value(1));
    expect(await provider.call(other)).to.equal(WORD(1));
  });

  it("forgets the state of a block that is replaced by another of the same height", async () => {
    await open(answering(100n, value(1)), answering(100n, value(1)));
    await provider.call(CALL);
    const replaced: UnrulyNode["conduct"] = (method, params) =>
      method === "eth_call" ? value(2) : blockConduct(100n, undefined, "bb")(method, params);
    for (const index of [0, 1]) opened.node(index).conduct = replaced;
    nowMs += 250;
    expect(await provider.call(CALL)).to.equal(WORD(2));
  });

  it("asks for the head again after that failed", async () => {
    await open(answering(100n, value(1)), answering(100n, value(1)));
    const well = opened.nodes.map(({ conduct }) => conduct);
    for (const node of opened.nodes) node.conduct = () => ({ kind: "cut" });
    await failure(provider.call(CALL));
    for (const [index, conduct] of well.entries()) opened.node(index).conduct = conduct;
    expect(await provider.call(CALL)).to.equal(WORD(1));
  });

  it("reads a past block where it is told to", async () => {
    await open(...[1, 2, 3].map(() => answering(100n, value(1))));
    await provider.call({ ...CALL, blockTag: 42 });
    expect(blocksOf(1)).to.deep.equal(["0x2a"]);
    expect(await provider.getBlockNumber()).to.equal(100);
  });

  it("reads the head and other blocks as most nodes hold them", async () => {
    const lying: UnrulyNode["conduct"] = (method, params) =>
      blockConduct(100n, undefined, "ee")(method, params);
    // Programs differ in the fields that nobody reads.
    const complete = (conduct: UnrulyNode["conduct"], size: string): UnrulyNode["conduct"] => {
      const rest = {
        size,
        ...{ parentHash: WORD(1), nonce: "0x0000000000000000", difficulty: "0x0", gasLimit: "0x0" },
        ...{ gasUsed: "0x0", miner: ACCOUNT, extraData: "0x", transactions: [] },
      };
      return (method, params) => {
        const given = conduct(method, params);
        return given?.kind === "result" && given.result !== null && typeof given.result === "object"
          ? { kind: "result", result: { ...rest, ...given.result } }
          : given;
      };
    };
    const sound = blockConduct(101n);
    await open(complete(lying, "0x1"), complete(sound, "0x2"), complete(sound, "0x3"));
    expect(await provider.getBlock("latest")).to.include({ number: 101, timestamp: 1_212 });
    expect((await provider.getBlock(99))?.hash?.slice(0, 4)).to.equal("0x00");
    expect(await provider.getBlock(102)).to.equal(null);
  });

  it("takes blocks and events as the same, whatever fields a program adds, and as others when what they hold differs", async () => {
    const event = {
      address: CONTRACT,
      topics: [WORD(1)],
      data: "0x",
      transactionHash: WORD(2),
      blockHash: WORD(3),
    };
    const block = { number: "0x63", hash: WORD(4), timestamp: "0x1" };
    const transaction = { hash: WORD(2), input: "0x01" };
    const answer =
      (extra: object, input = "0x01", data = "0x"): UnrulyNode["conduct"] =>
      (method, params) => {
        if (method === "eth_getLogs") return { kind: "result", result: [{ ...event, ...extra, data }] };
        return method === "eth_getBlockByNumber" && params[0] === "0x63"
          ? {
              kind: "result",
              result: { ...block, ...extra, transactions: [{ ...transaction, ...extra, input }] },
            }
          : blockConduct(100n)(method, params);
      };
    const ask = async () => {
      const block = (await provider.send("eth_getBlockByNumber", ["0x63", true])) as {
        transactions: { input: string }[];
      };
      const events = (await provider.send("eth_getLogs", [{ address: CONTRACT }])) as { data: string }[];
      return [block.transactions[0]?.input, events[0]?.data];
    };
    await open(answer({}), answer({ blockTimestamp: "0x1" }));
    expect(await ask()).to.deep.equal(["0x01", "0x"]);
    await opened.close();
    await open(answer({}, "0x02", "0x03"), answer({}), answer({ size: "0x1" }));
    expect(await ask()).to.deep.equal(["0x01", "0x"]);
  });

  it("hands on a revert with its data", async () => {
    const revert: Conduct = { kind: "error", code: 3, message: "execution reverted", data: "0xbad00001" };
    await open(...[1, 2, 3].map(() => answering(100n, revert)));
    expect(await failure(provider.call(CALL))).to.include({ code: "CALL_EXCEPTION", data: "0xbad00001" });
  });
});
