import { expect } from "chai";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { type ClearingAddresses, createClearingChain } from "../../keeper/adapters/ethers/clearing-chain.ts";
import { ChainRefusal } from "../../keeper/ports/clearing-chain.ts";
import { ETH, openDesk, UNIT_E8, USD, type Desk } from "../support/ballast-desk.ts";

const WAD = 10n ** 18n;
const BPS = 10_000n;
const TARGET_BPS = 12_500n;
const CALLED = 1n;
const INSOLVENT = 2n;
const MAX_INT256 = 2n ** 255n - 1n;
const HOUR_SECONDS = 3_600;
const MINUTE_SECONDS = 60;
const CALL_PRICE_E8 = 180n * UNIT_E8;
const SIZE_E8 = 100n * UNIT_E8;
const FUND_DEPOSIT = 1_000_000n * USD;

type Trader = Awaited<ReturnType<Desk["openAccount"]>>;

/** A house in which one trader is short a hundred calls with little to spare, and another is ready to bid. */
const openShort = async () => {
  const desk = await openDesk();
  const strike = await desk.list(ETH, "call", 3_000n);
  const short = await desk.openAccount(75_000n * USD);
  const long = await desk.openAccount(1_000_000n * USD);
  const bidder = await desk.openAccount(1_000_000n * USD);
  await desk.trade(long, short, strike, SIZE_E8, CALL_PRICE_E8);
  return { ...desk, strike, short, long, bidder };
};

const fillFund = async ({ ballast, signers }: Desk) => {
  const [provider] = signers;
  if (provider === undefined) throw new Error("no provider");
  await ballast.coin.mint(provider.address, FUND_DEPOSIT);
  await ballast.coin.approve(await ballast.fund.getAddress(), FUND_DEPOSIT);
  await ballast.fund.deposit(FUND_DEPOSIT, provider.address);
};

const bid = async ({ ballast, now }: Desk, account: bigint, bidder: Trader, shareWad: bigint) => {
  const { phase, version } = await ballast.liquidation.quote(account);
  return ballast.liquidation.connect(bidder.owner).bid({
    account,
    bidder: bidder.account,
    shareWad,
    phase,
    version,
    maxPaidE6: MAX_INT256,
    deadline: (await now()) + HOUR_SECONDS,
  });
};

/** Coins of the vault and the fund together, and the sum of all accounts' cash. */
const coins = async ({ ballast }: Desk) => {
  const inVault = await ballast.vault.held(await ballast.coin.getAddress());
  const accounts = await ballast.house.accountCount();
  let cash = 0n;
  for (let account = 1n; account <= accounts; account += 1n) cash += await ballast.house.cashE6(account);
  return { inVault, cash, all: inVault + (await ballast.fund.capacityE6()) };
};

const healthBps = async (desk: Desk, account: bigint) => {
  const { equityE6, maintenanceE6 } = await desk.assess(account);
  return maintenanceE6 === 0n ? MAX_INT256 : (equityE6 * BPS) / maintenanceE6;
};

