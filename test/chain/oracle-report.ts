import { expect } from "chai";
import { encodeBytes32String, recoverAddress, ZeroHash } from "ethers";
import { deployOracle, reportHash, type OracleFixture } from "../support/oracle-fixture.ts";
import { reportExpectations, withMarket, smilesOf } from "../support/report-changes.ts";
import {
  packed,
  signHash,
  typedHash,
  ballastDomain,
  REPORT_TYPES,
  type ReportDraft,
} from "../support/risk-reports.ts";

const HOUR = 3600n;
/** BLOCKHASH knows so many blocks. */
const BLOCK_HASH_REACH = 256n;
const RESERVED_SHIFT = 184n;

describe("RiskOracle", () => {
  let fixture: OracleFixture;
  let valid: ReportDraft;

  beforeEach(async () => {
    fixture = await deployOracle();
    valid = await fixture.validDraft();
  });

  it("stores the words exactly as posted, the header and the account root", async () => {
    const report = { ...valid, accountRoot: `0x${"12".repeat(32)}`, pegBps: 9_990n };
    await expect(fixture.submit(report))
      .to.emit(fixture.oracle, "ReportAccepted")
      .withArgs(1n, 1n, report.observedAt, (hash: string) => hash !== ZeroHash, report.accountRoot);
    const { markets, smiles } = packed(report);
    const perMarket = smiles.length / markets.length;
    for (const [i, id] of [1n, 2n].entries()) {
      const state = await fixture.oracle.marketState(id);
      expect(state.marketWord).to.equal(markets[i]);
      expect([...state.smiles]).to.deep.equal(smiles.slice(i * perMarket, (i + 1) * perMarket));
    }
    const header = await fixture.oracle.header();
    expect([header.epoch, header.round, header.observedAt, header.pegBps]).to.deep.equal([
      1n,
      1n,
      report.observedAt,
      9_990n,
    ]);
    expect(await fixture.oracle.accountRoot()).to.equal(report.accountRoot);
  });

  it("hashes a report as ethers' TypedDataEncoder does", async () => {
    expect(await fixture.oracle.hashReport(packed(valid))).to.equal(
      reportHash(valid, fixture.chainId, await fixture.oracle.getAddress()),
    );
  });

  it("refuses a report signed for another chain id, another contract, another name or another version", async () => {
    const address = await fixture.oracle.getAddress();
    const signers = fixture.keepers.slice(0, 3);
    const expected = reportHash(valid, fixture.chainId, address);
    const foreign = [
      reportHash(valid, fixture.chainId + 1n, address),
      reportHash(valid, fixture.chainId, await fixture.registry.getAddress()),
      typedHash({ ...ballastDomain(fixture.chainId, address), version: "2" }, REPORT_TYPES, {
        ...packed(valid),
        payloadHash: ZeroHash,
      }),
    ];
    for (const hash of foreign) {
      const signatures = signHash(signers, hash);
      await expect(fixture.submit(valid, signatures))
        .to.be.revertedWithCustomError(fixture.registry, "UnknownSigner")
        .withArgs(recoverAddress(expected, signatures[0] ?? ""));
    }
  });

  it("refuses a replay, an older round and an older epoch", async () => {
    const { expectRefused } = reportExpectations(fixture);
    await fixture.submit(valid);
    await expectRefused(valid, "EpochRoundNotRising", [1n, 1n, 1n, 1n]);
    await expectRefused(
      { ...valid, epoch: 0n, round: 9n, observedAt: valid.observedAt + 1n },
      "EpochRoundNotRising",
      [0n, 9n, 1n, 1n],
    );
    await expectRefused({ ...valid, round: 2n }, "ObservedAtNotRising", [valid.observedAt, valid.observedAt]);
    await fixture.submit({ ...valid, round: 2n, observedAt: valid.observedAt + 1n });
  });

  it("refuses a report from the future and one that is too old, to the second", async () => {
    const { time } = fixture.networkHelpers;
    const now = BigInt(await time.latest()) + 1000n;
    const submitAt = async (observedAt: bigint) => {
      await time.setNextBlockTimestamp(now);
      return fixture.submit({ ...valid, observedAt });
    };
    await expect(submitAt(now + 16n))
      .to.be.revertedWithCustomError(fixture.oracle, "ReportFromFuture")
      .withArgs(now + 16n, now + 15n);
    await expect(submitAt(now - 601n))
      .to.be.revertedWithCustomError(fixture.oracle, "ReportTooOld")
      .withArgs(now - 601n, now - 600n);
    await submitAt(now - 600n);
  });

  it("refuses a block hash that is not this chain's, and a block that does not exist yet", async () => {
    const { expectRefused, expectAcceptable } = reportExpectations(fixture);
    const wrong = `0x${"77".repeat(32)}`;
    await expectRefused({ ...valid, blockHash: wrong }, "WrongBlockHash", [
      valid.blockNumber,
      wrong,
      valid.blockHash,
    ]);
    const future = valid.blockNumber + 2n;
    await expectRefused({ ...valid, blockNumber: future, blockHash: ZeroHash }, "WrongBlockHash", [
      future,
      ZeroHash,
      ZeroHash,
    ]);
    await fixture.networkHelpers.mine(300);
    const block = await fixture.validDraft();
    await expectAcceptable({ ...block, blockNumber: valid.blockNumber, blockHash: wrong });
  });

  it("compares the last 256 blocks, which the chain remembers, and no older one", async () => {
    const { expectRefused, expectAcceptable } = reportExpectations(fixture);
    const wrong = `0x${"77".repeat(32)}`;
    const height = BigInt(await fixture.ethers.provider.getBlockNumber());
    // The report's own block is the one after the newest.
    await fixture.networkHelpers.mine(valid.blockNumber + BLOCK_HASH_REACH - 1n - height);
    const { observedAt } = await fixture.validDraft();
    const report = { ...valid, observedAt, blockHash: wrong };
    await expectRefused(report, "WrongBlockHash", [valid.blockNumber, wrong, valid.blockHash]);
    await fixture.networkHelpers.mine(1);
    await expectAcceptable(report);
  });

  it("forgets the account root when a report carries none", async () => {
    const { networkHelpers, oracle } = fixture;
    await fixture.submit({ ...valid, accountRoot: `0x${"12".repeat(32)}` });
    await networkHelpers.time.increase(1);
    await fixture.submit({ ...valid, round: 2n, observedAt: valid.observedAt + 1n, accountRoot: ZeroHash });
    expect(await oracle.accountRoot()).to.equal(ZeroHash);
  });

  it("refuses a wrong digest, wrong counts and wrong markets", async () => {
    const { expectRefused, expectOutOfBounds } = reportExpectations(fixture);
    const digest = `0x${"55".repeat(32)}`;
    await expect(fixture.submit({ ...valid, configDigest: digest }))
      .to.be.revertedWithCustomError(fixture.registry, "WrongConfigDigest")
      .withArgs(digest, valid.configDigest);
    await expectRefused({ ...valid, markets: valid.markets.slice(0, 1) }, "MarketCountMismatch", [1n, 2n]);
    await expectRefused({ ...valid, markets: valid.markets.toReversed() }, "WrongMarket", [2n, 1n]);
    const secondCounts = (smileCount: bigint): ReportDraft => ({
      ...valid,
      markets: valid.markets.map((m, i) => (i === 1 ? { ...m, fields: { ...m.fields, smileCount } } : m)),
    });
    await expectRefused(secondCounts(7n), "SmileCountMismatch", [12n, 13n]);
    await expectRefused(secondCounts(5n), "SmileCountMismatch", [12n, 11n]);
    await expectOutOfBounds(withMarket(valid, { smileCount: 17n }), "smileCount", 17n, 0n, 16n);
  });

  it("refuses set reserved bits", async () => {
    const words = packed(valid);
    const report = { ...words, markets: words.markets.map((word) => BigInt(word) | (1n << RESERVED_SHIFT)) };
    const signatures = signHash(fixture.keepers.slice(0, 3), await fixture.oracle.hashReport(report));
    await expect(fixture.oracle.submit(report, signatures))
      .to.be.revertedWithCustomError(fixture.oracle, "ValueOutOfBounds")
      .withArgs(1n, encodeBytes32String("reserved"), 1n, 0n, 0n);
  });

  it("lets an expiry go once it has passed, and takes new ones", async () => {
    await fixture.submit(valid);
    const first = smilesOf(valid)[0]?.expiryHour ?? 0n;
    await fixture.networkHelpers.time.increaseTo(first * HOUR);
    const later = await fixture.validDraft();
    const rolled = {
      ...later,
      round: 2n,
      markets: later.markets.map((m, i) => ({ ...m, smiles: valid.markets[i]?.smiles.slice(1) ?? [] })),
    };
    const report = {
      ...rolled,
      markets: rolled.markets.map((m) => ({ ...m, fields: { ...m.fields, smileCount: 5n } })),
    };
    await fixture.submit(report);
    expect((await fixture.oracle.marketState(1n)).smiles.length).to.equal(5);
  });

  it("changes nothing when one field of the last market is bad", async () => {
    const { expectOutOfBounds } = reportExpectations(fixture);
    await fixture.submit(valid);
    const before = [
      await fixture.oracle.header(),
      await fixture.oracle.marketState(1n),
      await fixture.oracle.marketState(2n),
    ];
    const good = {
      ...valid,
      round: 2n,
      observedAt: valid.observedAt + 1n,
      accountRoot: `0x${"01".repeat(32)}`,
    };
    const bad = {
      ...withMarket(good, { spotE8: 3_100n * 10n ** 8n }),
      markets: good.markets.map((m, i) =>
        i === 1 ? { ...m, fields: { ...m.fields, dispersionBps: 501n } } : m,
      ),
    };
    await expectOutOfBounds(bad, "dispersion", 501n, 0n, 500n, 2n);
    expect([
      await fixture.oracle.header(),
      await fixture.oracle.marketState(1n),
      await fixture.oracle.marketState(2n),
    ]).to.deep.equal(before);
    expect(await fixture.oracle.accountRoot()).to.equal(ZeroHash);
  });
});
