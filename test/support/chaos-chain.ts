// A chain of reports that makes blocks, is reorganised, and shows each keeper what that keeper's node is fit to show.
import { createHash } from "node:crypto";
import type { RiskReport } from "../../keeper/core/report/typed-data.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { ChainBlock, OracleChain } from "../../keeper/ports/oracle-chain.ts";
import { ChainUnavailable } from "../../keeper/ports/transaction-sender.ts";
import { limitsOf, oracleDouble, type OracleDouble, type OracleState } from "./keeper-doubles.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type NodeHealth = "well" | "failing" | "lagging" | "lying";

export interface ChaosChain {
  readonly oracle: OracleDouble;
  /** What a keeper sees through its own node. */
  seenBy(health: () => NodeHealth): OracleChain;
  /** The reports that stand on the chain, in order. */
  effects(): readonly RiskReport[];
  /** Takes back the last blocks and the reports in them. */
  reorganise(depth: number): void;
}

const BLOCK_SECONDS = 12;
const MS_PER_SECOND = 1_000;
const LAG_BLOCKS = 5;
/** Epochs that a lying node adds, by turns: such as may be, and such as would be the last ones ever. */
const LYING_EPOCHS = [50n, 10n ** 15n] as const;

export function chaosChain(
  keepers: readonly Hex[],
  markets: readonly number[],
  networkKeys: readonly Hex[],
  time: VirtualTime,
): ChaosChain {
  const oracle = oracleDouble(keepers, markets, networkKeys);
  const past: { readonly block: number; readonly before: OracleState; readonly report: RiskReport }[] = [];
  let forks: readonly { readonly from: number; readonly name: string }[] = [{ from: 0, name: "trunk" }];
  const head = () => Math.floor(time.nowMs() / MS_PER_SECOND / BLOCK_SECONDS);
  const blockAt = (number: number): ChainBlock => {
    const fork = forks.findLast(({ from }) => from <= number)?.name ?? "";
    const hash = asHex(`0x${createHash("sha256").update(`${fork}/${number}`).digest("hex")}`);
    return { number: BigInt(number), hash, timestampSeconds: number * BLOCK_SECONDS };
  };
  const stateBefore = (block: number) => past.find((change) => change.block > block)?.before ?? oracle.state;
  return {
    oracle,
    effects: () => past.map(({ report }) => report),
    reorganise: (depth) => {
      const from = head() - depth + 1;
      forks = [...forks.filter((fork) => fork.from < from), { from, name: `fork-${forks.length}-${head()}` }];
      const first = past.findIndex(({ block }) => block >= from);
      if (first < 0) return;
      const restored = past[first]?.before;
      past.splice(first);
      if (restored !== undefined) Object.assign(oracle.state, restored);
    },
    seenBy: (health) => {
      const look = <T>(run: () => T): Promise<T> =>
        health() === "failing" ? Promise.reject(new ChainUnavailable("chaos")) : Promise.resolve(run());
      const seenHead = () => head() - (health() === "lagging" ? LAG_BLOCKS : 0);
      const seenHeader = () => {
        const { header } = stateBefore(seenHead());
        return health() === "lying"
          ? { ...header, epoch: header.epoch + (LYING_EPOCHS[head() % 2] ?? 0n) }
          : header;
      };
      return {
        ...oracle.chain,
        latestBlock: () => look(() => blockAt(seenHead())),
        block: (number) => look(() => (number > BigInt(seenHead()) ? null : blockAt(Number(number)))),
        header: () => look(seenHeader),
        lastReport: () => look(() => ({ header: seenHeader(), markets: stateBefore(seenHead()).stored })),
        keeperSet: () => look(() => oracle.state.keeperSet),
        reportLimits: () => look(() => limitsOf(oracle.state.limits)),
        submitReport: async (report, signatures) => {
          await look(() => null);
          const before = { ...oracle.state };
          const posted = await oracle.chain.submitReport(report, signatures);
          past.push({ block: head(), before, report });
          return posted;
        },
      };
    },
  };
}
