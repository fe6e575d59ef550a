import { expect } from "chai";
import { aggregateObservations, type Observation } from "../../../../keeper/core/report/aggregate.ts";
import { totalVarianceE18 } from "../../../../keeper/core/report/svi-checks.ts";
import { requireNearOwn } from "../../../../keeper/services/protocol/near-own-view.ts";
import { markOfReport, type ReportMark } from "../../../../keeper/core/report/report-mark.ts";
import type { SmileFields } from "../../../../keeper/core/report/words.ts";
import type { RiskReport } from "../../../../keeper/core/report/typed-data.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import type { OracleHeader } from "../../../../keeper/ports/oracle-chain.ts";
import {
  buildReport,
  findUnsound,
  requireSignable,
} from "../../../../keeper/services/protocol/verify-proposal.ts";
import {
  BLOCK,
  limitsOf,
  marketLimits,
  ORACLE_DOMAIN,
  oracleDouble,
} from "../../../support/keeper-doubles.ts";
import { honestObservation, testNetwork } from "../../../support/keeper-round.ts";
import { observationBy, proposal } from "../../../support/report-rounds.ts";
import { RANDOM_OBSERVED_AT } from "../../../support/random-books.ts";
import { signedReport } from "../../../support/signed-reports.ts";

const HEADER: OracleHeader = { epoch: 3n, round: 10, observedAtSeconds: 1_769_999_999 };
const FIRST_EPOCHS = 1_000_000n;
const BPS = 10_000n;
const own = honestObservation(1);
const { chain } = oracleDouble([], []);

type Change = (observation: Observation["markets"][number]) => Observation["markets"][number];
const changed = (change: Change): Observation => ({ ...own, markets: own.markets.map(change) });

function reportOf(observation: Observation, changes: Partial<RiskReport> = {}): RiskReport {
  return {
    ...signedReport(3n, 11).report,
    blockNumber: BLOCK.number,
    blockHash: BLOCK.hash,
    ...aggregateObservations([observation]),
    ...changes,
  };
}
const refusal = async (report: RiskReport, newest: RiskReport | null = null): Promise<string> => {
  try {
    await requireSignable(report, own, { header: HEADER, newest, chain });
    return "";
  } catch (error) {
    return String(error);
  }
};

/** `value` times (1 + bps / 10,000), away from the value: rounded so that the distance is not below. */
const away = (value: bigint, bps: bigint) =>
  bps > 0n ? (value * (BPS + bps) + BPS - 1n) / BPS : (value * (BPS + bps)) / BPS;

