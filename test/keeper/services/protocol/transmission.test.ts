import { expect } from "chai";
import { transmissionTurn } from "../../../../keeper/core/protocol/leaders.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import { isAfter } from "../../../../keeper/core/protocol/round-id.ts";
import type { SignedReport } from "../../../../keeper/core/report/typed-data.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";
import { createTransmissions } from "../../../../keeper/services/protocol/transmission.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { ADDRESSES, COMMITTEE, STRANGER } from "../../../support/lone-keeper.ts";
import { signedReport } from "../../../support/signed-reports.ts";
import { hashSigner, START_SECONDS } from "../../../support/simulated-keepers.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const { stageMs, transmissionSeconds } = DEFAULT_PARAMETERS;
const MINING_MS = 3_000;
const MILLISECONDS = 1_000;
const FIRST = signedReport(3n, 7, START_SECONDS);
const NEXT = signedReport(3n, 8, START_SECONDS + 1);

const turnOf = (address: Hex, { report }: SignedReport = FIRST) =>
  transmissionTurn(address, report, COMMITTEE.keeperSet.keepers, COMMITTEE.keeperSet.configDigest);
const inTurn = [...ADDRESSES].sort((a, b) => turnOf(a) - turnOf(b));

/** Keepers that hold signed reports, and a chain that mines what it is sent after a while. */
function transmitting(members: readonly Hex[] = ADDRESSES, miningMs = MINING_MS) {
  const time = virtualTime(START_SECONDS);
  const stop = new AbortController();
  const sent: { readonly by: Hex; readonly round: number; readonly atMs: number }[] = [];
  const state = { last: { epoch: 0n, round: 0 }, fails: false };
  const keepers = members.map((address) => {
    const telemetry = recordingTelemetry();
    const transmissions = createTransmissions(
      {
        chain: {
          header: () => Promise.resolve({ ...state.last, observedAtSeconds: 0 }),
          submitReport: async ({ epoch, round }) => {
            sent.push({ by: address, round, atMs: time.nowMs() - START_SECONDS * MILLISECONDS });
            if (state.fails) throw new Error("the node is away");
            await time.timer.sleep(miningMs, stop.signal);
            if (isAfter({ epoch, round }, state.last)) state.last = { epoch, round };
            return { hash: "0x", gasUsed: 1n };
          },
        },
        signer: hashSigner(address, ADDRESSES),
        clock: time.clockAhead(0),
        timer: time.timer,
        telemetry,
        parameters: DEFAULT_PARAMETERS,
      },
      () => COMMITTEE,
      stop.signal,
    );
    return { ...transmissions, lines: telemetry.lines };
  });
  const schedule = (final: SignedReport) => {
    for (const keeper of keepers) keeper.schedule(final);
  };
  return { time, stop, sent, state, keepers, schedule };
}

describe("a signed report", () => {
  it("is posted by the first in turn alone, and found on the chain by the others", async () => {
    const { time, sent, schedule, keepers } = transmitting();
    schedule(FIRST);
    await time.run(10 * stageMs);
    expect(sent).to.deep.equal([{ by: inTurn[0], round: 7, atMs: 0 }]);
    const events = keepers.flatMap(({ lines }) => lines.map(({ event }) => event));
    expect(events.filter((event) => event === "report-already-posted")).to.have.length(3);
  });

  it("falls to the next a stage later each, when those before do not post it", async () => {
    const { time, sent, schedule } = transmitting(inTurn.slice(2));
    schedule(FIRST);
    await time.run(2 * stageMs - 1);
    expect(sent).to.have.length(0);
    await time.run(1);
    expect(sent.map(({ by }) => by)).to.deep.equal([inTurn[2]]);
    await time.run(10 * stageMs);
    expect(sent).to.have.length(1);
  });

  it("gives way to a newer one before its turn comes", async () => {
    const { time, sent, schedule } = transmitting(inTurn.slice(1), 3 * stageMs);
    schedule(FIRST);
    await time.run(stageMs / 2);
    schedule(NEXT);
    await time.run(10 * stageMs);
    expect(new Set(sent.map(({ round }) => round))).to.deep.equal(new Set([8]));
  });

  it("is tried again by everyone in turn while the chain lacks it, until it is no longer on its way", async () => {
    const { time, sent, schedule, state, keepers } = transmitting();
    state.fails = true;
    schedule(FIRST);
    const roundMs = ADDRESSES.length * stageMs;
    await time.run(roundMs + 1);
    expect(sent.map(({ by }) => by)).to.deep.equal([...inTurn, inTurn[0]]);
    expect(sent.map(({ atMs }) => atMs)).to.deep.equal([0, 1, 2, 3, 4].map((turn) => turn * stageMs));
    state.fails = false;
    await time.run(10 * roundMs);
    expect(sent.map(({ by }) => by)).to.deep.equal([...inTurn, inTurn[0], inTurn[1]]);
    expect(
      keepers.flatMap(({ lines }) => lines).filter(({ event }) => event === "report-not-posted"),
    ).to.have.length(5);
  });

  it("is given up once it is too old to be on its way", async () => {
    const { time, sent, schedule, state } = transmitting();
    state.fails = true;
    schedule(FIRST);
    await time.run(3 * transmissionSeconds * MILLISECONDS);
    const after = sent.length;
    await time.run(10 * transmissionSeconds * MILLISECONDS);
    expect(sent.length).to.equal(after);
    expect(Math.max(...sent.map(({ atMs }) => atMs))).to.be.at.most(
      transmissionSeconds * MILLISECONDS + ADDRESSES.length * stageMs,
    );
  });

  it("is taken up after a restart, unless it is too old or a newer one came", async () => {
    const { time, sent, keepers } = transmitting(inTurn.slice(0, 1));
    keepers[0]?.resume(FIRST);
    await time.run(MINING_MS);
    expect(sent.map(({ round }) => round)).to.deep.equal([7]);
    const late = transmitting(inTurn.slice(0, 1));
    await late.time.run(transmissionSeconds * MILLISECONDS);
    late.keepers[0]?.resume(FIRST);
    await late.time.run(MINING_MS);
    expect(late.sent).to.have.length(0);
    const newer = transmitting(inTurn.slice(0, 1));
    newer.keepers[0]?.schedule(NEXT);
    newer.keepers[0]?.resume(FIRST);
    await newer.time.run(10 * stageMs);
    expect(newer.sent.map(({ round }) => round)).to.deep.equal([8]);
  });

  it("is posted last by a keeper that is not in the set", async () => {
    const { time, sent, schedule } = transmitting([STRANGER]);
    schedule(FIRST);
    await time.run(ADDRESSES.length * stageMs - 1);
    expect(sent).to.have.length(0);
    await time.run(1);
    expect(sent).to.have.length(1);
  });

  it("is posted by nobody whose process has ended", async () => {
    const { time, sent, schedule, stop, keepers } = transmitting(inTurn.slice(1));
    schedule(FIRST);
    stop.abort(new Error("SIGTERM"));
    await time.run(10 * stageMs);
    expect(sent).to.have.length(0);
    expect(keepers.flatMap(({ lines }) => lines)).to.have.length(0);
  });
});
