import { expect } from "chai";
import {
  allowedRounds,
  type AcceptedReport,
  judgeLab,
  type LabRecord,
  type SignedLine,
} from "../../../scripts/network/lab-verdict.ts";

const SLOT = 2;
const KEEPERS = ["0xa", "0xb", "0xc", "0xd"];
const ROUNDS = [10, 11, 12, 13];

/** All four hold the round's report, the later the higher their number. */
const signedIn = (round: number, firstMs = 100): readonly SignedLine[] =>
  KEEPERS.map((keeper, index) => ({ keeper, epoch: 1n, round, sinceSlotMs: firstMs + 100 * index }));
const acceptedAs = (round: number, lateSeconds = 1): AcceptedReport => ({
  epoch: 1n,
  round,
  observedAtSeconds: round * SLOT,
  blockSeconds: round * SLOT + lateSeconds,
});
const GOOD: LabRecord = {
  quorum: 3,
  slotSeconds: SLOT,
  heartbeatSeconds: SLOT,
  firstRound: 10,
  lastRound: 13,
  hostile: [],
  killed: [],
  signed: ROUNDS.flatMap((round) => signedIn(round)),
  accepted: [9, ...ROUNDS].map((round) => acceptedAs(round)),
  endSeconds: 28,
  terms: [{ epoch: 1n, leader: "0xa", beganMs: 0 }],
  peakBytes: [150e6, 199e6],
  processorMsPerRound: [150, 190],
  exitCodes: [0, 0, 0, 0],
  conflicts: [],
  outOfRange: [],
};
const KILL = { keeper: "0xb", fromMs: 22_500, toMs: 26_000 };
const problemsWith = (changes: Partial<LabRecord>) => judgeLab({ ...GOOD, ...changes }).problems;
const without = (...rounds: readonly number[]) => ({
  signed: GOOD.signed.filter(({ round }) => !rounds.includes(round)),
});

describe("the verdict on a network of processes", () => {
  it("finds nothing wrong with a report in each round, in time and within range", () => {
    const figures = judgeLab(GOOD);
    expect(figures).to.include({ missedRounds: 0, missedHeartbeats: 0, longestAgeSeconds: 3, reports: 5 });
    expect(figures.processorMsPerRound).to.equal(190);
    expect(figures.problems).to.deep.equal([]);
  });

  it("counts the time until a quorum holds the report, and other rounds not at all", () => {
    const slow = signedIn(11, 1_000);
    const signed = [...signedIn(9, 9_000), ...signedIn(10), ...slow, ...signedIn(12), ...signedIn(14, 9_000)];
    const figures = judgeLab({ ...GOOD, signed, lastRound: 12 });
    expect(figures).to.include({ medianMs: 300, p99Ms: 1_200 });
  });

  it("counts a keeper that holds a report twice once", () => {
    const [first, second] = signedIn(13);
    const signed = [...GOOD.signed.filter(({ round }) => round !== 13), first!, second!, second!];
    expect(judgeLab({ ...GOOD, signed }).missedRounds).to.equal(1);
  });

  it("names two reports for a round, a value out of range, a slow median, a large process, a bad exit", () => {
    expect(problemsWith({ conflicts: ["round 1/10 has 2 reports"] })).to.deep.equal([
      "round 1/10 has 2 reports",
    ]);
    expect(problemsWith({ outOfRange: ["round 1/10: spot"] })).to.deep.equal(["round 1/10: spot"]);
    const signed = ROUNDS.flatMap((round) => signedIn(round, 1_301));
    expect(problemsWith({ signed })).to.deep.equal(["the median of 1501 ms is above 1500 ms"]);
    expect(problemsWith({ peakBytes: [200_000_001] })).to.have.length(1);
    expect(problemsWith({ exitCodes: [0, 1, 0, null] })).to.have.length(1);
  });

  it("names missed rounds beyond those that kills and hostile leaders may cost", () => {
    expect(problemsWith(without(11))).to.deep.equal(["1 rounds have no report, 0 may have none"]);
    expect(problemsWith({ ...without(11), killed: [KILL] })).to.deep.equal([]);
    expect(problemsWith({ ...without(11, 12), killed: [KILL] })).to.have.length(1);
    expect(problemsWith({ ...without(11), hostile: ["0xa"] })).to.deep.equal([]);
    expect(problemsWith({ ...without(11, 12), hostile: ["0xa"] })).to.have.length(1);
    expect(problemsWith({ ...without(...ROUNDS), killed: [KILL] })).to.have.length(2);
  });

  it("allows a round for each kill and for each term that a dead keeper leads", () => {
    const terms = [
      { epoch: 1n, leader: "0xb", beganMs: 0 },
      { epoch: 2n, leader: "0xa", beganMs: 22_000 },
      { epoch: 3n, leader: "0xb", beganMs: 24_000 },
      { epoch: 4n, leader: "0xb", beganMs: 26_000 },
    ];
    expect(allowedRounds({ killed: [KILL], terms, hostile: [] })).to.equal(2);
    expect(allowedRounds({ killed: [], terms, hostile: ["0xb"] })).to.equal(3);
    expect(allowedRounds({ killed: [], terms, hostile: [] })).to.equal(0);
  });

  it("names a heartbeat that the chain missed, also at the end", () => {
    const late = (seconds: number) =>
      [9, 10, 11, 12].map((round) => acceptedAs(round)).concat(acceptedAs(13, seconds));
    expect(problemsWith({ accepted: late(2) })).to.deep.equal([]);
    expect(problemsWith({ accepted: late(3), endSeconds: 29 })).to.deep.equal([
      "1 heartbeats were missed, the longest gap is 5 s",
    ]);
    expect(judgeLab({ ...GOOD, endSeconds: 31 }).missedHeartbeats).to.equal(1);
  });

  it("bears an older report while keepers are faulty, by two slots for each", () => {
    const killed = [KILL];
    const accepted = GOOD.accepted.filter(({ round }) => round !== 11 && round !== 12);
    expect(problemsWith({ accepted, killed })).to.deep.equal([]);
    expect(problemsWith({ accepted, killed, endSeconds: 35 })).to.deep.equal([
      "the chain's report was 9 s old, at most 8 s",
    ]);
    expect(problemsWith({ accepted, killed, endSeconds: 35, hostile: ["0xa"] })).to.deep.equal([]);
  });
});
