import { expect } from "chai";
import { aggregateObservations, type Observation } from "../../../../keeper/core/report/aggregate.ts";
import type { RiskReport } from "../../../../keeper/core/report/typed-data.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import type { OracleHeader } from "../../../../keeper/ports/oracle-chain.ts";
import {
  buildReport,
  isSound,
  requireSignable,
} from "../../../../keeper/services/protocol/verify-proposal.ts";
import { BLOCK, ORACLE_DOMAIN, oracleDouble } from "../../../support/keeper-doubles.ts";
import { honestObservation, testNetwork } from "../../../support/keeper-round.ts";
import { observationBy, proposal } from "../../../support/report-rounds.ts";
import { signedReport } from "../../../support/signed-reports.ts";

const HEADER: OracleHeader = { epoch: 3n, round: 10, observedAtSeconds: 1_770_000_000 };
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
const refusal = async (report: RiskReport): Promise<string> => {
  try {
    await requireSignable(report, own, HEADER, chain);
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

  it("may have an expiry that the keeper itself could not fit", async () => {
    const fewer = changed(({ market, smiles }) => ({
      market: { ...market, smileCount: market.smileCount - 1n },
      smiles: smiles.slice(1),
    }));
    const report = reportOf(own);
    await requireSignable(report, fewer, HEADER, chain);
  });
});

describe("a sound observation", () => {
  const markets = own.markets.map(({ market }) => Number(market.market));

  it("has the committee's markets, each once, and values that fit their fields", () => {
    expect(isSound(own, markets)).to.equal(true);
    expect(isSound(own, markets.slice(1))).to.equal(false);
    expect(isSound(own, [...markets.slice(1), 99])).to.equal(false);
    expect(isSound({ ...own, markets: own.markets.slice(1) }, markets)).to.equal(false);
    const wide = changed(({ market, smiles }) => ({ market: { ...market, spotE8: 2n ** 255n }, smiles }));
    expect(isSound(wide, markets)).to.equal(false);
    const wideSmile = changed(({ market, smiles }) => ({
      market,
      smiles: smiles.map((smile) => ({ ...smile, expiryHour: 2n ** 255n })),
    }));
    expect(isSound(wideSmile, markets)).to.equal(false);
  });
});

describe("a report built of a proposal", () => {
  it("is none when an author signed an observation that no report can be made of", () => {
    const network = testNetwork();
    const { keeperSet } = network.oracle.state;
    const markets = own.markets.map(({ market }) => Number(market.market));
    const committee = { keeperSet, domain: ORACLE_DOMAIN, markets };
    const good = proposal(network);
    const verifier = network.keepers[0].network;
    expect(buildReport(good, committee, verifier).markets).to.have.length(markets.length);
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
