import { expect } from "chai";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import type { RiskReport } from "../../../keeper/core/report/typed-data.ts";
import { createParticipation } from "../../../keeper/services/participation.ts";
import { honestObservation } from "../../support/keeper-round.ts";
import { MEMBER_ADDRESSES } from "../../support/keeper-status.ts";
import { asHex } from "../../../keeper/ports/hex.ts";

const [a = "0x", b = "0x", c = "0x", d = "0x"] = MEMBER_ADDRESSES;
const ZERO = asHex(`0x${"00".repeat(32)}`);
const FACTORS = [1, 1.0001, 0.9999, 1.001] as const;

function reportOf(epoch: bigint, round = 0): RiskReport {
  return {
    configDigest: ZERO,
    epoch,
    round,
    observedAt: 1_000 + Number(epoch),
    blockNumber: 1n,
    blockHash: ZERO,
    ...aggregateObservations(FACTORS.map(honestObservation)),
  };
}

describe("participation", () => {
  it("counts reports signed and missed in a row once the next one came", () => {
    const seen = createParticipation(() => [a, b, c, d]);
    for (const epoch of [1n, 2n, 3n]) seen.completed(reportOf(epoch), [a, b, c]);
    expect(seen.of(a)).to.include({ signedStreak: 2, missedStreak: 0 });
    expect(seen.of(d)).to.include({ signedStreak: 0, missedStreak: 2, lastReport: null });
    seen.completed(reportOf(4n), [b, c, d]);
    seen.completed(reportOf(5n), [b, c, d]);
    expect(seen.of(a)).to.include({ signedStreak: 0, missedStreak: 1 });
    expect(seen.of(d)).to.include({ signedStreak: 1, missedStreak: 0 });
    expect(seen.of(a).lastReport).to.deep.equal({ epoch: 3n, round: 0, observedAtSeconds: 1_003 });
    expect(seen.newest?.epoch).to.equal(5n);
  });

  it("counts a signature beyond the quorum, early or late", () => {
    const seen = createParticipation(() => [a, d]);
    seen.signed(d, 1n, 0);
    seen.completed(reportOf(1n), [a, b, c]);
    expect(seen.of(d).lastReport?.epoch).to.equal(1n);
    seen.completed(reportOf(2n), [a, b, c]);
    seen.signed(d, 2n, 0);
    seen.completed(reportOf(3n), [a, b, c]);
    expect(seen.of(d)).to.include({ signedStreak: 2, missedStreak: 0 });
  });

  it("ignores a report again and one that is older", () => {
    const seen = createParticipation(() => [a, d]);
    seen.completed(reportOf(2n, 1), [a]);
    seen.completed(reportOf(2n, 1), [b]);
    seen.completed(reportOf(2n, 0), [d]);
    seen.completed(reportOf(1n), [d]);
    expect(seen.newest).to.include({ epoch: 2n, round: 1 });
    seen.completed(reportOf(3n), [a]);
    expect(seen.of(a).signedStreak).to.equal(1);
    expect(seen.of(d)).to.include({ missedStreak: 1, lastReport: null });
  });

  it("measures each observation against the median, whichever comes first", () => {
    const seen = createParticipation(() => [a, b, c, d]);
    seen.observed(d, 1n, 0, honestObservation(FACTORS[3]));
    seen.completed(reportOf(1n), [a, b, c]);
    seen.observed(c, 1n, 0, honestObservation(FACTORS[2]));
    // The lower median of the four factors is 1.
    expect(seen.of(d).deviationBps).to.be.closeTo(10, 0.01);
    expect(seen.of(c).deviationBps).to.be.closeTo(-1, 0.01);
    expect(seen.of(a).deviationBps).to.equal(null);
  });
});
