// A chain that mines, forgets and reorganises on command, time that passes only in sleep, and a log whose writes can be cut by a crash.
import { createMemoryTransactionLog } from "../../keeper/adapters/memory/transaction-log.ts";
import type { Fees } from "../../keeper/core/transactions/fees.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { Timer } from "../../keeper/ports/timer.ts";
import type {
  BroadcastAnswer,
  MinedTransaction,
  TransactionChain,
  UnsignedTransaction,
} from "../../keeper/ports/transaction-chain.ts";
import type { TransactionLog } from "../../keeper/ports/transaction-log.ts";
import {
  ChainUnavailable,
  NodesDisagree,
  type TransactionRequest,
} from "../../keeper/ports/transaction-sender.ts";

export const SENDER = asHex(`0x${"5e".repeat(20)}`);
export const TARGET = asHex(`0x${"7a".repeat(20)}`);
export const DONE_SELECTOR = asHex("0xd09e0001");
const GWEI = 1_000_000_000n;
const GAS = 100_000n;
const BPS = 10_000n;
const NODE_BUMP_BPS = 11_250n;

export const request = (effect: number, id = `effect/${effect}`): TransactionRequest => ({
  id,
  to: TARGET,
  data: asHex(`0x${effect.toString(16).padStart(8, "0")}`),
  doneErrors: [DONE_SELECTOR],
});

interface FakeTransaction extends UnsignedTransaction {
  readonly hash: Hex;
}

interface FakeBlock {
  readonly hash: Hex;
  readonly transactions: readonly (FakeTransaction & { readonly isSuccess: boolean })[];
}

/** A simulated chain, its pool and the contract that counts effects. */
export interface FakeChain {
  readonly chain: TransactionChain;
  /** Calldata of the effects that are on the chain of now, in order. */
  effects(): readonly Hex[];
  /** Everything that was ever given to a node. */
  readonly broadcasts: readonly Hex[];
  readonly pool: ReadonlyMap<number, FakeTransaction>;
  readonly settings: FakeSettings;
  mine(count?: number): void;
  /** Takes back the last blocks; their transactions go back to the pool or are lost. */
  reorganise(depth: number, transactions: "to-pool" | "lost"): void;
  emptyPool(): void;
  /** A transaction of the account that the sender does not know of. */
  strangerTakesNonce(): void;
}

export interface FakeSettings {
  baseFeeWei: bigint;
  priorityFeeWei: bigint;
  isMining: boolean;
  isDown: boolean;
  /** What the contract says to calldata; null accepts. */
  refuses: (data: Hex, effects: readonly Hex[]) => Hex | null;
  /** Simulations about which the nodes do not agree yet. */
  disputedSimulations: number;
  /** Whether most nodes show the same receipts. */
  isAgreed: boolean;
  /** Whether nodes are late with their receipts. */
  isHidden: boolean;
  /** Answers in place of the pool's own. */
  answer: BroadcastAnswer | null;
}

/** Refuses an effect that is there, as a contract with rising numbers does. */
export const refusesRepeats = (data: Hex, effects: readonly Hex[]): Hex | null =>
  effects.includes(data) ? DONE_SELECTOR : null;

const serial = (prefix: string, count: number): Hex =>
  asHex(`0x${prefix}${count.toString(16).padStart(64 - prefix.length, "0")}`);