describe("liquidation on the real margin engine", () => {
  it("calls an account, sells slices until target health and releases it", async () => {
    const desk = await openShort();
    const { ballast, short, long, bidder } = desk;
    await fillFund(desk);
    await expect(ballast.liquidation.flag(short.account)).to.be.revertedWithCustomError(
      ballast.liquidation,
      "Healthy",
    );

    await desk.report({ ethUsd: 3_600n });
    const fallen = await healthBps(desk, short.account);
    expect(fallen > 0n && fallen < BPS, `health ${fallen.toString()}`).to.be.true;
    await ballast.liquidation.flag(short.account);
    expect(await ballast.house.isReduceOnly(short.account)).to.be.true;
    expect([...(await ballast.liquidation.calledAccounts())]).to.deep.equal([short.account]);
    await expect(desk.trade(long, short, desk.strike, UNIT_E8, 700n * UNIT_E8)).to.be.revertedWithCustomError(
      ballast.house,
      "AccountIsReduceOnly",
    );

    const before = await coins(desk);
    const prices: bigint[] = [];
    let health = fallen;
    for (const seconds of [MINUTE_SECONDS, 10 * MINUTE_SECONDS]) {
      await desk.wait(seconds);
      prices.push((await ballast.liquidation.quote(short.account)).ownerCostWad);
      await bid(desk, short.account, bidder, WAD / 10n);
      const raised = await healthBps(desk, short.account);
      expect(raised > health, "each fill raises health").to.be.true;
      health = raised;
    }
    expect((prices[1] ?? 0n) > (prices[0] ?? 0n), "the price rises with time").to.be.true;

    const { maxShareWad } = await ballast.liquidation.quote(short.account);
    await bid(desk, short.account, bidder, maxShareWad);
    health = await healthBps(desk, short.account);
    expect(health >= TARGET_BPS - 1n && health <= TARGET_BPS + 100n, `health ${health.toString()}`).to.be
      .true;
    if ((await ballast.liquidation.auction(short.account)).phase === CALLED) {
      await desk.depositCash(short, 100n * USD);
      await ballast.liquidation.release(short.account);
    }
    expect(await ballast.house.isReduceOnly(short.account)).to.be.false;

    const after = await coins(desk);
    expect(after.cash).to.equal(after.inVault);
    expect(after.all - before.all <= 100n * USD && after.all >= before.all).to.be.true;
    expect((await ballast.fund.capacityE6()) > FUND_DEPOSIT, "the penalty reached the fund").to.be.true;
    const bidderMargin = await desk.assess(bidder.account);
    expect(bidderMargin.equityE6 >= bidderMargin.initialE6, "the bidder meets initial margin").to.be.true;
  });

  it("lets the fund pay for an insolvent account and keeps every coin", async () => {
    const desk = await openShort();
    const { ballast, short, bidder } = desk;
    await fillFund(desk);
    await desk.report({ ethUsd: 4_400n });
    await desk.report({ ethUsd: 4_900n });
    const { equityE6 } = await desk.assess(short.account);
    expect(equityE6 < 0n).to.be.true;
    await ballast.liquidation.flag(short.account);
    expect((await ballast.liquidation.auction(short.account)).phase).to.equal(INSOLVENT);
    expect((await ballast.fund.reserveE6()) > -equityE6).to.be.true;

    const before = await coins(desk);
    const bidderBefore = (await desk.assess(bidder.account)).equityE6;
    await desk.wait(15 * MINUTE_SECONDS);
    await bid(desk, short.account, bidder, WAD);
    const after = await coins(desk);
    expect(after.all).to.equal(before.all);
    expect(after.cash).to.equal(after.inVault);
    expect(await ballast.house.cashE6(short.account)).to.be.within(0n, 1n);
    expect(await ballast.fund.reserveE6()).to.equal(0n);
    expect((await desk.assess(bidder.account)).equityE6 > bidderBefore, "the bidder was subsidised").to.be
      .true;
    expect(await ballast.liquidation.calledAccounts()).to.have.length(0);
  });

  it("costs its owner the penalty to liquidate oneself", async () => {
    const desk = await openShort();
    const { ballast, short, bidder } = desk;
    await desk.report({ ethUsd: 3_600n });
    await ballast.liquidation.flag(short.account);
    await ballast.house.connect(bidder.owner).setOperator(bidder.account, short.owner.address, true);
    await desk.wait(10 * MINUTE_SECONDS);
    const together = async () =>
      (await desk.assess(short.account)).equityE6 + (await desk.assess(bidder.account)).equityE6;
    const before = await together();
    const { maintenanceE6, penaltyWad } = await ballast.liquidation.quote(short.account);
    await bid(desk, short.account, { ...bidder, owner: short.owner }, WAD / 10n);
    const penalty = (maintenanceE6 / 10n) * penaltyWad;
    // Marks move by seconds of time value between the two readings.
    expect((before - (await together())) * WAD >= (penalty * 99n) / 100n, "the penalty is lost").to.be.true;
  });

  it("refuses a bid written for an earlier state", async () => {
    const desk = await openShort();
    const { ballast, short, bidder } = desk;
    await desk.report({ ethUsd: 3_600n });
    await ballast.liquidation.flag(short.account);
    const { phase, version } = await ballast.liquidation.quote(short.account);
    await bid(desk, short.account, bidder, WAD / 20n);
    await expect(
      ballast.liquidation.connect(bidder.owner).bid({
        account: short.account,
        bidder: bidder.account,
        shareWad: WAD / 20n,
        phase,
        version,
        maxPaidE6: MAX_INT256,
        deadline: (await desk.now()) + HOUR_SECONDS,
      }),
    )
      .to.be.revertedWithCustomError(ballast.liquidation, "AuctionMoved")
      .withArgs(phase, version + 1n);
  });

  it("fills a bid at its simulated price, and refuses it once the marks have moved beyond its bound", async () => {
    const desk = await openShort();
    const { ballast, short, bidder } = desk;
    const { addresses } = await deploymentRecord(ballast, await loadParameters("local"), "http://127.0.0.1");
    const chain = createClearingChain(addresses as ClearingAddresses, bidder.owner);
    await desk.report({ ethUsd: 3_600n });
    await chain.flag(short.account);
    const { version, phase } = await chain.quote(short.account);
    const offer = {
      account: short.account,
      bidder: bidder.account,
      shareWad: WAD / 10n,
      phase,
      version,
      deadlineSeconds: (await desk.now()) + HOUR_SECONDS,
    };
    const simulatedE6 = await chain.simulateBid(offer);
    expect(simulatedE6 < 0n, "a bidder is paid for taking short calls").to.be.true;

    // Short calls are worth more after a fall: their taker would be paid less.
    await desk.report({ ethUsd: 3_590n });
    const refusal = await chain
      .bid({ ...offer, maxPaidE6: simulatedE6 + USD })
      .catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ChainRefusal);
    expect(String(refusal)).to.match(/PaysTooMuch\(-\d+, -\d+\)/);
    const moved = await chain.simulateBid(offer);
    const cashBefore = await ballast.house.cashE6(bidder.account);
    const paidE6 = await chain.bid({ ...offer, maxPaidE6: moved + USD });
    expect(paidE6 <= moved + USD).to.be.true;
    expect(cashBefore - (await ballast.house.cashE6(bidder.account))).to.equal(paidE6);
  });

  it("finds and flags accounts through the upkeep", async () => {
    const desk = await openShort();
    const { ballast, short } = desk;
    await desk.report({ ethUsd: 3_600n });
    const range = desk.connection.ethers.AbiCoder.defaultAbiCoder().encode(
      ["uint256", "uint256"],
      [1n, 100n],
    );
    const [needed, data] = await ballast.upkeep.checkUpkeep(range);
    expect(needed).to.be.true;
    await ballast.upkeep.performUpkeep(data);
    expect([...(await ballast.liquidation.calledAccounts())]).to.deep.equal([short.account]);
  });
});
