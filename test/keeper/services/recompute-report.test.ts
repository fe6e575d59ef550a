import { expect } from "chai";
import type { RiskReport } from "../../../keeper/core/report/typed-data.ts";
import type { ProposalMessage } from "../../../keeper/ports/gossip.ts";
import type { KeeperPeek } from "../../../keeper/ports/keeper-peek.ts";
import { buildReport } from "../../../keeper/services/protocol/verify-proposal.ts";
import { createRecomputation } from "../../../keeper/services/recompute-report.ts";
import { limitsOf, recordingTelemetry } from "../../support/keeper-doubles.ts";
import { testNetwork } from "../../support/keeper-round.ts";
import { proposal } from "../../support/report-rounds.ts";
import { submittedReport } from "../../support/watched-chain.ts";

const network = testNetwork();
const { keeperSet } = network.oracle.state;
const limits = limitsOf(network.oracle.state.limits);
const { network: verifier } = network.keepers[0];
const good = proposal(network);
const report = buildReport(good, { keeperSet, limits }, verifier);

const showing = (name: string, shown: ProposalMessage | null | Error): KeeperPeek => ({
  name,
  evidence: () => Promise.resolve([]),
  proposal: () => (shown instanceof Error ? Promise.reject(shown) : Promise.resolve(shown)),
});

async function recomputed(keepers: readonly KeeperPeek[], posted: RiskReport = report, ageSeconds = 10) {
  const telemetry = recordingTelemetry();
  const recompute = createRecomputation({
    keepers,
    limits: () => Promise.resolve(limits),
    network: verifier,
    clock: { nowSeconds: () => posted.observedAt + ageSeconds },
    telemetry,
  });
  const result = await recompute(submittedReport({ report: posted }), keeperSet);
  const [line] = telemetry.lines;
  return { result, event: line?.event ?? null, reason: String(line?.fields["reason"]) };
}

describe("a report computed again", () => {
  it("is the same when the observations that a keeper shows give it, byte for byte", async () => {
    expect(await recomputed([showing("a", good)])).to.include({ result: "same", event: null });
  });

  it("is another when any word of it differs, and the line says which", async () => {
    const { markets, smiles } = report;
    const altered: readonly [Partial<RiskReport>, string][] = [
      [{ pegBps: report.pegBps - 1 }, "pegBps"],
      [{ markets: markets.map((word, index) => (index === 1 ? word + 1n : word)) }, "market word 1"],
      [{ smiles: smiles.map((word, index) => (index === 0 ? word + 1n : word)) }, "smile word 0"],
      [{ smiles: smiles.slice(1) }, "smiles"],
      [{ blockNumber: report.blockNumber + 1n }, "blockNumber"],
      [{ accountRoot: `0x${"01".repeat(32)}` }, "accountRoot"],
    ];
    for (const [changes, word] of altered) {
      const { result, event, reason } = await recomputed([showing("a", good)], { ...report, ...changes });
      expect([result, event]).to.deep.equal(["other", "report-miscomputed"]);
      expect(reason).to.include(`a: ${word} is `);
    }
  });

  it("is the same when one keeper shows what it was made of, though others show less of it", async () => {
    const fewer = { ...good, observations: good.observations.slice(1) };
    const bent = { ...report, pegBps: report.pegBps - 1 };
    expect((await recomputed([showing("a", fewer), showing("b", good)])).result).to.equal("same");
    expect((await recomputed([showing("a", fewer), showing("b", null)], bent)).result).to.equal("other");
  });

  it("is not computed by what no keeper signed, by another moment's, or without any, and the line says why", async () => {
    const forged = {
      ...good,
      observations: good.observations.map((each) => ({ ...each, signature: "0x00" as const })),
    };
    for (const [shown, reason] of [
      [forged, "did not make"],
      [{ ...good, observedAtSeconds: good.observedAtSeconds + 1 }, "another moment"],
      [{ ...good, round: good.round + 1 }, "another round's"],
      [null, "keeps no observations"],
      [new Error("it does not answer"), "does not answer"],
    ] as const) {
      const again = await recomputed([showing("a", shown)]);
      expect([again.result, again.event]).to.deep.equal(["not-recomputed", "report-not-recomputed"]);
      expect(again.reason).to.include(reason);
    }
  });

  it("is not asked for without keepers to ask, or after the hour for which they keep observations", async () => {
    const asked: string[] = [];
    const keeper: KeeperPeek = {
      name: "a",
      evidence: () => Promise.resolve([]),
      proposal: () => {
        asked.push("a");
        return Promise.resolve(good);
      },
    };
    expect(await recomputed([])).to.include({ result: "not-recomputed", event: null });
    expect((await recomputed([keeper], report, 3_601)).result).to.equal("not-recomputed");
    expect(asked).to.deep.equal([]);
  });
});
