import { expect } from "chai";
import type { Observation } from "../../../keeper/core/report/aggregate.ts";
import type { MarketFields } from "../../../keeper/core/report/words.ts";
import { createJudge, type JudgeParts } from "../../../keeper/services/judge-report.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { honestObservation } from "../../support/keeper-round.ts";
import { submittedReport, WATCH_NOW } from "../../support/watched-chain.ts";

const seen = honestObservation(1);

/** The own view with a field of each market changed. */
const withField = (name: keyof MarketFields, change: (value: bigint) => bigint): Observation => ({
  ...seen,
  markets: seen.markets.map(({ market, smiles }) => ({
    market: { ...market, [name]: change(market[name]) },
    smiles,
  })),
});

const judging = async (own: JudgeParts["observe"] | Observation, age = 30) => {
  const telemetry = recordingTelemetry();
  const judge = createJudge({
    clock: { nowSeconds: () => WATCH_NOW + age },
    telemetry,
    observe: typeof own === "function" || own === null ? own : () => Promise.resolve(own),
  });
  return { judgement: await judge(submittedReport()), lines: telemetry.lines };
};

describe("an accepted report", () => {
  it("is supported by an own view that is near in every word", async () => {
    for (const own of [seen, honestObservation(1.01), withField("dispersionBps", (bps) => bps + 150n)])
      expect(await judging(own)).to.deep.equal({ judgement: "supported", lines: [] });
  });

  it("deviates when any word is far from the own view, and the line says which", async () => {
    const wider = {
      ...seen,
      markets: seen.markets.map(({ market, smiles }) => ({
        market,
        smiles: smiles.map((smile) => ({ ...smile, aE10: smile.aE10 * 3n, bE9: smile.bE9 * 3n })),
      })),
    };
    for (const [own, word] of [
      [withField("spotE8", (spot) => (spot * 95n) / 100n), "spot"],
      [withField("sigmaE9", (sigma) => sigma * 3n), "forecast"],
      [withField("psiE9", (psi) => psi * 3n), "vol of vol"],
      [withField("dispersionBps", (bps) => bps + 201n), "dispersion"],
      [withField("depthUsd", (usd) => usd * 5n), "depthUsd"],
      [withField("openInterestUsd", (usd) => usd / 5n), "openInterestUsd"],
      [{ ...seen, pegBps: 9_500 }, "settlement coin"],
      [wider, "total volatility"],
    ] as const) {
      const { judgement, lines } = await judging(own);
      expect(judgement, word).to.equal("deviates");
      expect(lines.map(({ event }) => event)).to.deep.equal(["report-deviates"]);
      expect(lines[0]?.fields["reason"]).to.include(word);
    }
  });

  it("is compared up to two minutes after its observation", async () => {
    const far = withField("spotE8", (spot) => spot * 2n);
    expect((await judging(far, 120)).judgement).to.equal("deviates");
    const { judgement, lines } = await judging(far, 121);
    expect(judgement).to.equal("not-compared");
    expect(lines[0]?.fields["reason"]).to.include("121 s old");
  });

  it("is not compared without an own view, and the line says why", async () => {
    const blind = await judging(() => Promise.reject(new Error("no venue answers")));
    expect(blind.judgement).to.equal("not-compared");
    expect(blind.lines[0]?.fields["reason"]).to.include("no venue answers");
    expect((await judging(null)).judgement).to.equal("not-compared");
  });

  it("is compared in those markets that the own view has", async () => {
    const part = (own: Observation): Observation => ({ ...own, markets: own.markets.slice(1) });
    const near = await judging(part(seen));
    expect(near.judgement).to.equal("not-compared");
    expect(near.lines[0]?.fields["reason"]).to.include("lacks some of its markets");
    expect((await judging(part(withField("spotE8", (spot) => spot * 2n)))).judgement).to.equal("deviates");
  });
});
