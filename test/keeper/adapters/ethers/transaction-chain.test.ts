import { expect } from "chai";
import { Wallet } from "ethers";
import { createTransactionChain } from "../../../../keeper/adapters/ethers/transaction-chain.ts";
import {
  AccountCannotPay,
  ChainUnavailable,
  NodesDisagree,
} from "../../../../keeper/ports/transaction-sender.ts";
import { openUnrulyPool, orSound, type Conduct, type UnrulyPool } from "../../../support/unruly-node.ts";

const TARGET = `0x${"5e".repeat(20)}` as const;
const HASH = `0x${"ab".repeat(32)}` as const;
const wallet = new Wallet(`0x${"01".repeat(32)}`);
const MEGAWEI = 10n ** 15n;
const CAP = 1n << 24n;

const result = (value: bigint | number | null | object): Conduct => ({
  kind: "result",
  result: typeof value === "bigint" || typeof value === "number" ? `0x${value.toString(16)}` : value,
});
const TROUBLE: Conduct = { kind: "error", code: -32_016, message: "over rate limit" };
const revert = (data: string): Conduct => ({ kind: "error", code: 3, message: "execution reverted", data });

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );

describe("an account's transactions through several nodes", () => {
  let opened: UnrulyPool;
  afterEach(async () => {
    await opened.close();
  });

  /** Each node answers one method its own way; all give the account the same count. */
  const open = async (asked: string, ...conducts: readonly Conduct[]) => {
    opened = await openUnrulyPool(
      conducts.map((conduct) => (method) => {
        if (method === asked) return conduct;
        if (method === "eth_getTransactionCount") return result(4);
        return method === "eth_maxPriorityFeePerGas" ? result(9) : null;
      }),
    );
    return createTransactionChain(opened.pool, wallet);
  };
  /** All orders of three, and the pairs. */
  const everyPlace = async (
    conducts: readonly Conduct[],
    check: (at: readonly Conduct[]) => Promise<void>,
  ) => {
    for (let turn = 0; turn < conducts.length; turn++) {
      await check([...conducts.slice(turn), ...conducts.slice(0, turn)]);
      if (turn + 1 < conducts.length) await opened.close();
    }
  };

  describe("the tip", () => {
    const tipOf = async (...conducts: readonly Conduct[]) => {
      const chain = await open("eth_maxPriorityFeePerGas", ...conducts);
      return (await chain.state(2n)).market.priorityFeeWei;
    };

    it("is the middle of what nodes suggest, wherever the liar stands", async () => {
      await everyPlace([result(MEGAWEI), result(10), result(11)], async (conducts) => {
        expect(await tipOf(...conducts)).to.equal(11n);
      });
    });

    it("is the lower of two, and none where too few suggest one", async () => {
      expect(await tipOf(result(MEGAWEI), result(10))).to.equal(10n);
      await opened.close();
      expect(await tipOf(TROUBLE, result(10))).to.equal(10n);
      await opened.close();
      expect(await tipOf(result(MEGAWEI), TROUBLE, TROUBLE)).to.equal(0n);
    });
  });

  it("has the base fee and the counts of most", async () => {
    const chain = await open("eth_getTransactionCount", result(77), result(4), result(4));
    expect(await chain.state(2n)).to.deep.equal({
      headNumber: 100n,
      confirmedNonce: 4,
      settledNonce: 4,
      market: { baseFeeWei: 1n, priorityFeeWei: 9n },
    });
    await opened.close();
    const two = await open("eth_getTransactionCount", result(77), result(4));
    expect(await failure(two.state(2n))).to.be.instanceOf(NodesDisagree);
  });

  describe("a simulation", () => {
    const simulated = async (...conducts: readonly Conduct[]) => {
      const chain = await open("eth_estimateGas", ...conducts);
      return chain.simulate(TARGET, "0x", "next-block").catch((error: unknown) => error);
    };
    const accepted = (gasLimit: bigint) => ({ kind: "accepted", gasLimit });

    it("asks for a quarter more gas than the middle of the estimates", async () => {
      for (const lie of [1n, 0xffff_ffffn])
        await everyPlace([result(lie), result(100_000), result(100_002)], async (conducts) => {
          expect(await simulated(...conducts)).to.deep.equal(accepted(lie === 1n ? 125_000n : 125_002n));
        }).then(() => opened.close());
      expect(await simulated(result(100_000))).to.deep.equal(accepted(125_000n));
    });

    it("never asks for more gas than a transaction may use", async () => {
      expect(await simulated(result((CAP * 4n) / 5n - 1n))).to.deep.equal(accepted(CAP - 3n));
      await opened.close();
      expect(await simulated(result((CAP * 4n) / 5n + 5n))).to.deep.equal(accepted(CAP));
      await opened.close();
      expect(await simulated(result(CAP))).to.deep.equal(accepted(CAP));
      await opened.close();
      expect(await simulated(result(CAP + 1n))).to.include({ kind: "refused", revertData: null });
    });

    it("believes neither a refusal nor that it is done of one node of three", async () => {
      for (const data of ["0xbad00001", "0xd09e0001"])
        await everyPlace([revert(data), result(21_000), result(21_000)], async (conducts) => {
          expect(await simulated(...conducts)).to.deep.equal(accepted(26_250n));
        }).then(() => opened.close());
      await everyPlace([result(21_000), revert("0xd09e000101"), revert("0xd09e000102")], async (conducts) => {
        const answer = await simulated(...conducts);
        expect(answer).to.have.property("kind", "refused");
        expect(String((answer as { revertData: unknown }).revertData)).to.include("0xd09e0001");
      });
    });

    it("is no answer when three say three things, when two differ, or when one of three is left", async () => {
      expect(await simulated(result(1), revert("0xbad00001"), revert("0xd09e0001"))).to.be.instanceOf(
        NodesDisagree,
      );
      await opened.close();
      expect(await simulated(result(1), revert("0xbad00001"))).to.be.instanceOf(NodesDisagree);
      await opened.close();
      expect(await simulated(revert("0xbad00001"), TROUBLE, TROUBLE)).to.be.instanceOf(ChainUnavailable);
    });

    it("goes on with the other of two while one has trouble", async () => {
      expect(await simulated(TROUBLE, revert("0xbad00001"))).to.deep.equal({
        kind: "refused",
        reason: "execution reverted",
        revertData: "0xbad00001",
      });
    });

    it("says that the account is empty, not that no node answers", async () => {
      const words: Conduct = { kind: "error", code: -32_000, message: "gas required exceeds allowance (0)" };
      const error = await simulated(words, words, result(21_000));
      expect(error).to.be.instanceOf(AccountCannotPay);
      expect(String(error)).to.include(wallet.address).and.include("send it ETH");
    });

    it("counts the pool for the next block, and only what is mined for the head", async () => {
      const chain = await open("eth_estimateGas", ...[1, 2, 3].map(() => result(21_000)));
      await chain.simulate(TARGET, "0x", "next-block");
      await chain.simulate(TARGET, "0x", "head");
      const blocks = opened
        .node(1)
        .asked.flatMap((method, i) => (method === "eth_estimateGas" ? [opened.node(1).params[i]?.[1]] : []));
      expect(blocks).to.deep.equal(["pending", "0x64"]);
      await opened.close();
      const alone = await open("eth_estimateGas", result(21_000));
      await alone.simulate(TARGET, "0x", "head");
      expect(opened.node(0).params.at(-1)?.[1]).to.equal("latest");
    });
  });

  describe("a transaction's place", () => {
    const receipt = (blockHash = HASH, transactionHash = HASH) =>
      result({
        ...{ transactionHash, blockNumber: "0x63", blockHash },
        ...{ status: "0x1", gasUsed: "0x5208", logs: [] },
      });
    const placed = async (...conducts: readonly Conduct[]) => {
      const chain = await open("eth_getTransactionReceipt", ...conducts);
      return chain.place(HASH).then(
        ({ kind }) => kind,
        (error: unknown) => error,
      );
    };

    it("is what most say", async () => {
      for (const [kind, ...conducts] of [
        ["mined", receipt(), receipt(), result(null)],
        ["mined", receipt(`0x${"cd".repeat(32)}`), receipt(), receipt()],
        ["disputed", receipt(), result(null), result(null)],
        ["absent", result(null), result(null), TROUBLE],
        ["disputed", receipt(), result(null)],
        // Of another transaction.
        ["absent", ...Array<Conduct>(3).fill(receipt(HASH, `0x${"cd".repeat(32)}`))],
        ["mined", receipt(), TROUBLE],
      ] as const) {
        expect(await placed(...conducts), JSON.stringify(conducts)).to.equal(kind);
        await opened.close();
      }
      expect(await placed(result(null), TROUBLE, TROUBLE)).to.be.instanceOf(ChainUnavailable);
    });
  });

  it("is held when enough nodes hold it", async () => {
    const held = result({ hash: HASH });
    for (const [isHeld, ...conducts] of [
      [true, held, held, result(null)],
      [false, held, result(null), result(null)],
      [false, held, result(null)],
      [true, held, TROUBLE],
      [true, held],
    ] as const) {
      const chain = await open("eth_getTransactionByHash", ...conducts);
      expect(await chain.isKnown(HASH), JSON.stringify(conducts)).to.equal(isHeld);
      await opened.close();
    }
    opened = await openUnrulyPool([() => null]);
  });

  it("is sent to every node, and the best answer counts", async () => {
    const rejected: Conduct = { kind: "error", code: -32_000, message: "txpool is full" };
    const chain = await open(
      "eth_sendRawTransaction",
      rejected,
      result({}),
      result(HASH as unknown as object),
    );
    expect(await chain.broadcast("0x02")).to.deep.equal({ kind: "taken" });
    for (const node of opened.nodes) expect(node.asked).to.include("eth_sendRawTransaction");
    for (const node of opened.nodes)
      node.conduct = orSound((method) => (method === "eth_sendRawTransaction" ? rejected : null));
    expect(await chain.broadcast("0x02")).to.deep.equal({ kind: "rejected", reason: "txpool is full" });
  });
});
