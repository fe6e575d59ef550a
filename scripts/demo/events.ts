import type { JsonRpcProvider } from "ethers";
import type { House } from "./house.ts";
import { usd } from "./measures.ts";

/** A margin call. */
interface CallEvent {
  readonly account: bigint;
  readonly block: number;
  readonly seconds: number;
  readonly health: number;
  readonly equityUsd: number;
}

/** A slice of a called account taken over by a bidder. */
export interface SliceEvent {
  readonly account: bigint;
  readonly bidder: bigint;
  readonly block: number;
  readonly seconds: number;
  /** Part of the account, 0 to 1. */
  readonly share: number;
  /** What the owner gave up, USD. */
  readonly costUsd: number;
  /** What the owner gave up as a share of the maintenance margin that moved. */
  readonly discount: number;
  readonly penaltyUsd: number;
  readonly subsidyUsd: number;
  readonly healthBefore: number;
  /** Infinity when the whole account went. */
  readonly healthAfter: number;
}

/** Everything the liquidation engine and the fund logged. */
export interface LiquidationHistory {
  readonly calls: readonly CallEvent[];
  readonly slices: readonly SliceEvent[];
  readonly endedCalls: number;
  readonly insolvencies: number;
  readonly fundPaidUsd: number;
  readonly penaltiesUsd: number;
}

const WAD = 1e18;
const BPS = 10_000;
/** Health beyond this means that no margin is left to hold. */
const NO_MARGIN_HEALTH_BPS = 1_000_000_000n;

/** Reads the history of liquidations from the chain's own logs. */
export async function readLiquidations(house: House, provider: JsonRpcProvider): Promise<LiquidationHistory> {
  const { liquidation, fund } = house;
  const [called, ended, sold, insolvent, covered, penalties] = await Promise.all([
    liquidation.queryFilter(liquidation.filters.MarginCalled()),
    liquidation.queryFilter(liquidation.filters.MarginCallEnded()),
    soldSlices(house),
    liquidation.queryFilter(liquidation.filters.AccountInsolvent()),
    fund.queryFilter(fund.filters.Covered()),
    fund.queryFilter(fund.filters.PenaltyReceived()),
  ]);
  const seconds = await blockTimes(
    provider,
    [...called, ...sold].map(({ blockNumber }) => blockNumber),
  );
  return {
    calls: called.map(({ args, blockNumber }) => ({
      account: args.account,
      block: blockNumber,
      seconds: seconds.get(blockNumber) ?? 0,
      health: toHealth(args.healthBps),
      equityUsd: usd(args.equityE6),
    })),
    slices: await Promise.all(
      sold.map((event) => sliceOf(house, event, seconds.get(event.blockNumber) ?? 0)),
    ),
    endedCalls: ended.length,
    insolvencies: insolvent.length,
    fundPaidUsd: covered.reduce((sum, { args }) => sum + usd(args.amountE6), 0),
    penaltiesUsd: penalties.reduce((sum, { args }) => sum + usd(args.amountE6), 0),
  };
}

type SliceLog = Awaited<ReturnType<typeof soldSlices>>[number];

function soldSlices({ liquidation }: House) {
  return liquidation.queryFilter(liquidation.filters.SliceSold());
}

async function sliceOf(
  { liquidation }: House,
  { args, blockNumber }: SliceLog,
  seconds: number,
): Promise<SliceEvent> {
  // The log tells the cost; the block before tells the maintenance margin of which the slice took its share.
  const { maintenanceE6 } = await liquidation.quote(args.account, { blockTag: blockNumber - 1 });
  const share = Number(args.shareWad) / WAD;
  const costUsd = usd(args.costE6);
  return {
    account: args.account,
    bidder: args.bidder,
    block: blockNumber,
    seconds,
    share,
    costUsd,
    discount: costUsd / (usd(maintenanceE6) * share),
    penaltyUsd: usd(args.penaltyE6),
    subsidyUsd: usd(args.subsidyE6),
    healthBefore: toHealth(args.healthBeforeBps),
    healthAfter: toHealth(args.healthAfterBps),
  };
}

async function blockTimes(
  provider: JsonRpcProvider,
  blocks: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const distinct = [...new Set(blocks)];
  const found = await Promise.all(distinct.map((block) => provider.getBlock(block)));
  return new Map(distinct.map((block, index) => [block, found[index]?.timestamp ?? 0]));
}

function toHealth(healthBps: bigint): number {
  return healthBps >= NO_MARGIN_HEALTH_BPS ? Infinity : Number(healthBps) / BPS;
}
