import { expect } from "chai";
import { openSqliteWatchStore } from "../../../keeper/adapters/sqlite/watch-store.ts";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import { ChainRefusal } from "../../../keeper/ports/clearing-chain.ts";
import {
  KEPT_SPOTS,
  type SpotChain,
  type SpotStore,
  type SpotVerdict,
} from "../../../keeper/ports/spot-proofs.ts";
import { createSpotWatch } from "../../../keeper/services/spot-watch.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { honestObservation } from "../../support/keeper-round.ts";
import { virtualTime } from "../../support/virtual-time.ts";
import {
  ALICE,
  BOB,
  hashOfDigits,
  signedHeadOf,
  submittedReport,
  WATCH_NOW,
} from "../../support/watched-chain.ts";

const never = new AbortController().signal;
const SLACK = 60;
const FEED = `0x${"fe".repeat(20)}` as const;
const MINED = { hash: hashOfDigits("ff"), gasUsed: 1n };
const HOUR_MS = 3_600_000;

const { report } = submittedReport();
const submitted = submittedReport({
  report: { ...report, ...aggregateObservations([honestObservation(1)], 0) },
  signatures: [signedHeadOf(ALICE, "01"), signedHeadOf(BOB, "01")],
});

/** A contract that says what a test tells it to, of feeds of which a test says when their latest round began. */
function spots() {
  const state = {
    latestAt: [WATCH_NOW, WATCH_NOW] as (number | null)[],
    isNoted: true,
    verdicts: [] as SpotVerdict[],
    trouble: null as Error | null,
    isDown: false,
  };
  const [judged, proven, noted]: [number[], unknown[], number[]] = [[], [], []];
  const chain: SpotChain = {
    slackSeconds: () => Promise.resolve(SLACK),
    feeds: () =>
      state.isDown
        ? Promise.reject(new Error("no node answers"))
        : Promise.resolve(
            state.latestAt.map((at, index) => ({
              market: index + 1,
              feed: FEED,
              latest: at === null ? null : { id: 9n, updatedAtSeconds: at },
              isNoted: state.isNoted,
            })),
          ),
    notePhase: ({ market }) => {
      noted.push(market);
      return state.trouble === null ? Promise.resolve(MINED) : Promise.reject(state.trouble);
    },
    judge: (_found, marketIndex) => {
      judged.push(marketIndex);
      return Promise.resolve(state.verdicts[marketIndex] ?? { kind: "inside" });
    },
    proveWrongSpot: ({ signatures }, marketIndex, firstRoundId) => {
      proven.push({ signers: [...signatures.keys()], marketIndex, firstRoundId });
      return state.trouble === null ? Promise.resolve(MINED) : Promise.reject(state.trouble);
    },
  };
  return { state, judged, proven, noted, chain };
}

function watching(store: SpotStore = openSqliteWatchStore(":memory:", "31337/0x00/0x11")) {
  const double = spots();
  const time = virtualTime(WATCH_NOW);
  const telemetry = recordingTelemetry();
  const start = () => createSpotWatch({ store, chain: double.chain, timer: time.timer, telemetry });
  const events = () => telemetry.lines.map(({ event }) => event);
  return { ...double, store, time, events, start, watch: start() };
}

const PAST_SPAN = WATCH_NOW + SLACK + 1;
const WRONG: SpotVerdict = { kind: "wrong", firstRoundId: 5n };

