import { expect } from "chai";
import { decodeBytes32String, type HDNodeWallet } from "ethers";
import { createOracleChain } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { hashHead, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { NO_SENDER } from "../../keeper/cli/keeper/no-sender.ts";
import { findRefusal, nameOfRefusal } from "../../keeper/core/report/report-checks.ts";
import type { RiskReport } from "../../keeper/core/report/typed-data.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { readPosted } from "../../keeper/services/protocol/standing.ts";
import { brokenReport } from "../support/broken-reports.ts";
import { deployOracle, oracleAddresses, type OracleFixture } from "../support/oracle-fixture.ts";
import { randomSource } from "../support/random-source.ts";
import { packed, signHash, type MarketReport, type ReportDraft } from "../support/risk-reports.ts";

const ACCEPTED = "accepted";
const ANSWERS = [
  ACCEPTED,
  "ValueOutOfBounds",
  "MarketCountMismatch",
  "WrongMarket",
  "SmileCountMismatch",
  "ExpiriesNotAscending",
  "ExpiryDropped",
  "NegativeVariance",
  "WingTooSteep",
  "CalendarArbitrage",
];
const CASES = 150;
const HOUR_SECONDS = 3_600;

async function opened() {
  const fixture = await deployOracle();
  const chain = createOracleChain(await oracleAddresses(fixture), fixture.ethers.provider, NO_SENDER);
  return { fixture, chain, domain: await chain.oracleDomain() };
}

const reportOf = (draft: ReportDraft): RiskReport => {
  const { markets, smiles } = packed(draft);
  return {
    configDigest: asHex(draft.configDigest),
    epoch: draft.epoch,
    round: Number(draft.round),
    observedAt: Number(draft.observedAt),
    blockNumber: draft.blockNumber,
    blockHash: asHex(draft.blockHash),
    pegBps: Number(draft.pegBps),
    accountRoot: asHex(draft.accountRoot),
    markets: markets.map(BigInt),
    smiles: smiles.map(BigInt),
  };
};

const withLiveExpiries = ({ fields, smiles }: MarketReport, observedAt: bigint): MarketReport => {
  const live = smiles.filter(({ expiryHour }) => expiryHour * BigInt(HOUR_SECONDS) > observedAt);
  return { fields: { ...fields, smileCount: BigInt(live.length) }, smiles: live };
};

/** What the contract answers: its error with its arguments. */
async function verdict(
  { oracle }: OracleFixture,
  report: RiskReport,
  signatures: readonly string[],
): Promise<string> {
  const call = { ...report, markets: [...report.markets], smiles: [...report.smiles] };
  try {
    await oracle.submit.staticCall(call, [...signatures]);
    return ACCEPTED;
  } catch (error) {
    const data = (error as { readonly data?: string }).data ?? "";
    const parsed = oracle.interface.parseError(data);
    if (parsed === null) throw error;
    const given = parsed.args.toArray() as (bigint | string)[];
    const args = given.map((value) => (typeof value === "string" ? decodeBytes32String(value) : value));
    return `${parsed.name}(${args.join(", ")})`;
  }
}

describe("the keeper's checks of a report and the oracle's", () => {
  const seen = new Set<string>();
  for (const [name, waitSeconds] of [
    ["before any report", null],
    ["a moment after the last report", 15],
    ["hours after it", 5 * HOUR_SECONDS],
    ["when expiries of it are gone", 60 * HOUR_SECONDS],
  ] as const)
    it(`agree on the error and its arguments, ${name}`, async () => {
      const { fixture, chain, domain } = await opened();
      const first = await fixture.validDraft();
      if (waitSeconds !== null) {
        await (await fixture.submit(first)).wait();
        await fixture.networkHelpers.time.increase(waitSeconds);
      }
      const random = randomSource(waitSeconds ?? 1);
      const valid = await fixture.validDraft();
      // A call runs in the latest block, of which it does not know the hash.
      const block = await fixture.ethers.provider.getBlock(valid.blockNumber - 1n);
      const next = {
        ...valid,
        round: 2n,
        blockNumber: valid.blockNumber - 1n,
        blockHash: block?.hash ?? valid.blockHash,
        markets: first.markets.map((market) => withLiveExpiries(market, valid.observedAt)),
      };
      const limits = await chain.reportLimits();
      const { mark: before } = await readPosted({ chain }, limits);
      const signers: readonly HDNodeWallet[] = fixture.keepers.slice(0, 3);
      for (let left = CASES; left > 0; left--) {
        const report = brokenReport(reportOf(next), limits, random);
        const answer = await verdict(
          fixture,
          report,
          signHash(signers, hashHead(domain, reportHead(report))),
        );
        const refusal = findRefusal(report, limits, before);
        expect(refusal === null ? ACCEPTED : nameOfRefusal(refusal)).to.equal(answer);
        seen.add(answer.replace(/\(.*/, ""));
      }
    });

  it("met every error in these cases, and reports that are taken", () => {
    expect([...seen]).to.have.members(ANSWERS);
  });
});
