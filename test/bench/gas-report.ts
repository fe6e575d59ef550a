import { deployOracle } from "../support/oracle-fixture.ts";
import { deployRewards } from "../support/rewards-fixture.ts";
import { market, packed, type ReportDraft } from "../support/risk-reports.ts";

export type GasEntry = Readonly<{
  name: string;
  options: number;
  markets: number;
  repricings: number;
  gas: number;
}>;

const SECONDS_BETWEEN_REPORTS = 60n;
const MARKET_COUNT = 2;
const ROOTS = [1, 2, 3].map((n) => `0x${"ab".repeat(31)}0${n}`);

/** The report one minute later: every stored word and the account root change. */
const next = (previous: ReportDraft, step: bigint): ReportDraft => {
  const observedAt = previous.observedAt + SECONDS_BETWEEN_REPORTS;
  return {
    ...previous,
    epoch: previous.epoch + 1n,
    observedAt,
    accountRoot: ROOTS[Number(step)] ?? "",
    markets: [
      market(1n, 3_000n + step, observedAt, 6, 35_000_000n + step),
      market(2n, 100_000n + step, observedAt, 6, 35_000_000n + step),
    ].map(({ fields, smiles }) => ({
      fields,
      smiles: smiles.map((smile, i) => {
        const expiryHour = previous.markets[0]?.smiles[i]?.expiryHour ?? smile.expiryHour;
        return { ...smile, expiryHour, mE9: smile.mE9 + step };
      }),
    })),
  };
};

/** Whole-transaction gas of the third report after deployment, when every slot it writes is already in use. */
const reportGas = async (faults: number, feeds: boolean, paid: boolean): Promise<number> => {
  const fixture = await deployOracle({ faults, feeds });
  const rewards = await deployRewards(fixture);
  const submit = (report: ReportDraft) =>
    paid ? rewards.submit(packed(report), fixture.signed(report), 0) : fixture.submit(report);
  let report = await fixture.validDraft();
  await submit(report);
  let gas = 0n;
  for (const step of [1n, 2n]) {
    report = next(report, step);
    await fixture.networkHelpers.time.setNextBlockTimestamp(report.observedAt);
    const receipt = await (await submit(report)).wait();
    gas = receipt?.gasUsed ?? 0n;
  }
  return Number(gas);
};

/** Gas of submitting a report with two markets of six expiries, intrinsic gas and calldata included. */
export async function measure(): Promise<GasEntry[]> {
  const cases = [
    { name: "report, 3 of 4 signatures", faults: 1, feeds: false, paid: false },
    { name: "report, 3 of 4 signatures, 2 price feeds", faults: 1, feeds: true, paid: false },
    { name: "report, 9 of 13 signatures", faults: 4, feeds: false, paid: false },
    { name: "report, 9 of 13 signatures, 2 price feeds", faults: 4, feeds: true, paid: false },
    { name: "report and its pay, 3 of 4 signatures", faults: 1, feeds: false, paid: true },
    { name: "report and its pay, 9 of 13 signatures", faults: 4, feeds: false, paid: true },
  ];
  const entries: GasEntry[] = [];
  for (const { name, faults, feeds, paid } of cases) {
    entries.push({
      name,
      options: 0,
      markets: MARKET_COUNT,
      repricings: 0,
      gas: await reportGas(faults, feeds, paid),
    });
  }
  return entries;
}
