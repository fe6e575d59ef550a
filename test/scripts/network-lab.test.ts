import { expect } from "chai";
import { judgeLab } from "../../scripts/network/lab-verdict.ts";
import { labObservation, type LabReport } from "../../scripts/network/lab-world.ts";

const SPAN = { count: 4, firstRound: 10, lastRound: 12, mayMiss: false };
const report = (round: number, changes: Partial<LabReport> = {}): LabReport => ({
  round,
  epoch: "1",
  hash: `0x${round}`,
  spotsE8: labObservation(1).markets.map(({ market }) => market.spotE8.toString()),
  sinceSlotMs: 200,
  rssBytes: 1_000_000,
  refused: 0,
  dropped: 0,
  ...changes,
});
const good = [10, 11, 12].map((round) => report(round));

describe("the verdict on a network of processes", () => {
  it("finds nothing wrong with one report a round, in time and within range", () => {
    const late = good.map((each) => ({ ...each, sinceSlotMs: 900 }));
    const figures = judgeLab([late, good, [report(9, { hash: "0xff", sinceSlotMs: 9_000 })]], SPAN);
    expect(figures).to.include({ medianMs: 200, missedRounds: 0, conflicts: 0, outOfRange: 0 });
    expect(figures.problems).to.deep.equal([]);
  });

  it("names two reports for one round", () => {
    expect(judgeLab([good, [report(11, { hash: "0xbad" })]], SPAN).problems).to.have.length(1);
    expect(judgeLab([good, [report(11, { hash: "0xbad", epoch: "2" })]], SPAN).conflicts).to.equal(0);
  });

  it("names a value outside what the honest keepers saw", () => {
    const above = labObservation(3).markets.map(({ market }) => (market.spotE8 + 1n).toString());
    expect(judgeLab([good, [report(12, { spotsE8: above })]], SPAN)).to.include({ outOfRange: 1 });
    const edge = labObservation(3).markets.map(({ market }) => market.spotE8.toString());
    expect(judgeLab([good, [report(12, { spotsE8: edge })]], SPAN)).to.include({ outOfRange: 0 });
  });

  it("names a missed round unless a keeper was killed, a slow median and a large process", () => {
    expect(judgeLab([good.slice(1)], SPAN).problems).to.deep.equal(["1 rounds have no report"]);
    expect(judgeLab([good.slice(1)], { ...SPAN, mayMiss: true }).problems).to.deep.equal([]);
    const slow = good.map((each) => ({ ...each, sinceSlotMs: 1_501, rssBytes: 200_000_001 }));
    expect(judgeLab([slow], SPAN).problems).to.have.length(2);
    expect(judgeLab([[]], { ...SPAN, mayMiss: true }).problems).to.have.length(1);
  });
});
