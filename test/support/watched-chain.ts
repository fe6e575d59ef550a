// A chain of blocks as a watchtower sees it, that a test makes, unmakes and breaks.
import { aggregateObservations } from "../../keeper/core/report/aggregate.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type {
  SignedHead,
  SubmittedReport,
  WatchChain,
  WatchedBlock,
} from "../../keeper/ports/watch-chain.ts";
import { honestObservation } from "./keeper-round.ts";

export const WATCH_NOW = 1_770_000_000;
export const hashOfDigits = (digits: string): Hex => asHex(`0x${digits.repeat(64 / digits.length)}`);
export const ALICE = asHex(`0x${"a1".repeat(20)}`);
export const BOB = asHex(`0x${"b2".repeat(20)}`);

/** A head of one round, told from others of it by its payload. */
export function signedHeadOf(signer: Hex, payload: string, epoch = 1n, digest = "dd"): SignedHead {
  const head = {
    configDigest: hashOfDigits(digest),
    epoch,
    round: 0,
    observedAt: WATCH_NOW,
    blockNumber: 1n,
    blockHash: hashOfDigits("bb"),
    payloadHash: hashOfDigits(payload),
  };
  return { head, hash: hashOfDigits(payload), signature: asHex(`0x${payload.repeat(65)}`), signer };
}

export function submittedReport(changes: Partial<SubmittedReport> = {}): SubmittedReport {
  const { payloadHash, ...head } = signedHeadOf(ALICE, "01").head;
  const report = { ...head, ...aggregateObservations([honestObservation(1)], 0), accountRoot: payloadHash };
  return {
    transaction: hashOfDigits("ee"),
    blockNumber: 5n,
    isAccepted: true,
    report,
    signatures: [],
    ...changes,
  };
}

export interface WatchedChainDouble {
  readonly chain: WatchChain;
  /** Every block that was asked for whole, in order. */
  readonly asked: readonly bigint[];
  /** Adds a block with what it holds. */
  mine(content?: Partial<Pick<WatchedBlock, "reports" | "unread">>): void;
  mineMany(count: number): void;
  /** Takes the last blocks away. */
  drop(count: number): void;
  /** While true every read fails. */
  isDown: boolean;
}

export function watchedChain(): WatchedChainDouble {
  const blocks: WatchedBlock[] = [];
  const asked: bigint[] = [];
  let mined = 0;
  const double: WatchedChainDouble = {
    asked,
    isDown: false,
    mine: (content = {}) => {
      mined++;
      blocks.push({
        number: BigInt(blocks.length),
        hash: hashOfDigits(mined.toString(16).padStart(8, "0")),
        parentHash: blocks.at(-1)?.hash ?? hashOfDigits("00"),
        timestampSeconds: WATCH_NOW + mined,
        reports: [],
        unread: [],
        ...content,
      });
    },
    mineMany: (count) => {
      for (let i = 0; i < count; i++) double.mine();
    },
    drop: (count) => {
      blocks.splice(-count);
    },
    chain: {
      latestBlock: () => answered(() => ({ ...requireBlock(blocks.at(-1)) })),
      hashOf: (number) => answered(() => blocks[Number(number)]?.hash ?? null),
      configurations: () => answered(() => new Map()),
      block: (number) =>
        answered(() => {
          asked.push(number);
          return blocks[Number(number)] ?? null;
        }),
    },
  };
  function answered<T>(answer: () => T): Promise<T> {
    return double.isDown ? Promise.reject(new Error("no node answers")) : Promise.resolve(answer());
  }
  return double;
}

function requireBlock(block: WatchedBlock | undefined): WatchedBlock {
  if (block === undefined) throw new Error("the chain has no block yet");
  return block;
}
