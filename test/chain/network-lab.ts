import { expect } from "chai";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import { labProtocol } from "../../scripts/network/lab-options.ts";
import { judgeLab, type LabRecord } from "../../scripts/network/lab-verdict.ts";
import { runLab } from "../../scripts/network/run-lab.ts";
import { findRepeatedEffects } from "../support/chaos-checks.ts";
import { withFolder } from "../support/keeper-file.ts";

const TIMEOUT_MS = 240_000;
const ROUNDS = 4;
const SLOT_SECONDS = 4;
const QUORUM = 3;

describe("the measured network, small", function () {
  this.timeout(TIMEOUT_MS);
  let record: LabRecord;

  before(async () => {
    const options = { keepers: 4, rounds: ROUNDS, slotSeconds: SLOT_SECONDS, killEvery: 0, hostile: 0 };
    record = await withFolder((folder) => runLab({ ...options, seed: 1, json: false }, folder));
  });

  it("posts reports whose every value lies within what the honest keepers saw, one a round", () => {
    expect(record.accepted).not.to.be.empty;
    expect(findRepeatedEffects(record.accepted.map(nameOfRound))).to.deep.equal([]);
    expect(record.conflicts).to.deep.equal([]);
    expect(record.outOfRange).to.deep.equal([]);
  });

  it("gathers what its verdict needs: signatures of a quorum, terms, memory, exit codes", () => {
    expect(record.quorum).to.equal(QUORUM);
    const holders = new Set(record.signed.map(({ keeper }) => keeper));
    expect(holders.size).to.be.within(QUORUM, QUORUM + 1);
    expect(record.terms).not.to.be.empty;
    expect(record.exitCodes).to.deep.equal([0, 0, 0, 0]);
    expect(judgeLab(record).reports).to.equal(record.accepted.length);
    if (process.platform === "linux") expect(record.peakBytes).to.have.length(QUORUM + 1);
  });

  it("keeps the default proportions of the protocol, and is the default network at 15 s", () => {
    expect(labProtocol(15)).to.include({ progressMs: 10_000, stageMs: 8_000, heartbeatSeconds: 15 });
    expect(labProtocol(3)).to.include({ progressMs: 2_000, stageMs: 1_600, heartbeatSeconds: 3 });
  });
});