describe("a report that a keeper may sign", () => {
  it("comes after the chain's, by at most a million epochs", async () => {
    expect(await refusal(reportOf(own))).to.equal("");
    expect(await refusal(reportOf(own, { round: 10 }))).to.include("is not after the chain's");
    expect(await refusal(reportOf(own, { epoch: 2n, round: 99 }))).to.include("is not after the chain's");
    expect(await refusal(reportOf(own, { epoch: 3n + FIRST_EPOCHS }))).to.equal("");
    expect(await refusal(reportOf(own, { epoch: 4n + FIRST_EPOCHS }))).to.include("epochs ahead");
  });

  it("was observed after the chain's last report, and after the newest that is signed", async () => {
    const { observedAtSeconds } = HEADER;
    expect(await refusal(reportOf(own, { observedAt: observedAtSeconds + 1 }))).to.equal("");
    expect(await refusal(reportOf(own, { observedAt: observedAtSeconds }))).to.include("not after the last");
    const newest = reportOf(own, { epoch: 3n, round: 10, observedAt: observedAtSeconds + 5 });
    expect(await refusal(reportOf(own, { observedAt: observedAtSeconds + 5 }), newest)).to.include(
      "not after the last",
    );
    expect(await refusal(reportOf(own, { observedAt: observedAtSeconds + 6 }), newest)).to.equal("");
    const later = { ...newest, round: 12 };
    expect(await refusal(reportOf(own, { observedAt: observedAtSeconds + 5 }), later)).to.equal("");
  });

  it("names a recent block", async () => {
    const { number } = BLOCK;
    const at = (blocks: bigint) => ({
      block: () => Promise.resolve(BLOCK),
      latestBlock: () => Promise.resolve({ ...BLOCK, number: number + blocks }),
    });
    const surroundings = { header: HEADER, newest: null };
    await requireSignable(reportOf(own), own, { ...surroundings, chain: at(64n) });
    const refused = requireSignable(reportOf(own), own, { ...surroundings, chain: at(65n) });
    expect(await refused.catch(String)).to.include("more than 64 behind");
  });

  it("names a block of this chain", async () => {
    const other = asHex(`0x${"ee".repeat(32)}`);
    expect(await refusal(reportOf(own, { blockHash: other }))).to.include("is not 0xee");
    expect(await refusal(reportOf(own, { blockNumber: BLOCK.number + 1n }))).to.include("on this chain");
  });

  it("has the markets that the keeper sees, no fewer and no others", async () => {
    expect(await refusal(reportOf({ ...own, markets: own.markets.slice(1) }))).to.include("other markets");
    const renumbered = changed(({ market, smiles }) => ({
      market: { ...market, market: market.market + 7n },
      smiles,
    }));
    expect(await refusal(reportOf(renumbered))).to.include("other markets");
  });

  it("is within 200 bps of its own spots and forwards, and half of its forecasts, both ways", async () => {
    const spot =
      (bps: bigint): Change =>
      ({ market, smiles }) => ({
        market: { ...market, spotE8: away(market.spotE8, bps) },
        smiles,
      });
    const sigma =
      (bps: bigint): Change =>
      ({ market, smiles }) => ({
        market: { ...market, sigmaE9: away(market.sigmaE9, bps) },
        smiles,
      });
    const forward =
      (bps: bigint): Change =>
      ({ market, smiles }) => ({
        market,
        smiles: smiles.map((smile) => ({ ...smile, forwardRatioE8: away(smile.forwardRatioE8, bps) })),
      });
    for (const [name, change, max] of [
      ["spot", spot, 200n],
      ["forecast", sigma, 5_000n],
      ["forward ratio", forward, 200n],
    ] as const)
      for (const sign of [1n, -1n]) {
        for (const allowed of [max - 1n, max])
          expect(await refusal(reportOf(changed(change(sign * allowed)))), name).to.equal("");
        expect(await refusal(reportOf(changed(change(sign * (max + 1n))))), name).to.include(`: ${name}`);
      }
  });

  it("has smiles near its own: 15 % of total volatility at the money, more in the wings", async () => {
    /** Total volatility times one and so many bps, at the money and everywhere. */
    const vol =
      (bps: number): Change =>
      ({ market, smiles }) => {
        const times = (value: bigint) => BigInt(Math.round(Number(value) * (1 + bps / 10_000) ** 2));
        return { market, smiles: smiles.map((s) => ({ ...s, aE10: times(s.aE10), bE9: times(s.bE9) })) };
      };
    for (const sign of [1, -1]) {
      expect(await refusal(reportOf(changed(vol(sign * 1_490))))).to.equal("");
      expect(await refusal(reportOf(changed(vol(sign * 1_520))))).to.include("total volatility");
    }
    const wing =
      (times: bigint): Change =>
      ({ market, smiles }) => ({
        market,
        // The slope of the wings is b; a takes away at the money what b adds there.
        smiles: smiles.map((smile) => {
          const bE9 = (smile.bE9 * times) / 100n;
          const raised = { ...smile, bE9 };
          const lift = (totalVarianceE18(raised, 0n) - totalVarianceE18(smile, 0n)) / 10n ** 8n;
          return { ...raised, aE10: smile.aE10 - lift };
        }),
      });
    expect(await refusal(reportOf(changed(wing(150n))))).to.equal("");
    expect(await refusal(reportOf(changed(wing(800n))))).to.include("total volatility");
  });

  it("may have slices as far from its own as nobody could tell from a price", () => {
    const tiny = 10_000_000n;
    const flat = (volE9: bigint): Observation =>
      changed(({ market, smiles }) => ({
        market: { ...market, smileCount: 1n },
        smiles: smiles.slice(0, 1).map((smile) => ({ ...smile, aE10: (volE9 * volE9) / 10n ** 8n, bE9: 0n })),
      }));
    const near = (volE9: bigint) => {
      requireNearOwn(reportOf(flat(volE9)), flat(tiny));
    };
    near(tiny + 2_490_000n);
    near(tiny - 2_490_000n);
    expect(() => {
      near(tiny + 2_600_000n);
    }).to.throw("total volatility");
  });

  it("has the settlement coin and the vol of vol near its own", async () => {
    expect(await refusal(reportOf({ ...own, pegBps: 10_200 }))).to.equal("");
    expect(await refusal(reportOf({ ...own, pegBps: 10_201 }))).to.include("settlement coin 10201");
    const psi =
      (bps: bigint): Change =>
      ({ market, smiles }) => ({ market: { ...market, psiE9: away(market.psiE9, bps) }, smiles });
    expect(await refusal(reportOf(changed(psi(4_999n))))).to.equal("");
    expect(await refusal(reportOf(changed(psi(5_010n))))).to.include("vol of vol");
  });

  it("may have an expiry that the keeper itself could not fit", async () => {
    const fewer = changed(({ market, smiles }) => ({
      market: { ...market, smileCount: market.smileCount - 1n },
      smiles: smiles.slice(1),
    }));
    const report = reportOf(own);
    await requireSignable(report, fewer, { header: HEADER, newest: null, chain });
  });
});

