// A signed report carried into a trade or a bid, on the house as it is deployed: real signatures, real margin, a stale oracle.
import { expect } from "chai";
import { BTC, ETH, openDesk, UNIT_E8, USD, type Desk } from "../support/ballast-desk.ts";

const CASH_E6 = 400_000n * USD;
const PRICE_E8 = 100n * UNIT_E8;
const STALE_SECONDS = 3_700;
const MAX_PAID_E6 = 2n ** 127n;
const BID_LIFETIME_SECONDS = 600;
const SHARE_WAD = 10n ** 17n;
/** A rise that leaves the seller below maintenance, in steps that the oracle accepts. */
const RISE_USD = [3_900n, 5_000n, 6_400n] as const;
const STORM_SIGMA_E9 = 80_000_000n;

describe("reports carried into transactions", () => {
  let desk: Desk;
  type Trader = Awaited<ReturnType<Desk["openAccount"]>>;
  let buyer: Trader;
  let seller: Trader;
  let instrument: bigint;

  before(async () => {
    desk = await openDesk();
    seller = await desk.openAccount(CASH_E6);
    buyer = await desk.openAccount(CASH_E6);
    instrument = await desk.list(ETH, "call", 3_000n);
  });

  const fill = ({
    maker,
    makerSigner,
    makerSignature,
    taker,
    takerSigner,
    takerSignature,
    sizeE8,
  }: Awaited<ReturnType<Desk["signPair"]>>) =>
    desk.ballast.exchange.fill(
      maker,
      makerSigner,
      makerSignature,
      taker,
      takerSigner,
      takerSignature,
      sizeE8,
    );

  it("lets a trade through that a stale oracle holds up, in one transaction", async () => {
    const { carrier, marginEngine, oracle, house } = desk.ballast;
    await desk.wait(STALE_SECONDS);
    const pair = await desk.signPair(buyer, seller, instrument, UNIT_E8, PRICE_E8);
    await expect(fill(pair)).to.be.revertedWithCustomError(marginEngine, "ReportTooOld");
    const { report, signatures } = await desk.signReport();
    await expect(carrier.fillWithReport(report, signatures, pair)).to.emit(oracle, "ReportAccepted");
    expect((await oracle.header()).epoch).to.equal(report.epoch);
    expect(await house.sizeOf(buyer.account, instrument)).to.equal(UNIT_E8);
  });

  it("goes on when the report was posted first by somebody else, and when an older one is carried", async () => {
    const { carrier, oracle, house } = desk.ballast;
    const older = await desk.signReport();
    const { report, signatures } = await desk.signReport();
    const pair = await desk.signPair(buyer, seller, instrument, 3n * UNIT_E8, PRICE_E8);
    await oracle.submit(report, signatures);
    for (const carried of [{ report, signatures }, older])
      await expect(
        carrier.fillWithReport(carried.report, carried.signatures, { ...pair, sizeE8: UNIT_E8 }),
      ).to.not.emit(oracle, "ReportAccepted");
    expect(await house.sizeOf(buyer.account, instrument)).to.equal(3n * UNIT_E8);
  });

  it("refuses the whole with a bad signature, and leaves report and trade undone", async () => {
    const { carrier, oracle, keepers, house } = desk.ballast;
    const { report, signatures } = await desk.signReport();
    const pair = await desk.signPair(buyer, seller, instrument, UNIT_E8, PRICE_E8);
    const held = await house.sizeOf(buyer.account, instrument);
    const changed = { ...report, pegBps: report.pegBps - 1n };
    await expect(carrier.fillWithReport(changed, signatures, pair)).to.be.revertedWithCustomError(
      keepers,
      "UnknownSigner",
    );
    expect((await oracle.header()).epoch).to.be.lessThan(report.epoch);
    expect(await house.sizeOf(buyer.account, instrument)).to.equal(held);
  });

  it("holds no token, no role and no allowance", async () => {
    const { carrier, coin, house } = desk.ballast;
    const address = await carrier.getAddress();
    expect(await coin.balanceOf(address)).to.equal(0n);
    expect(await house.mayAct(buyer.account, address)).to.equal(false);
    expect(await house.hasRole(await house.EXCHANGE_ROLE(), address)).to.equal(false);
    await expect(buyer.owner.sendTransaction({ to: address, value: 1n })).to.revert(desk.connection.ethers);
  });

  it("brings a bidder's report and bid in one transaction", async () => {
    const { liquidation, oracle, house } = desk.ballast;
    const bigCall = await desk.list(BTC, "call", 95_000n);
    await desk.trade(buyer, seller, bigCall, 4n * UNIT_E8, PRICE_E8);
    await desk.depositCash(buyer, 6n * CASH_E6);
    await desk.trade(buyer, seller, instrument, 95n * UNIT_E8, PRICE_E8);
    for (const ethUsd of RISE_USD) await desk.report({ ethUsd, sigmaE9: STORM_SIGMA_E9 });
    await liquidation.flag(seller.account);
    const { phase, version } = await liquidation.quote(seller.account);
    const signed = await desk.signReport({ ethUsd: 6_450n, sigmaE9: STORM_SIGMA_E9 });
    const bid = {
      account: seller.account,
      bidder: buyer.account,
      shareWad: SHARE_WAD,
      phase,
      version,
      maxPaidE6: MAX_PAID_E6,
      deadline: (await desk.now()) + BID_LIFETIME_SECONDS,
    };
    await expect(liquidation.connect(seller.owner).bidWithReport(signed.report, signed.signatures, bid))
      .to.be.revertedWithCustomError(liquidation, "NotBidder")
      .withArgs(buyer.account, seller.owner.address);
    const sent = liquidation.connect(buyer.owner).bidWithReport(signed.report, signed.signatures, bid);
    await expect(sent).to.emit(oracle, "ReportAccepted");
    await expect(sent).to.emit(house, "SliceTaken");
    expect((await oracle.header()).epoch).to.equal(signed.report.epoch);
  });
});