describe("the spots of signed reports", () => {
  it("wait until each market's feed has gone on, each judged once", async () => {
    const { state, judged, watch, proven, store } = watching();
    await watch.note(submitted);
    state.latestAt = [WATCH_NOW + SLACK, null];
    await watch.judgeDue(never);
    expect(judged).to.deep.equal([]);
    state.latestAt = [PAST_SPAN, null];
    await watch.judgeDue(never);
    await watch.judgeDue(never);
    expect(judged).to.deep.equal([0]);
    expect(watch.counts()).to.deep.equal({ waiting: 1, wrong: 0, proven: 0, unproven: 0 });
    state.latestAt = [PAST_SPAN, PAST_SPAN];
    await watch.judgeDue(never);
    await watch.judgeDue(never);
    expect(judged).to.deep.equal([0, 1]);
    expect(watch.counts().waiting).to.equal(0);
    expect(await store.openSpots()).to.deep.equal([]);
    expect(proven).to.deep.equal([]);
  });

  it("are not waited for where no feed guards a market, nor kept without a signature", async () => {
    const { state, judged, watch, store } = watching();
    await watch.note({ ...submitted, signatures: [] });
    expect(await store.openSpots()).to.deep.equal([]);
    await watch.note(submitted);
    state.latestAt = [];
    await watch.judgeDue(never);
    expect(judged).to.deep.equal([]);
    expect(watch.counts().waiting).to.equal(0);
  });

  it("cost those who signed a wrong one, once, with all of their signatures", async () => {
    const { state, watch, proven, judged, events } = watching();
    state.latestAt = [PAST_SPAN, PAST_SPAN];
    state.verdicts = [{ kind: "inside" }, WRONG];
    await watch.note(submitted);
    await watch.note(submitted);
    await watch.judgeDue(never);
    await watch.judgeDue(never);
    expect(proven).to.deep.equal([{ signers: [ALICE, BOB], marketIndex: 1, firstRoundId: 5n }]);
    expect(judged).to.deep.equal([0, 1]);
    expect(events()).to.deep.equal(["wrong-spot-seen", "wrong-spot-proven"]);
    expect(watch.counts()).to.deep.equal({ waiting: 0, wrong: 1, proven: 1, unproven: 0 });
  });

  it("are judged after a restart, and after nodes were away", async () => {
    const { state, watch, start, proven } = watching();
    state.latestAt = [PAST_SPAN, PAST_SPAN];
    state.verdicts = [WRONG];
    await watch.note(submitted);
    state.isDown = true;
    expect(await watch.judgeDue(never).catch(String)).to.include("no node");
    state.isDown = false;
    const next = start();
    await next.judgeDue(never);
    expect(proven).to.have.length(1);
    expect(next.counts()).to.deep.equal({ waiting: 0, wrong: 1, proven: 1, unproven: 0 });
  });

  it("are one case however often a report is sent, with everyone who signed it", async () => {
    const kept = openSqliteWatchStore(":memory:", "31337/0x00/0x11");
    let writes = 0;
    const store: SpotStore = {
      ...kept,
      saveSpots: (found) => {
        writes++;
        return kept.saveSpots(found);
      },
    };
    const { state, watch, proven } = watching(store);
    const [alice, bob] = submitted.signatures;
    if (alice === undefined || bob === undefined) throw new RangeError("two signatures");
    const resigned = { ...alice, signature: bob.signature };
    for (const [index, signatures] of [[alice], [resigned], [alice], [resigned, bob]].entries())
      await watch.note({ ...submitted, transaction: hashOfDigits(`0${index.toString()}`), signatures });
    expect(watch.counts().waiting).to.equal(1);
    expect(writes, "a stranger can send what was signed again for nothing").to.equal(2);
    expect(await store.openSpots()).to.deep.equal([
      {
        hash: alice.hash,
        report: submitted.report,
        signatures: new Map([
          [ALICE, alice.signature],
          [BOB, bob.signature],
        ]),
      },
    ]);
    state.latestAt = [PAST_SPAN, PAST_SPAN];
    state.verdicts = [WRONG];
    await watch.judgeDue(never);
    expect(proven).to.deep.equal([{ signers: [ALICE, BOB], marketIndex: 0, firstRoundId: 5n }]);
  });

  it("are no more than so many at once, in memory too", async () => {
    const forgetful: SpotStore = {
      saveSpots: () => Promise.resolve(),
      openSpots: () => Promise.resolve([]),
      closeSpots: () => Promise.resolve(),
    };
    const { watch } = watching(forgetful);
    for (let index = 0; index <= KEPT_SPOTS; index++) {
      const signed = signedHeadOf(ALICE, index.toString(16).padStart(8, "0"));
      await watch.note({ ...submitted, signatures: [signed] });
    }
    expect(watch.counts().waiting).to.equal(KEPT_SPOTS);
  });

  it("are left for the next life when the watchtower is told to stop between two", async () => {
    const { state, watch, judged, chain, store } = watching();
    await watch.note(submitted);
    await watch.note({ ...submitted, signatures: [signedHeadOf(ALICE, "02")] });
    state.latestAt = [PAST_SPAN, null];
    const stopped = new AbortController();
    const inner = { ...chain };
    Object.assign(chain, {
      judge: (...args: Parameters<SpotChain["judge"]>) => {
        stopped.abort(new Error("stopped"));
        return inner.judge(...args);
      },
    });
    expect(await watch.judgeDue(stopped.signal).catch(String)).to.include("stopped");
    expect(judged).to.have.length(1);
    expect(await store.openSpots()).to.have.length(2);
  });

  it("are tried again more and more seldom while a proof fails, and given up when the contract goes on to refuse it", async () => {
    const { state, watch, proven, time, events } = watching();
    state.latestAt = [PAST_SPAN, PAST_SPAN];
    state.verdicts = [WRONG];
    state.trouble = new Error("the account has no ETH");
    await watch.note(submitted);
    for (let turn = 0; turn < 3; turn++) await watch.judgeDue(never);
    expect(proven).to.have.length(1);
    await time.run(HOUR_MS);
    await watch.judgeDue(never);
    expect(proven).to.have.length(2);
    state.trouble = new ChainRefusal("proving a wrong spot", "SpotInsideBand(1, 2, 3, 4)");
    for (let turn = 0; turn < 8; turn++) {
      expect(watch.counts()).to.include({ waiting: 1, unproven: 1 });
      await time.run(HOUR_MS);
      await watch.judgeDue(never);
    }
    expect(watch.counts()).to.deep.equal({ waiting: 0, wrong: 1, proven: 0, unproven: 0 });
    expect(events().filter((event) => event === "wrong-spot-seen")).to.have.length(1);
  });

  it("that the contract cannot judge are left, with its reason", async () => {
    const { state, watch, events } = watching();
    state.latestAt = [PAST_SPAN, PAST_SPAN];
    state.verdicts = [{ kind: "not-provable", reason: "RoundStale(1, 2, 3)" }];
    await watch.note(submitted);
    await watch.judgeDue(never);
    expect(events()).to.deep.equal(["spot-not-judged"]);
    expect(watch.counts().waiting).to.equal(0);
  });
});

describe("a feed that answers from an aggregator that the contract does not know", () => {
  it("is noted, and a note that fails stops nothing", async () => {
    const { state, watch, noted, events, judged, time } = watching();
    state.isNoted = false;
    state.latestAt = [PAST_SPAN, null];
    state.trouble = new Error("the account has no ETH");
    await watch.note(submitted);
    await watch.judgeDue(never);
    expect(noted).to.deep.equal([1]);
    expect(judged).to.deep.equal([0]);
    await watch.judgeDue(never);
    expect(noted, "not again at once").to.deep.equal([1]);
    state.trouble = null;
    await time.run(HOUR_MS);
    await watch.judgeDue(never);
    expect(events()).to.deep.equal(["feed-phase-not-noted", "feed-phase-noted"]);
  });
});