describe("a sound observation", () => {
  const limits = limitsOf(own.markets.map(({ market }) => marketLimits(Number(market.market))));
  const unsound = (observation: Observation, given = limits, before: ReportMark | null = null) =>
    findUnsound(observation, given, before, RANDOM_OBSERVED_AT);
  const smiles = (change: (smiles: readonly SmileFields[]) => readonly SmileFields[]): Observation =>
    changed((seen) => {
      const next = change(seen.smiles);
      return { market: { ...seen.market, smileCount: BigInt(next.length) }, smiles: next };
    });

  it("has the committee's markets, each once, and values that fit their fields", () => {
    expect(unsound(own)).to.equal(null);
    expect(unsound(own, limitsOf(limits.markets.slice(1)))).to.include("1 expected");
    expect(unsound(own, limitsOf([...limits.markets.slice(1), marketLimits(99)]))).to.include("is missing");
    expect(unsound({ ...own, markets: own.markets.slice(1) })).to.include("2 expected");
    const wide = changed((seen) => ({ ...seen, market: { ...seen.market, spotE8: 2n ** 255n } }));
    expect(unsound(wide)).to.include("spotE8");
    expect(unsound(smiles((all) => all.map((smile) => ({ ...smile, bE9: 2n ** 255n }))))).to.include("bE9");
    expect(unsound(changed((seen) => ({ ...seen, smiles: seen.smiles.slice(1) })))).to.include(
      "other expiries",
    );
  });

  it("lists each expiry once, rising: a surface with one twice would stand for all and the oracle refuse it", () => {
    const [first] = own.markets[0]?.smiles ?? [];
    if (first === undefined) throw new RangeError("a market has smiles");
    for (const broken of [
      smiles((all) => [...all.slice(0, 1), ...all]),
      smiles((all) => [...all, ...all.slice(-1)]),
      smiles((all) => [...all.slice(0, 1), ...all.slice(0, 1), ...all.slice(2)]),
    ])
      expect(unsound(broken)).to.include("ExpiriesNotAscending");
    const turned = smiles((all) => [...all.slice(1), ...all.slice(0, 1)]);
    expect(unsound(turned)).to.match(/ExpiriesNotAscending|CalendarArbitrage/);
  });

  it("has slices that the oracle would take, with the expiries that live on", () => {
    const each = (change: Partial<SmileFields>) =>
      unsound(smiles((all) => all.map((smile) => ({ ...smile, ...change }))));
    expect(each({ sE9: 99_999n })).to.include("s, 99999");
    expect(each({ rhoE9: 10n ** 9n })).to.include("absRho");
    expect(each({ forwardRatioE8: 1n })).to.include("forwardRatio");
    expect(each({ aE10: 2n ** 39n - 1n })).to.include("atmVol");
    const before = markOfReport(reportOf(own, { observedAt: RANDOM_OBSERVED_AT - 60 }));
    expect(unsound(own, limits, before)).to.equal(null);
    expect(
      unsound(
        smiles((all) => all.slice(1)),
        limits,
        before,
      ),
    ).to.include("ExpiryDropped");
    expect(unsound(smiles((all) => all.slice(1)))).to.equal(null);
  });

  it("may see any spot and forecast: only their medians count", () => {
    const odd = changed((seen) => ({ ...seen, market: { ...seen.market, spotE8: 1n, psiE9: 0n } }));
    expect(unsound(odd)).to.equal(null);
  });
});

describe("a report built of a proposal", () => {
  it("is none when an author signed an observation that no report can be made of", () => {
    const network = testNetwork();
    const { keeperSet } = network.oracle.state;
    const limits = limitsOf(network.oracle.state.limits);
    const committee = { keeperSet, domain: ORACLE_DOMAIN, limits };
    const good = proposal(network);
    const verifier = network.keepers[0].network;
    expect(buildReport(good, committee, verifier).markets).to.have.length(limits.markets.length);
    const { signature, observation } = observationBy(network, 1, { ...own, markets: own.markets.slice(1) });
    const author = network.keepers[1].signer.address;
    const observations = good.observations.map((signed) =>
      signed.from === author ? { from: author, observation, signature } : signed,
    );
    expect(() => buildReport({ ...good, observations }, committee, verifier)).to.throw(
      `no report can be made of what ${author} observed`,
    );
  });
});
