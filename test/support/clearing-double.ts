// A clearing chain that answers from a script and remembers what was asked of it.
import {
  ChainRefusal,
  type AccountHealth,
  type AuctionQuote,
  type Bid,
  type ClearingChain,
  type HeldExpiry,
} from "../../keeper/ports/clearing-chain.ts";

export interface ClearingScript {
  readonly accounts?: readonly AccountHealth[];
  readonly called?: readonly bigint[];
  readonly quotes?: readonly AuctionQuote[];
  readonly expiries?: readonly HeldExpiry[];
  readonly windowSeconds?: number;
  /** Expiries, by "market/seconds", that have a fixing already. */
  readonly fixed?: readonly string[];
  /** What a simulated bid would pay, USD * 1e6. */
  readonly simulatedE6?: bigint;
  /** Decides on each write, by its name and arguments: a text refuses it. */
  readonly refuse?: (action: string) => string | null;
}

export interface ClearingDouble {
  readonly chain: ClearingChain;
  /** Writes that went through, such as "flag 3". */
  readonly actions: readonly string[];
  readonly bids: readonly Bid[];
  /** Pages of health that were read. */
  readonly pages: readonly (readonly [first: bigint, count: bigint])[];
}

const BID_PAYMENT_E6 = 1_000_000n;
const DEFAULT_WINDOW_SECONDS = 1_800;
const TARGET_HEALTH_BPS = 12_500n;

export const accountHealth = (account: bigint, healthBps: bigint): AccountHealth => ({
  account,
  equityE6: 0n,
  initialE6: 0n,
  maintenanceE6: 0n,
  healthBps,
  reduceOnly: false,
});

export function clearingDouble(script: ClearingScript): ClearingDouble {
  const { accounts = [], called = [], quotes = [], expiries = [], refuse = () => null } = script;
  const actions: string[] = [];
  const bids: Bid[] = [];
  const pages: (readonly [bigint, bigint])[] = [];
  const fixed = new Set(script.fixed ?? []);
  const act = (action: string): Promise<void> => {
    const reason = refuse(action);
    if (reason !== null) return Promise.reject(new ChainRefusal(action, reason));
    actions.push(action);
    return Promise.resolve();
  };
  const nameOf = ({ market, expirySeconds }: { market: number; expirySeconds: number }) =>
    `${market.toString()}/${expirySeconds.toString()}`;
  const chain: ClearingChain = {
    accountCount: () => Promise.resolve(BigInt(accounts.length)),
    health: (first, count) => {
      pages.push([first, count]);
      return Promise.resolve(accounts.filter(({ account }) => account >= first && account < first + count));
    },
    targetHealthBps: () => Promise.resolve(TARGET_HEALTH_BPS),
    calledAccounts: () => Promise.resolve(called),
    quote: (account) => {
      const quote = quotes.find((entry) => entry.account === account);
      return quote === undefined
        ? Promise.reject(new ChainRefusal(`quoting ${account.toString()}`, "NotCalled"))
        : Promise.resolve(quote);
    },
    flag: (account) => act(`flag ${account.toString()}`),
    release: (account) => act(`release ${account.toString()}`),
    update: (account) => act(`update ${account.toString()}`),
    simulateBid: () => Promise.resolve(script.simulatedE6 ?? BID_PAYMENT_E6),
    bid: async (bid) => {
      bids.push(bid);
      await act(`bid ${bid.account.toString()} ${bid.shareWad.toString()}`);
      return BID_PAYMENT_E6;
    },
    heldExpiries: () => Promise.resolve(expiries),
    fixingWindowSeconds: () => Promise.resolve(script.windowSeconds ?? DEFAULT_WINDOW_SECONDS),
    sampleFixing: (expiry) => act(`sample ${nameOf(expiry)}`),
    setFixing: async (expiry) => {
      await act(`fix ${nameOf(expiry)}`);
      fixed.add(nameOf(expiry));
    },
    isFixed: (expiry) => Promise.resolve(fixed.has(nameOf(expiry))),
    settleAccount: (account) => act(`settle ${account.toString()}`),
  };
  return { chain, actions, bids, pages };
}
