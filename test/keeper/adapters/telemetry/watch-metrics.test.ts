import { expect } from "chai";
import { createWatchMetrics } from "../../../../keeper/adapters/telemetry/watch-metrics.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { watchFigures } from "../../../support/watch-figures.ts";

const valueIn = (text: string, series: string) =>
  text
    .split("\n")
    .find((line) => line.startsWith(`ballast_watchtower_${series} `))
    ?.split(" ")[1];

describe("a watchtower's metrics", () => {
  it("show how far it is, what it thought and what it proved", async () => {
    const metrics = createWatchMetrics();
    const text = await metrics.text(watchFigures());
    for (const [series, value] of [
      ["ready", "1"],
      ["block", "97"],
      ["blocks_behind", "3"],
      ["gas_balance_eth", "0.1"],
      ["open_proofs", "2"],
      ["reports_total", "7"],
      ['accepted_reports_total{judgement="supported"}', "4"],
      ['accepted_reports_total{judgement="deviates"}', "1"],
      ['accepted_reports_total{judgement="not-compared"}', "2"],
      ['accepted_reports_total{judgement="not-read"}', "3"],
      ['recomputed_reports_total{result="same"}', "5"],
      ['recomputed_reports_total{result="other"}', "1"],
      ['recomputed_reports_total{result="not-recomputed"}', "2"],
      ["equivocations_total", "1"],
      ["proven_total", "2"],
      ["spots_waiting", "4"],
      ['wrong_spots_total{result="seen"}', "3"],
      ['wrong_spots_total{result="proven"}', "2"],
    ] as const)
      expect(valueIn(text, series), series).to.equal(value);
    // Counters do not add up from one text to the next.
    expect(valueIn(await metrics.text(watchFigures()), "reports_total")).to.equal("7");
  });

  it("show that it cannot do its duty, and count events", async () => {
    const metrics = createWatchMetrics();
    const inner = recordingTelemetry();
    metrics.countEvents(inner).warn("round-failed", { message: "why" });
    const text = await metrics.text(watchFigures({ problem: "no node answers" }));
    expect(valueIn(text, "ready")).to.equal("0");
    expect(valueIn(text, 'events_total{level="warn",event="round-failed"}')).to.equal("1");
    expect(inner.lines).to.deep.equal([{ event: "round-failed", fields: { message: "why" } }]);
  });
});
