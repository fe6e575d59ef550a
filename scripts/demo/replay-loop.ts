import type { ContractTransactionResponse } from "ethers";
import { unpackInstrumentId, unpackPosition } from "../../keeper/core/report/instrument-id.ts";
import { unpackSmileWord } from "../../keeper/core/report/words.ts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";
import { ChainRefusal, type ClearingChain } from "../../keeper/ports/clearing-chain.ts";
import { MARKETS, type MarketData } from "../../keeper/ports/market-data.ts";
import type { Telemetry } from "../../keeper/ports/telemetry.ts";
import { liquidate, DEFAULT_SHARE_STEPS, DEFAULT_SLIPPAGE_WAD } from "../../keeper/services/liquidate.ts";
import { watchMargin } from "../../keeper/services/margin-watch.ts";
import { settleExpiries } from "../../keeper/services/settle.ts";
import type { Cast, LiquidatorAccount } from "./accounts.ts";
import type { ChainClock } from "./chain-clock.ts";
import type { Console } from "./console.ts";
import { rehedge } from "./hedging.ts";
import { mined, type House } from "./house.ts";
import type { DemoKeepers } from "./keepers.ts";
import { instrumentsOf, type Listing, type MarketNumbers } from "./listing.ts";
import {
  createAssessor,
  measureAccounts,
  measureBooks,
  measureMarkets,
  usd,
  type ReferenceBook,
} from "./measures.ts";
import { progressLine } from "./progress.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";
import type { TradingDesk } from "./trading.ts";

/** Everything that lives through the episode. */
export interface Stage {
  readonly house: House;
  readonly clock: ChainClock;
  readonly keepers: DemoKeepers;
  readonly marketData: MarketData;
  readonly numbers: MarketNumbers;
  readonly listing: Listing;
  readonly listed: Set<bigint>;
  readonly desk: TradingDesk;
  readonly cast: Cast;
  /** The chain as the margin watch and the settler see it. */
  readonly bots: ClearingChain;
  /** The chain as each liquidator sees it, with its own key. */
  readonly bidders: readonly { readonly account: LiquidatorAccount; readonly chain: ClearingChain }[];
  readonly reference: readonly ReferenceBook[];
  readonly telemetry: Telemetry;
  readonly console: Console;
  /** Gas of the report on which the books were opened. */
  readonly openingReportGas: bigint;
  /** Sends the recorded spots of a time to the price feeds that guard the posted ones. */
  sendFeeds(seconds: number): Promise<readonly ContractTransactionResponse[]>;
}

/** Auction steps after a snapshot while accounts are called, and the time between them. */
const AUCTION_STEPS = 15;
const AUCTION_STEP_SECONDS = 180;
const LIST_BATCH = 60;
const SECONDS_PER_HOUR = 3_600;
const BPS_TO_WAD = 10n ** 14n;

/** Lists what the snapshots quote and the registry does not list yet. The report in force must quote the expiries. */
export async function listNew(
  stage: Pick<Stage, "house" | "marketData" | "numbers" | "listed">,
): Promise<number> {
  const { house, marketData, numbers, listed } = stage;
  let count = 0;
  for (const market of MARKETS) {
    const { smiles } = await house.oracle.marketState(numbers[market]);
    const reported = new Set(
      smiles.map((smile) => Number(unpackSmileWord(smile).expiryHour) * SECONDS_PER_HOUR),
    );
    const fresh = instrumentsOf(await marketData.latest(market), numbers)
      .filter(({ instrumentId, expirySeconds }) => !listed.has(instrumentId) && reported.has(expirySeconds))
      .map(({ instrumentId }) => instrumentId);
    for (let at = 0; at < fresh.length; at += LIST_BATCH) {
      await mined(house.registry.list(fresh.slice(at, at + LIST_BATCH)));
    }
    for (const id of fresh) listed.add(id);
    count += fresh.length;
  }
  return count;
}

/** Lives through one snapshot whose report has been posted. */
export async function liveThrough(
  stage: Stage,
  seconds: number,
  reportGas: bigint,
  isNewDay: boolean,
): Promise<SnapshotRecord> {
  const { house, clock, cast, bots, telemetry, reference, numbers } = stage;
  const firstBlock = await clock.refresh();
  await listNew(stage);
  const { settledAccounts } = await settleExpiries(bots, clock, telemetry);
  const assess = createAssessor(house);
  const [markets, accounts, books] = await Promise.all([
    measureMarkets(house, numbers),
    measureAccounts(house, assess, cast.traders),
    measureBooks(assess, reference),
  ]);
  if (isNewDay) await rehedgeAll(stage);
  const { flagged, fills } = await runAuctions(stage);
  const stillCalled = (await bots.calledAccounts()).length;
  const fundUsd = usd(await house.fund.capacityE6());
  const record: SnapshotRecord = {
    seconds,
    firstBlock,
    reportGas,
    markets,
    accounts,
    reference: books,
    flagged,
    fills,
    stillCalled,
    settledAccounts,
    fundUsd,
  };
  stage.console.say(progressLine(record));
  return record;
}

/** Margin watch, then bids, minutes apart while the discount grows, until nobody is called or it is time to stop. */
async function runAuctions(stage: Stage): Promise<{ flagged: number; fills: number }> {
  const { bots, clock, telemetry, bidders } = stage;
  const flagged = (await watchMargin(bots, telemetry)).flagged.length;
  let fills = 0;
  // Marks stand still until the next report, so only the discount changes between the steps: one watch is enough.
  for (let step = 0; step < AUCTION_STEPS && (await bots.calledAccounts()).length > 0; step++) {
    await clock.advance(AUCTION_STEP_SECONDS);
    for (const { account, chain } of bidders) {
      const terms = {
        bidder: account.id,
        minDiscountWad: account.minDiscountBps * BPS_TO_WAD,
        slippageWad: DEFAULT_SLIPPAGE_WAD,
        shareSteps: DEFAULT_SHARE_STEPS,
      };
      fills += (await liquidate(chain, clock, telemetry, terms)).length;
    }
  }
  return { flagged, fills };
}

/** Re-hedges every hedged trader that may still trade; a refusal leaves it unhedged until tomorrow. */
async function rehedgeAll({ desk, cast, listing, numbers, clock, house, telemetry }: Stage): Promise<void> {
  for (const account of cast.traders) {
    if (!account.trader.hedged || (await house.clearingHouse.isReduceOnly(account.id))) continue;
    try {
      await rehedge(desk, cast, account, listing, numbers, clock.nowSeconds());
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      telemetry.warn("hedge-refused", { account: account.id, reason: error.reason });
    }
  }
}

/** Whether a position outlives a time. */
export function outlives(positionWord: bigint, untilSeconds: number): boolean {
  return unpackInstrumentId(unpackPosition(positionWord).instrumentId).expiry > untilSeconds;
}

export function dayOf(seconds: number): number {
  return Math.floor(seconds / SECONDS_PER_DAY);
}