export function fakeChain(): FakeChain {
  const signedByRaw = new Map<Hex, FakeTransaction>();
  const pool = new Map<number, FakeTransaction>();
  const broadcasts: Hex[] = [];
  let blocks: FakeBlock[] = [{ hash: serial("b0", 0), transactions: [] }];
  let madeBlocks = 0;
  const settings: FakeSettings = {
    baseFeeWei: GWEI,
    priorityFeeWei: GWEI,
    isMining: true,
    isDown: false,
    refuses: () => null,
    disputedSimulations: 0,
    isAgreed: true,
    isHidden: false,
    answer: null,
  };
  const minedOf = (upTo: number) => blocks.slice(0, upTo).flatMap(({ transactions }) => transactions);
  const nonceAt = (upTo: number) => minedOf(upTo).length;
  const effects = () =>
    minedOf(blocks.length)
      .filter(({ to, isSuccess }) => to === TARGET && isSuccess)
      .map(({ data }) => data);

  const mineOne = () => {
    madeBlocks += 1;
    const next = pool.get(nonceAt(blocks.length));
    const included =
      settings.isMining && next && next.fees.maxFeePerGasWei >= settings.baseFeeWei ? [next] : [];
    for (const { nonce } of included) pool.delete(nonce);
    const transactions = included.map((transaction) => ({
      ...transaction,
      isSuccess: transaction.to !== TARGET || settings.refuses(transaction.data, effects()) === null,
    }));
    blocks.push({ hash: serial("b1", madeBlocks), transactions });
  };

  const admit = (transaction: FakeTransaction): BroadcastAnswer => {
    if (transaction.nonce < nonceAt(blocks.length)) return { kind: "nonce-taken" };
    const waiting = pool.get(transaction.nonce);
    if (waiting?.hash === transaction.hash) return { kind: "taken" };
    if (waiting !== undefined && !outbids(transaction.fees, waiting.fees)) return { kind: "underpriced" };
    pool.set(transaction.nonce, transaction);
    return { kind: "taken" };
  };

  const online = <T>(run: () => T): Promise<T> =>
    settings.isDown
      ? Promise.reject(new ChainUnavailable("the test took it down"))
      : Promise.resolve().then(run);

  const chain: TransactionChain = {
    chainId: 31_337n,
    from: SENDER,
    state: (confirmations) =>
      online(() => ({
        headNumber: BigInt(blocks.length - 1),
        confirmedNonce: nonceAt(blocks.length),
        settledNonce: nonceAt(Math.max(1, blocks.length - Number(confirmations) + 1)),
        market: { baseFeeWei: settings.baseFeeWei, priorityFeeWei: settings.priorityFeeWei },
      })),
    simulate: (_to, data) =>
      online(() => {
        if (settings.disputedSimulations-- > 0) throw new NodesDisagree("a simulation");
        const revertData = settings.refuses(data, effects());
        if (revertData === null) return { kind: "accepted", gasLimit: GAS };
        return { kind: "refused", reason: "the contract says no", revertData };
      }),
    sign: (unsigned) => {
      const hash = serial("aa", signedByRaw.size + 1);
      signedByRaw.set(hash, { ...unsigned, hash });
      return Promise.resolve({ hash, raw: hash });
    },
    broadcast: (raw) =>
      online(() => {
        broadcasts.push(raw);
        if (settings.answer !== null) return settings.answer;
        const transaction = signedByRaw.get(raw);
        if (transaction === undefined) throw new Error("nobody signed this");
        return admit(transaction);
      }),
    isKnown: (hash) =>
      online(
        () =>
          [...pool.values()].some((waiting) => waiting.hash === hash) ||
          minedOf(blocks.length).some((mined) => mined.hash === hash),
      ),
    place: (hash) =>
      online(() => {
        const mined = findMined(blocks, hash);
        if (mined === null || settings.isHidden) return { kind: "absent" };
        return settings.isAgreed ? { kind: "mined", mined } : { kind: "disputed" };
      }),
  };

  return {
    chain,
    effects,
    broadcasts,
    pool,
    settings,
    mine: (count = 1) => {
      for (let i = 0; i < count; i++) mineOne();
    },
    reorganise: (depth, transactions) => {
      const lost = blocks.slice(-depth).flatMap((block) => block.transactions);
      blocks = blocks.slice(0, -depth);
      if (transactions === "to-pool")
        for (const transaction of lost) pool.set(transaction.nonce, transaction);
      for (let i = 0; i < depth; i++) {
        madeBlocks += 1;
        blocks.push({ hash: serial("b1", madeBlocks), transactions: [] });
      }
    },
    emptyPool: () => {
      pool.clear();
    },
    strangerTakesNonce: () => {
      madeBlocks += 1;
      const stranger = {
        to: SENDER,
        data: asHex("0x"),
        nonce: nonceAt(blocks.length),
        gasLimit: GAS,
        fees: { maxFeePerGasWei: GWEI, maxPriorityFeePerGasWei: GWEI },
        hash: serial("ee", madeBlocks),
        isSuccess: true,
      };
      pool.delete(stranger.nonce);
      blocks.push({ hash: serial("b1", madeBlocks), transactions: [stranger] });
    },
  };
}

function findMined(blocks: readonly FakeBlock[], hash: Hex): MinedTransaction | null {
  for (const [number, block] of blocks.entries()) {
    const found = block.transactions.find((transaction) => transaction.hash === hash);
    if (found === undefined) continue;
    const { isSuccess } = found;
    return { hash, blockNumber: BigInt(number), blockHash: block.hash, isSuccess, gasUsed: GAS, events: [] };
  }
  return null;
}

function outbids(fees: Fees, waiting: Fees): boolean {
  return (
    fees.maxFeePerGasWei * BPS >= waiting.maxFeePerGasWei * NODE_BUMP_BPS &&
    fees.maxPriorityFeePerGasWei * BPS >= waiting.maxPriorityFeePerGasWei * NODE_BUMP_BPS
  );
}

export interface FakeTimer extends Timer {
  /** Called after each sleep with the number of sleeps so far: what the world does meanwhile. */
  meanwhile: (sleeps: number) => void;
}

/** Time passes only when somebody sleeps. */
export function fakeTimer(): FakeTimer {
  let nowMs = 0;
  let sleeps = 0;
  const timer: FakeTimer = {
    meanwhile: () => undefined,
    nowMs: () => nowMs,
    sleep: async (durationMs, signal) => {
      await Promise.resolve();
      signal.throwIfAborted();
      nowMs += durationMs;
      sleeps += 1;
      timer.meanwhile(sleeps);
      signal.throwIfAborted();
    },
  };
  return timer;
}

/** The process ends here. */
export class Crash extends Error {}

/** A log that survives a crash, which comes before or after its write of the given number, from 1. */
export function crashingLog(
  inner: TransactionLog,
  write: number,
  moment: "before" | "after",
): { readonly log: TransactionLog; readonly writes: () => number } {
  let writes = 0;
  const counted = async (run: () => Promise<void>) => {
    writes += 1;
    if (writes === write && moment === "before") throw new Crash();
    await run();
    if (writes === write && moment === "after") throw new Crash();
  };
  return {
    log: {
      ...inner,
      saveTransaction: (record) => counted(() => inner.saveTransaction(record)),
      closeTransaction: (id, outcome) => counted(() => inner.closeTransaction(id, outcome)),
    },
    writes: () => writes,
  };
}

export const emptyLog = createMemoryTransactionLog;
