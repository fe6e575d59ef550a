// Whole-transaction gas of what users and bots do, on the house as it is deployed, with accounts of a few options.
import { loadParameters } from "../../deploy/parameter-file.ts";
import type { GasEntry } from "../../scripts/bench/gas-entry.ts";
import { unpackPosition } from "../../keeper/core/report/instrument-id.ts";
import { BTC, ETH, openDesk, UNIT_E8, USD, type Desk } from "../support/ballast-desk.ts";

const SURFACE_NODES = 39;
const CASH_E6 = 400_000n * USD;
const WAD = 10n ** 18n;
const BID_LIFETIME_SECONDS = 600;
const OPTIONS_HELD = 4;
const MARKETS_HELD = 2;
/** Share of its surplus that the seller keeps: marks move between the reading and the withdrawal. */
const KEPT_BPS = 500n;
const BPS = 10_000n;
const MAX_PAID_E6 = 2n ** 127n;
/** A rise that no seller of calls survives, in steps that the oracle accepts. */
const RISE_USD = [3_900n, 5_000n, 6_400n, 8_300n, 10_700n] as const;
const STORM_SIGMA_E9 = [80_000_000n, 110_000_000n, 140_000_000n, 140_000_000n, 140_000_000n] as const;

const AFTER_THE_RISE = { ethUsd: 10_700n, sigmaE9: 140_000_000n } as const;

/** Runs a transaction and keeps its gas under a name, with the number of options it handles. */
type Measured = (name: string, options: number, run: () => Promise<unknown>) => Promise<void>;

async function lastGas({ connection }: Desk): Promise<number> {
  const { provider } = connection.ethers;
  const block = await provider.getBlock("latest");
  const [hash = ""] = block?.transactions ?? [];
  const receipt = await provider.getTransactionReceipt(hash);
  if (receipt?.status !== 1) throw new Error("the measured transaction failed");
  return Number(receipt.gasUsed);
}

/** Gas of a fixing's sample, of the fixing, and of settling one position and then the rest of an account. */
async function measureSettlement(
  { ballast, expiry, now, wait, report }: Desk,
  account: bigint,
  measured: Measured,
): Promise<void> {
  const { settlement, house } = ballast;
  const opensAt = expiry - Number(await settlement.windowSeconds());
  await wait(opensAt - (await now()));
  await report(AFTER_THE_RISE);
  await settlement.sample(ETH, expiry);
  await measured("sample a fixing", 0, () => settlement.sample(BTC, expiry));
  await wait(expiry + Number(await settlement.fallbackSeconds()) - (await now()));
  await settlement.setFixing(ETH, expiry);
  await measured("set a fixing", 0, () => settlement.setFixing(BTC, expiry));
  const [position = 0n] = await house.positions(account);
  const { instrumentId } = unpackPosition(position);
  await measured("settle a position", 1, () => settlement.settle(account, instrumentId));
  await measured("settle an account", OPTIONS_HELD - 1, () => settlement.settleAccount(account));
}

/** Gas of deposit, trade, withdraw, flag, bid and settlement. The trade is the one that gives both sides their last option. */
export async function measureActionGas(): Promise<readonly GasEntry[]> {
  const desk = await openDesk();
  const { ballast } = desk;
  const { margin } = await loadParameters("local");
  const repricings = SURFACE_NODES + margin.stress.length;
  const seller = await desk.openAccount(CASH_E6);
  const buyer = await desk.openAccount(CASH_E6);
  const entries: GasEntry[] = [];
  const unpriced: Measured = async (name, options, run) => {
    await run();
    const markets = Math.min(options, MARKETS_HELD);
    entries.push({ name, options, markets, repricings: 0, gas: await lastGas(desk) });
  };
  const measured: Measured = async (name, options, run) => {
    await run();
    entries.push({ name, options, markets: MARKETS_HELD, repricings, gas: await lastGas(desk) });
  };

  await unpriced("deposit", 0, () => desk.depositCash(seller, USD));
  const sell = async (market: number, kind: "call" | "put", strikeUsd: bigint, sizeE8: bigint) =>
    desk.trade(buyer, seller, await desk.list(market, kind, strikeUsd), sizeE8, UNIT_E8 * 100n);
  await sell(ETH, "call", 3_000n, 20n * UNIT_E8);
  await sell(ETH, "put", 2_800n, UNIT_E8);
  await sell(BTC, "call", 95_000n, UNIT_E8 / 2n);
  await measured("trade", OPTIONS_HELD, () => sell(BTC, "put", 85_000n, UNIT_E8 / 2n));
  const coin = await ballast.coin.getAddress();
  await measured("withdraw", OPTIONS_HELD, () =>
    ballast.house.connect(buyer.owner).withdraw(buyer.account, coin, USD, buyer.owner.address),
  );

  // Ample cash lets the bidder take the slice; the seller keeps little, so that the rise brings it below maintenance.
  await desk.depositCash(buyer, 4n * CASH_E6);
  const { cashE6 } = await ballast.house.book(seller.account);
  const { equityE6, initialE6 } = await desk.assess(seller.account);
  const surplusE6 = equityE6 - initialE6 < cashE6 ? equityE6 - initialE6 : cashE6;
  await ballast.house
    .connect(seller.owner)
    .withdraw(seller.account, coin, surplusE6 - (surplusE6 * KEPT_BPS) / BPS, seller.owner.address);
  for (const [step, ethUsd] of RISE_USD.entries())
    await desk.report({ ethUsd, sigmaE9: STORM_SIGMA_E9[step] ?? 0n });
  await measured("flag", OPTIONS_HELD, () => ballast.liquidation.flag(seller.account));
  const { phase, version, maxShareWad } = await ballast.liquidation.quote(seller.account);
  const bid = {
    account: seller.account,
    bidder: buyer.account,
    shareWad: maxShareWad < WAD / 2n ? maxShareWad : WAD / 2n,
    phase,
    version,
    maxPaidE6: MAX_PAID_E6,
    deadline: (await desk.now()) + BID_LIFETIME_SECONDS,
  };
  await measured("bid", OPTIONS_HELD, () => ballast.liquidation.connect(buyer.owner).bid(bid));
  await measureSettlement(desk, buyer.account, unpriced);
  return entries;
}
