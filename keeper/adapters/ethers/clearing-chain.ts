import type { Interface, Signer } from "ethers";
import type { ClearingHouse } from "../../../types/ethers-contracts/clearing/ClearingHouse.ts";
import type { Settlement } from "../../../types/ethers-contracts/clearing/Settlement.ts";
import { ClearingHouse__factory } from "../../../types/ethers-contracts/factories/clearing/ClearingHouse__factory.ts";
import { Settlement__factory } from "../../../types/ethers-contracts/factories/clearing/Settlement__factory.ts";
import { LiquidationEngine__factory } from "../../../types/ethers-contracts/factories/liquidation/LiquidationEngine__factory.ts";
import type { LiquidationEngine } from "../../../types/ethers-contracts/liquidation/LiquidationEngine.ts";
import { MarginLens__factory } from "../../../types/ethers-contracts/factories/periphery/MarginLens__factory.ts";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { unpackInstrumentId, unpackPosition } from "../../core/report/instrument-id.ts";
import type { AuctionPhase, BidOffer, ClearingChain, HeldExpiry } from "../../ports/clearing-chain.ts";
import type { Hex } from "../../ports/hex.ts";
import { refusing } from "./refusal.ts";

/** Addresses of the contracts the bots talk to. */
export interface ClearingAddresses {
  readonly clearingHouse: Hex;
  readonly settlement: Hex;
  readonly liquidationEngine: Hex;
  readonly marginLens: Hex;
  readonly riskConfig: Hex;
}

const PHASES: readonly AuctionPhase[] = ["none", "called", "insolvent"];

/** The clearing contracts through ethers; `signer` pays for the transactions. */
export function createClearingChain(addresses: ClearingAddresses, signer: Signer): ClearingChain {
  const house = ClearingHouse__factory.connect(addresses.clearingHouse, signer);
  const settlement = Settlement__factory.connect(addresses.settlement, signer);
  const engine = LiquidationEngine__factory.connect(addresses.liquidationEngine, signer);
  const lens = MarginLens__factory.connect(addresses.marginLens, signer);
  const config = RiskConfig__factory.connect(addresses.riskConfig, signer);
  const interfaces = [engine.interface, house.interface, settlement.interface];

  const transact: Transact = (action, send) =>
    refusing(action, interfaces, async () => {
      await (await send()).wait();
    });

  return {
    accountCount: () => house.accountCount(),
    health: async (first, count) =>
      (await lens.health(first, count)).map((view) => ({
        account: view.account,
        equityE6: view.margin.equityE6,
        initialE6: view.margin.initialE6,
        maintenanceE6: view.margin.maintenanceE6,
        healthBps: view.healthBps,
        reduceOnly: view.reduceOnly,
      })),
    targetHealthBps: async () => (await config.liquidationParams()).targetHealthBps,
    calledAccounts: async () => [...(await engine.calledAccounts())],
    quote: (account) =>
      refusing(`quoting account ${account.toString()}`, interfaces, async () => {
        const [quote, auction] = await Promise.all([engine.quote(account), engine.auction(account)]);
        return {
          account,
          phase: PHASES[Number(quote.phase)] ?? "none",
          version: Number(auction.version),
          discountWad: quote.discountWad,
          maintenanceE6: quote.maintenanceE6,
          maxShareWad: quote.maxShareWad,
          healthBps: quote.healthBps,
        };
      }),
    flag: (account) => transact(`flagging account ${account.toString()}`, () => engine.flag(account)),
    release: (account) => transact(`releasing account ${account.toString()}`, () => engine.release(account)),
    update: (account) => transact(`updating account ${account.toString()}`, () => engine.update(account)),
    ...biddingPart(engine, house, interfaces),
    ...settlementPart(settlement, house, transact),
  };
}

/** Far above every price: a simulation is to find the price, not to bound it. */
const UNBOUNDED_E6 = 2n ** 127n;

function biddingPart(
  engine: LiquidationEngine,
  house: ClearingHouse,
  interfaces: readonly Interface[],
): Pick<ClearingChain, "simulateBid" | "bid"> {
  const encoded = ({ phase, deadlineSeconds, ...offer }: BidOffer, maxPaidE6: bigint) => ({
    ...offer,
    phase: PHASES.indexOf(phase),
    maxPaidE6,
    deadline: deadlineSeconds,
  });
  return {
    simulateBid: (offer) =>
      refusing(`bidding on account ${offer.account.toString()}`, interfaces, () =>
        engine.bid.staticCall(encoded(offer, UNBOUNDED_E6)),
      ),
    bid: ({ maxPaidE6, ...offer }) =>
      refusing(`bidding on account ${offer.account.toString()}`, interfaces, async () => {
        const receipt = await (await engine.bid(encoded(offer, maxPaidE6))).wait();
        for (const log of receipt?.logs ?? []) {
          const event = house.interface.parseLog(log);
          const paidE6: unknown = event?.name === "SliceTaken" ? event.args["paidE6"] : undefined;
          if (typeof paidE6 === "bigint") return paidE6;
        }
        throw new Error("a bid was mined without a slice being taken");
      }),
  };
}

type Transact = (action: string, send: () => Promise<{ wait(): Promise<unknown> }>) => Promise<void>;

function settlementPart(
  settlement: Settlement,
  house: ClearingHouse,
  transact: Transact,
): Pick<
  ClearingChain,
  "heldExpiries" | "fixingWindowSeconds" | "sampleFixing" | "setFixing" | "isFixed" | "settleAccount"
> {
  return {
    heldExpiries: async () => heldExpiries(await house.accountCount(), (account) => house.positions(account)),
    fixingWindowSeconds: async () => Number(await settlement.windowSeconds()),
    sampleFixing: ({ market, expirySeconds }) =>
      transact("sampling a fixing", () => settlement.sample(market, expirySeconds)),
    setFixing: ({ market, expirySeconds }) =>
      transact("setting a fixing", () => settlement.setFixing(market, expirySeconds)),
    isFixed: async ({ market, expirySeconds }) => (await settlement.fixingE8(market, expirySeconds)) > 0n,
    settleAccount: (account) =>
      transact(`settling account ${account.toString()}`, () => settlement.settleAccount(account)),
  };
}

async function heldExpiries(
  accountCount: bigint,
  positionsOf: (account: bigint) => Promise<readonly bigint[]>,
): Promise<readonly HeldExpiry[]> {
  const held = new Map<string, { market: number; expirySeconds: number; accounts: bigint[] }>();
  for (let account = 1n; account <= accountCount; account++) {
    for (const position of await positionsOf(account)) {
      const { market, expiry } = unpackInstrumentId(unpackPosition(position).instrumentId);
      const key = `${market.toString()}/${expiry.toString()}`;
      const entry = held.get(key) ?? { market, expirySeconds: expiry, accounts: [] };
      if (entry.accounts.at(-1) !== account) entry.accounts.push(account);
      held.set(key, entry);
    }
  }
  return [...held.values()].sort((a, b) => a.expirySeconds - b.expirySeconds);
}
