import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import type { MarketFields, SmileFields } from "../../keeper/core/report/words.ts";
import type { OracleFixture } from "./oracle-fixture.ts";
import { packed, type ReportDraft } from "./risk-reports.ts";

const HOUR = 3600n;
const YEAR = 365n * 24n * HOUR;
const LAST = 5;

export const withMarket = (report: ReportDraft, change: Partial<MarketFields>): ReportDraft => ({
  ...report,
  markets: report.markets.map((m, i) => (i === 0 ? { ...m, fields: { ...m.fields, ...change } } : m)),
});

export const withSmiles = (report: ReportDraft, smiles: readonly SmileFields[]): ReportDraft => ({
  ...report,
  markets: report.markets.map((m, i) =>
    i === 0 ? { fields: { ...m.fields, smileCount: BigInt(smiles.length) }, smiles } : m,
  ),
});

export const smilesOf = (report: ReportDraft): readonly SmileFields[] => report.markets[0]?.smiles ?? [];

export const lastSmile = (report: ReportDraft): SmileFields => {
  const smile = smilesOf(report)[LAST];
  if (smile === undefined) throw new Error("The draft has too few smiles.");
  return smile;
};

export const withLastSmile = (report: ReportDraft, change: Partial<SmileFields>): ReportDraft =>
  withSmiles(report, [...smilesOf(report).slice(0, LAST), { ...lastSmile(report), ...change }]);

export const onlySmile = (report: ReportDraft, change: Partial<SmileFields>): ReportDraft =>
  withSmiles(report, [{ ...lastSmile(report), ...change }]);

/** A flat slice has this value of a exactly when its volatility reaches the given bps. */
export const flatVariance = (report: ReportDraft, volBps: bigint): Partial<SmileFields> => {
  const seconds = lastSmile(report).expiryHour * HOUR - report.observedAt;
  return { aE10: (volBps * volBps * seconds * 100n + YEAR - 1n) / YEAR, bE9: 0n };
};

/** What a test says of a report: acceptable, refused with a typed error, or within bounds to the unit. */
export const reportExpectations = (fixture: OracleFixture) => {
  const expectRefused = (report: ReportDraft, error: string, args: readonly unknown[]) =>
    expect(fixture.submit(report))
      .to.be.revertedWithCustomError(fixture.oracle, error)
      .withArgs(...args);
  const expectOutOfBounds = (
    report: ReportDraft,
    name: string,
    value: bigint,
    min: bigint,
    max: bigint,
    market = 1n,
  ) => expectRefused(report, "ValueOutOfBounds", [market, encodeBytes32String(name), value, min, max]);
  const expectAcceptable = async (report: ReportDraft) => {
    expect(await fixture.oracle.submit.estimateGas(packed(report), fixture.signed(report))).to.be.greaterThan(
      0n,
    );
  };
  /** Each side of a bound: the bound itself passes, one beyond it is refused by name. */
  const expectBounds = async (
    name: string,
    min: bigint,
    max: bigint,
    change: (value: bigint) => ReportDraft,
    beyond: readonly bigint[] = [min - 1n, max + 1n],
  ) => {
    for (const value of [min, max]) await expectAcceptable(change(value));
    for (const value of beyond) await expectOutOfBounds(change(value), name, value, min, max);
  };
  return { expectRefused, expectOutOfBounds, expectAcceptable, expectBounds };
};
