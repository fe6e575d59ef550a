// Spots that jump, on the real oracle with real signatures: stored, marked, confirmed by a later epoch.
import { expect } from "chai";
import { unpackStoredMarketWord } from "../../keeper/core/report/words.ts";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import { marginParams, oracleParams } from "../support/risk-params.ts";
import { withMarket } from "../support/report-changes.ts";
import { packed, type ReportDraft } from "../support/risk-reports.ts";

const E8 = 10n ** 8n;
const ETH = 1n;
const BTC = 2n;
const START_USD = 3_000n;
/** Beyond 5 sigma of 3.5 % a day over a minute and 1 %: about 1.5 %. */
const FALLEN_USD = 2_900n;
const STEP_SECONDS = 60n;
/** Older reports are refused. */
const MAX_AGE_SECONDS = 600n;

describe("RiskOracle: quarantine", () => {
  let fixture: OracleFixture;
  let first: ReportDraft;

  beforeEach(async () => {
    fixture = await deployOracle();
    first = await fixture.validDraft();
    await post(1n, 1n, START_USD);
  });

  /** Posts a report a minute after the last, of the same expiries, with a spot of the first market. */
  const post = async (epoch: bigint, round: bigint, spotUsd: bigint) => {
    const { time } = fixture.networkHelpers;
    await time.increase(STEP_SECONDS);
    const valid = await fixture.validDraft();
    const report = withMarket({ ...valid, markets: first.markets, epoch, round }, { spotE8: spotUsd * E8 });
    const sent = fixture.submit(report);
    await sent;
    return { report, sent };
  };
  const isQuarantined = async () => fixture.oracle.isQuarantined(ETH);

  it("stores a spot that jumped, marks its market alone, and says so", async () => {
    const { oracle } = fixture;
    const { report, sent } = await post(2n, 1n, FALLEN_USD);
    await expect(sent)
      .to.emit(oracle, "MarketQuarantined")
      .withArgs(ETH, START_USD * E8, FALLEN_USD * E8);
    expect(await isQuarantined()).to.equal(true);
    expect(await oracle.isQuarantined(BTC)).to.equal(false);
    expect(await oracle.quarantinedCount()).to.equal(1n);
    const { marketWord, smiles } = await oracle.marketState(ETH);
    const fields = unpackStoredMarketWord(marketWord);
    expect(fields).to.deep.equal({ ...report.markets[0]?.fields, isQuarantined: true });
    expect([...smiles]).to.deep.equal(packed(report).smiles.slice(0, smiles.length));
  });

  it("leaves a spot within the band alone", async () => {
    const { sent } = await post(2n, 1n, 3_040n);
    await expect(sent).to.not.emit(fixture.oracle, "MarketQuarantined");
    expect(await fixture.oracle.quarantinedCount()).to.equal(0n);
  });

  it("gives reports far apart the room of their time", async () => {
    await fixture.networkHelpers.time.increase(6n * 3_600n);
    await post(2n, 1n, 2_760n);
    expect(await isQuarantined()).to.equal(false);
  });

  it("waits for a later epoch, and is content when the spot stays", async () => {
    await post(2n, 1n, FALLEN_USD);
    await post(2n, 2n, FALLEN_USD);
    expect(await isQuarantined()).to.equal(true);
    const { sent } = await post(3n, 1n, 2_910n);
    await expect(sent)
      .to.emit(fixture.oracle, "MarketConfirmed")
      .withArgs(ETH, 2_910n * E8);
    expect(await isQuarantined()).to.equal(false);
    expect(await fixture.oracle.quarantinedCount()).to.equal(0n);
  });

  it("holds a spike that comes back until an epoch after that", async () => {
    await post(2n, 1n, FALLEN_USD);
    await post(3n, 1n, START_USD);
    expect(await isQuarantined()).to.equal(true);
    await post(4n, 1n, START_USD);
    expect(await isQuarantined()).to.equal(false);
  });

  it("frees a fall that goes on in a later epoch, and marks the next fall", async () => {
    await post(2n, 1n, FALLEN_USD);
    await post(3n, 1n, 2_800n);
    expect(await isQuarantined()).to.equal(false);
    await post(4n, 1n, 2_700n);
    expect(await isQuarantined()).to.equal(true);
  });

  it("counts the time between two reports from observation to observation, however late the first was accepted", async () => {
    const { networkHelpers } = fixture;
    const late = { ...(await fixture.validDraft()), markets: first.markets, round: 2n };
    const report = { ...late, observedAt: late.observedAt + 1n };
    await networkHelpers.time.increase(MAX_AGE_SECONDS - 10n);
    await fixture.submit(report);
    // Two percent: too far for the ten seconds since the acceptance, near enough for the ten minutes since the observation.
    const next = { ...(await fixture.validDraft()), markets: first.markets, round: 3n };
    await fixture.submit(withMarket(next, { spotE8: 3_060n * E8 }));
    expect(next.observedAt - report.observedAt).to.be.greaterThan(MAX_AGE_SECONDS - 20n);
    expect(await isQuarantined()).to.equal(false);
  });

  it("counts two markets that wait, and lets each go by itself", async () => {
    const { oracle, networkHelpers } = fixture;
    const postBoth = async (epoch: bigint, ethUsd: bigint, btcUsd: bigint) => {
      await networkHelpers.time.increase(STEP_SECONDS);
      const valid = await fixture.validDraft();
      const spots = [ethUsd, btcUsd];
      const markets = first.markets.map((each, i) => ({
        ...each,
        fields: { ...each.fields, spotE8: (spots[i] ?? 0n) * E8 },
      }));
      await fixture.submit({ ...valid, epoch, markets });
      return [
        await oracle.quarantinedCount(),
        await oracle.isQuarantined(ETH),
        await oracle.isQuarantined(BTC),
      ];
    };
    expect(await postBoth(2n, FALLEN_USD, 96_000n)).to.deep.equal([2n, true, true]);
    // The first stays; the second jumps back.
    expect(await postBoth(3n, FALLEN_USD, 100_000n)).to.deep.equal([1n, false, true]);
    expect(await postBoth(4n, FALLEN_USD, 100_000n)).to.deep.equal([0n, false, false]);
  });

  it("lets a market go that left the parameters while it waited, once no other waits", async () => {
    const { oracle, config, networkHelpers } = fixture;
    await post(2n, 1n, FALLEN_USD);
    const [margin, bounds] = [marginParams(), oracleParams()];
    const stress = margin.stress.map((row) => ({ ...row, returnBps: row.returnBps.slice(1) }));
    const rest = { ...margin, markets: margin.markets.slice(1), stress };
    await config.setMarginParams(rest, await config.marginParamsHash());
    await config.setOracleParams(
      { ...bounds, markets: bounds.markets.slice(1) },
      await config.oracleParamsHash(),
    );
    const postOther = async (epoch: bigint, btcUsd: bigint) => {
      await networkHelpers.time.increase(STEP_SECONDS);
      const valid = await fixture.validDraft();
      const report = { ...valid, markets: first.markets.slice(1), epoch };
      await fixture.submit(withMarket(report, { spotE8: btcUsd * E8 }));
      return [await oracle.isQuarantined(ETH), await oracle.isQuarantined(BTC)];
    };
    expect(await postOther(3n, 96_000n)).to.deep.equal([true, true]);
    expect(await postOther(4n, 96_000n)).to.deep.equal([false, false]);
  });

  it("takes a jump that the bounds refuse for no quarantine: the report is refused whole", async () => {
    await fixture.networkHelpers.time.increase(STEP_SECONDS);
    const valid = await fixture.validDraft();
    const report = withMarket({ ...valid, markets: first.markets, epoch: 2n }, { spotE8: 2_000n * E8 });
    await expect(fixture.submit(report)).to.be.revertedWithCustomError(fixture.oracle, "ValueOutOfBounds");
    expect((await fixture.oracle.header()).epoch).to.equal(1n);
    expect(await isQuarantined()).to.equal(false);
  });
});
