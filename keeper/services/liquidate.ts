import { type AuctionQuote, ChainRefusal, type ClearingChain } from "../ports/clearing-chain.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";

const WAD = 10n ** 18n;
/** A bid stands for this long after it is sent. */
const BID_LIFETIME_SECONDS = 120;

/** What a liquidator is willing to do. */
export interface LiquidatorTerms {
  /** The liquidator's own account, which takes the risk over. */
  readonly bidder: bigint;
  /** Least discount at which it bids, in 1e18 of the maintenance margin taken over. */
  readonly minDiscountWad: bigint;
  /** How far above its simulated price a bid may be filled, in 1e18 of the maintenance margin taken over. */
  readonly slippageWad: bigint;
  /** Shares to try, largest first, as parts of the largest allowed: a big slice may not fit the bidder's own margin. */
  readonly shareSteps: readonly bigint[];
}

/** Half a percent of the maintenance margin taken over. */
export const DEFAULT_SLIPPAGE_WAD = WAD / 200n;

export const DEFAULT_SHARE_STEPS: readonly bigint[] = [WAD, WAD / 2n, WAD / 4n, WAD / 8n, WAD / 16n];

export interface Fill {
  readonly account: bigint;
  readonly shareWad: bigint;
  readonly paidE6: bigint;
  readonly healthBeforeBps: bigint;
}

/** One round of the liquidator bot: bids on every called account, lowest health first, that pays enough for its risk. */
export async function liquidate(
  chain: ClearingChain,
  clock: Clock,
  telemetry: Telemetry,
  terms: LiquidatorTerms,
): Promise<readonly Fill[]> {
  const accounts = (await chain.calledAccounts()).filter((account) => account !== terms.bidder);
  const quotes: AuctionQuote[] = [];
  for (const account of accounts) {
    const quote = await quoteOf(account, chain, telemetry);
    if (quote) quotes.push(quote);
  }
  quotes.sort((a, b) => (a.healthBps < b.healthBps ? -1 : 1));

  const fills: Fill[] = [];
  for (const quote of quotes) {
    if (quote.phase === "none" || quote.maxShareWad === 0n || quote.discountWad < terms.minDiscountWad)
      continue;
    const fill = await bidOn(quote, chain, clock, telemetry, terms);
    if (fill) fills.push(fill);
  }
  return fills;
}

/** An auction may end between the list and the quote: then there is none. */
async function quoteOf(
  account: bigint,
  chain: ClearingChain,
  telemetry: Telemetry,
): Promise<AuctionQuote | null> {
  try {
    return await chain.quote(account);
  } catch (error) {
    if (!(error instanceof ChainRefusal)) throw error;
    telemetry.info("quote-refused", { account, reason: error.message });
    return null;
  }
}

async function bidOn(
  quote: AuctionQuote,
  chain: ClearingChain,
  clock: Clock,
  telemetry: Telemetry,
  terms: LiquidatorTerms,
): Promise<Fill | null> {
  let refusal = "";
  for (const step of terms.shareSteps) {
    const shareWad = (quote.maxShareWad * step) / WAD;
    if (shareWad === 0n) break;
    try {
      const offer = {
        account: quote.account,
        bidder: terms.bidder,
        shareWad,
        phase: quote.phase,
        version: quote.version,
        deadlineSeconds: clock.nowSeconds() + BID_LIFETIME_SECONDS,
      };
      const simulatedE6 = await chain.simulateBid(offer);
      const paidE6 = await chain.bid({
        ...offer,
        maxPaidE6: simulatedE6 + slippageE6(quote, shareWad, terms),
      });
      telemetry.info("slice-taken", { account: quote.account, shareWad, paidE6 });
      return { account: quote.account, shareWad, paidE6, healthBeforeBps: quote.healthBps };
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      refusal = error.message;
    }
  }
  telemetry.warn("bid-refused", { account: quote.account, reason: refusal });
  return null;
}

/** Marks may move between the simulation and the block of the bid; rounded down, in favour of the bidder. */
function slippageE6(
  { maintenanceE6 }: AuctionQuote,
  shareWad: bigint,
  { slippageWad }: LiquidatorTerms,
): bigint {
  return (maintenanceE6 * shareWad * slippageWad) / (WAD * WAD);
}
