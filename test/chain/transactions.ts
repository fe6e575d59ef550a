import { expect } from "chai";
import type { SentTransaction } from "../../keeper/ports/transaction-sender.ts";
import { deployCounter, fund, startDevNode, type Counter, type DevNode } from "../support/dev-node.ts";
import { accountOf, oneCall, openAccount, type AccountOptions } from "../support/sending-account.ts";

const GWEI = 1_000_000_000n;
const DEEPEST_REORGANISATION = 10;
const HARDHAT_DEPTHS = [1, 4, 10];
/** A chain that mines at once must not be waited for. */
const AT_ONCE_MS = 1_000;
const BLOCK_MS = 15;
const TIMEOUT_MS = 20_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The same promises hold on both programs; the second one is there for machines without the first. */
for (const program of ["any", "hardhat"] as const) {
  describe(`transactions on a real chain (${program})`, () => {
    let node: DevNode;
    let counter: Counter;
    const stop = new Set<() => void>();

    before(async () => {
      node = await startDevNode({ program });
      counter = await deployCounter(node);
    });
    after(async () => {
      await node.stop();
    });
    afterEach(async () => {
      for (const each of stop) each();
      stop.clear();
      await node.mineAtOnce(false);
    });

    const open = async (name: string, options: AccountOptions = {}) => {
      await fund(node, accountOf(name).address);
      await node.mine();
      const account = await openAccount(name, [node.url], options);
      stop.add(account.stop);
      return account;
    };
    /** Makes blocks until the promise is settled; `each` runs before every block with its number, from 1. */
    const mineUntil = async <T>(
      promise: Promise<T>,
      each: (block: number) => Promise<void> = () => Promise.resolve(),
    ): Promise<T> => {
      const state = { isSettled: false };
      const settled = promise.finally(() => (state.isSettled = true));
      settled.catch(() => undefined);
      const deadline = performance.now() + TIMEOUT_MS;
      for (let block = 1; !state.isSettled; block++) {
        if (performance.now() > deadline) throw new Error("the transaction came to no end in time");
        await each(block);
        await node.mine();
        await pause(BLOCK_MS);
      }
      return settled;
    };
    const counted = async (run: () => Promise<unknown>): Promise<number> => {
      const before = await counter.count();
      await run();
      return (await counter.count()) - before;
    };

    it("is done at once on a chain that mines at once", async () => {
      const account = await open("at once", { policy: { confirmations: 1n, finalityBlocks: 1n } });
      await node.mineAtOnce(true);
      const startMs = performance.now();
      expect(await counted(() => account.sender.send(oneCall(counter.address, "at once")))).to.equal(1);
      expect(performance.now() - startMs).to.be.lessThan(AT_ONCE_MS);
    });

    const depths =
      program === "hardhat"
        ? HARDHAT_DEPTHS
        : Array.from({ length: DEEPEST_REORGANISATION }, (_, index) => index + 1);
    for (const depth of depths) {
      it(`is on the chain once after a reorganisation ${depth} deep`, async () => {
        const name = `reorganised ${depth}`;
        const confirmations = BigInt(depth) + 2n;
        const account = await open(name, { policy: { confirmations, finalityBlocks: confirmations } });
        const before = await counter.count();
        const sending = account.sender.send(oneCall(counter.address, name));
        let minedFor = 0;
        let isDone = false;
        const sent = await mineUntil(sending, async () => {
          minedFor += (await counter.count()) > before ? 1 : 0;
          if (minedFor !== depth || isDone) return;
          isDone = true;
          await node.reorganise(depth);
        });
        expect(isDone).to.be.true;
        expect(sent.kind).to.equal("mined");
        expect(await counter.count()).to.equal(before + 1);
        // One block may be gone before the sender has looked.
        if (depth > 1)
          expect(account.lines.map(({ event }) => event)).to.include("transaction-fell-out-of-the-chain");
      });
    }

    it("brings back, in order, what fell out after its confirmation", async () => {
      const policy = { confirmations: 1n, finalityBlocks: 8n };
      const account = await open("fell out", { policy });
      const before = await counter.count();
      for (const name of ["first", "second"])
        await mineUntil(account.sender.send(oneCall(counter.address, name)));
      const blocks = 6;
      await node.mine(blocks - 2);
      await node.reorganise(blocks);
      expect(await counter.count()).to.be.lessThan(before + 2);
      await mineUntil(account.sender.send(oneCall(counter.address, "third")));
      expect(await counter.count()).to.equal(before + 3);
    });

    it("brings back what falls out while the next one is in flight, at no higher price", async () => {
      const account = await open("in flight", { policy: { confirmations: 2n, finalityBlocks: 20n } });
      const before = await counter.count();
      await mineUntil(account.sender.send(oneCall(counter.address, "first")));
      const { address } = accountOf("in flight");
      const pending = async () => Number(await node.rpc("eth_getTransactionCount", [address, "pending"]));
      const second = account.sender.send(oneCall(counter.address, "second"));
      second.catch(() => undefined);
      while ((await pending()) < 2) await pause(BLOCK_MS);
      // One block more than the first one's confirmations: it is gone, and the second one waits behind a free nonce.
      await node.reorganise(3);
      expect(await counter.count()).to.equal(before);
      await mineUntil(second);
      expect(await counter.count()).to.equal(before + 2);
      const signed = account.lines.filter(({ event }) => event === "transaction-signed");
      expect(signed.map(({ fields }) => fields["nonce"])).to.deep.equal([0, 1]);
    });

    it("pays more, under the same nonce, until a dearer block takes it", async () => {
      const account = await open("stuck");
      const hashes: unknown[] = [];
      const effects = await counted(async () => {
        const sending = account.sender.send(oneCall(counter.address, "stuck"));
        await pause(100);
        const sent = await mineUntil<SentTransaction>(sending, () => node.setNextBaseFee(40n * GWEI));
        expect(sent.kind).to.equal("mined");
      });
      for (const { event, fields } of account.lines)
        if (event === "transaction-signed") {
          hashes.push(fields["hash"]);
          expect(fields["nonce"]).to.equal(0);
        }
      expect(effects).to.equal(1);
      expect(hashes.length).to.be.greaterThan(1);
    });

    it("alerts at its cap, and is mined once the base fee falls", async () => {
      await node.setNextBaseFee(GWEI);
      const policy = { maxFeePerGasCapWei: 5n * GWEI };
      const account = await open("capped", { policy });
      const alerts = () => account.lines.filter(({ event }) => event === "transaction-fee-capped").length;
      const effects = await counted(async () => {
        const sending = account.sender.send(oneCall(counter.address, "capped"));
        await pause(100);
        await mineUntil(sending, () => node.setNextBaseFee(alerts() > 0 ? GWEI : 50n * GWEI));
      });
      expect(effects).to.equal(1);
      expect(alerts()).to.be.greaterThan(0);
      for (const { event, fields } of account.lines)
        if (event === "transaction-signed")
          expect((fields["maxFeePerGasWei"] as bigint) <= 5n * GWEI).to.be.true;
    });

    it("is sent again when the pool forgets it", async () => {
      const account = await open("forgotten");
      const effects = await counted(async () => {
        const sending = account.sender.send(oneCall(counter.address, "forgotten"));
        const { address } = accountOf("forgotten");
        while (Number(await node.rpc("eth_getTransactionCount", [address, "pending"])) === 0)
          await pause(BLOCK_MS);
        const signed = account.lines.find(({ event }) => event === "transaction-signed");
        await node.drop(signed?.fields["hash"] as string);
        await mineUntil(sending);
      });
      expect(effects).to.equal(1);
      expect(account.lines.map(({ event }) => event)).to.include("transaction-sent-again");
    });

    it("gets through on a chain that makes a block a second", async () => {
      const account = await open("interval");
      await node.rpc("evm_setIntervalMining", [node.program === "anvil" ? 1 : 1_000]);
      const effects = await counted(() => account.sender.send(oneCall(counter.address, "interval")));
      await node.rpc("evm_setIntervalMining", [0]);
      expect(effects).to.equal(1);
    });
  });
}
