import { expect } from "chai";
import { createMemoryEvidence } from "../../../keeper/adapters/memory/evidence.ts";
import { ChainRefusal } from "../../../keeper/ports/clearing-chain.ts";
import type { Hex } from "../../../keeper/ports/hex.ts";
import type { Equivocation } from "../../../keeper/ports/prosecutor.ts";
import type { SlashingChain } from "../../../keeper/ports/slashing-chain.ts";
import { createProsecution } from "../../../keeper/services/prosecution.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { virtualTime } from "../../support/virtual-time.ts";
import { ALICE, BOB, hashOfDigits, signedHeadOf, WATCH_NOW } from "../../support/watched-chain.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const UNITS = 100n;

const against = (signer: Hex, second = "02"): Equivocation => ({
  signer,
  first: signedHeadOf(signer, "01"),
  second: signedHeadOf(signer, second),
});

/** A slashing contract that takes the whole stake once. */
function slashing(stakes: ReadonlyMap<Hex, bigint>) {
  const left = new Map(stakes);
  const tried: Hex[] = [];
  const out = new Set<Hex>();
  const state = {
    left,
    tried,
    trouble: null as Error | null,
    out,
    expelTrouble: null as Error | null,
  };
  const chain: SlashingChain = {
    atStakeUnits: (key) => Promise.resolve(left.get(key) ?? 0n),
    proveEquivocation: ({ signer }) => {
      tried.push(signer);
      if (state.trouble !== null) return Promise.reject(state.trouble);
      left.set(signer, 0n);
      return Promise.resolve({ hash: hashOfDigits("ff"), gasUsed: 1n });
    },
    expel: (key) => {
      if (state.expelTrouble !== null) return Promise.reject(state.expelTrouble);
      if (out.has(key)) return Promise.resolve(null);
      out.add(key);
      return Promise.resolve({ hash: hashOfDigits("ee"), gasUsed: 1n });
    },
  };
  return { state, chain };
}

function prosecuting(turnMs = 0) {
  const time = virtualTime(WATCH_NOW);
  const telemetry = recordingTelemetry();
  const { state, chain } = slashing(
    new Map([
      [ALICE, UNITS],
      [BOB, UNITS],
    ]),
  );
  const store = createMemoryEvidence();
  const stop = new AbortController();
  const start = () => {
    const prosecution = createProsecution({
      store,
      chain,
      timer: time.timer,
      telemetry,
      turnMs: () => Promise.resolve(turnMs),
    });
    void prosecution.run(stop.signal);
    return prosecution;
  };
  const events = () => telemetry.lines.map(({ event }) => event);
  return { time, telemetry, state, chain, store, stop, start, events };
}

describe("a prosecution", () => {
  it("proves each key once, and forgets it when the chain has it", async () => {
    const { time, state, store, start, events } = prosecuting();
    const prosecution = start();
    await prosecution.prosecute(against(ALICE));
    await prosecution.prosecute(against(ALICE, "03"));
    await prosecution.prosecute(against(BOB));
    expect(await store.openProofs()).to.have.length(2);
    await time.run(3 * SECOND_MS);
    expect(state.tried).to.deep.equal([ALICE, BOB]);
    expect(await store.openProofs()).to.deep.equal([]);
    expect(events()).to.deep.equal([
      "equivocation-proven",
      "keeper-expelled",
      "equivocation-proven",
      "keeper-expelled",
    ]);
    expect([...state.out]).to.deep.equal([ALICE, BOB]);
    expect(prosecution.counts()).to.deep.equal({ open: 0, proven: 2 });
  });

  it("waits for its turn, and pays for nothing that another has proven meanwhile", async () => {
    const { time, state, store, start, events } = prosecuting(8 * SECOND_MS);
    const prosecution = start();
    await prosecution.prosecute(against(ALICE));
    await prosecution.prosecute(against(BOB));
    await time.run(7 * SECOND_MS);
    expect(state.tried).to.deep.equal([]);
    state.left.set(ALICE, 0n);
    state.out.add(ALICE);
    await time.run(3 * SECOND_MS);
    expect(state.tried).to.deep.equal([BOB]);
    expect(await store.openProofs()).to.deep.equal([]);
    expect(events()).to.have.members([
      "equivocation-costs-nothing-more",
      "equivocation-proven",
      "keeper-expelled",
    ]);
  });

  it("has out who was proven by another that ended before it did so, and tries until a node answers", async () => {
    const { time, state, store, start, events } = prosecuting();
    state.left.set(ALICE, 0n);
    state.expelTrouble = new Error("no node answers");
    await start().prosecute(against(ALICE));
    await time.run(2 * SECOND_MS);
    expect(await store.openProofs()).to.have.length(1);
    state.expelTrouble = null;
    await time.run(HOUR_MS);
    expect([state.tried, [...state.out], await store.openProofs()]).to.deep.equal([[], [ALICE], []]);
    expect(events().at(-1)).to.equal("keeper-expelled");
  });

  it("takes the contract's word that one cannot be had out", async () => {
    const { time, state, store, start, events } = prosecuting();
    state.expelTrouble = new ChainRefusal("having a keeper without stake out", "StakeLeft");
    await start().prosecute(against(ALICE));
    await time.run(2 * SECOND_MS);
    expect(await store.openProofs()).to.deep.equal([]);
    expect(events()).to.deep.equal(["equivocation-proven", "keeper-not-expelled"]);
  });

  it("goes on after a restart with what was kept", async () => {
    const { time, state, chain, start, stop, store } = prosecuting(8 * SECOND_MS);
    await start().prosecute(against(ALICE));
    stop.abort(new Error("stopped"));
    const again = createProsecution({
      store,
      chain,
      timer: time.timer,
      telemetry: recordingTelemetry(),
      turnMs: () => Promise.resolve(0),
    });
    await again.proveDue(new AbortController().signal);
    expect(state.tried).to.deep.equal([ALICE]);
    expect(await store.openProofs()).to.deep.equal([]);
  });

  it("tries again, ever more seldom, as long as nodes are away", async () => {
    const { time, state, store, start } = prosecuting();
    state.trouble = new Error("no node answers");
    await start().prosecute(against(ALICE));
    await time.run(HOUR_MS);
    expect(state.tried.length).to.be.within(8, 20);
    expect(await store.openProofs()).to.have.length(1);
    state.trouble = null;
    await time.run(HOUR_MS);
    expect(state.left.get(ALICE)).to.equal(0n);
  });

  it("gives a proof up that the contract refuses again and again, and takes the next one", async () => {
    const { time, telemetry, state, store, start } = prosecuting();
    const prosecution = start();
    state.trouble = new ChainRefusal("proving an equivocation", "KeyTooOld");
    await prosecution.prosecute(against(ALICE));
    await time.run(2 * HOUR_MS);
    expect(state.tried).to.have.length(8);
    expect(await store.openProofs()).to.deep.equal([]);
    expect(telemetry.lines.at(-1)?.fields).to.include({ isGivenUp: true });
    state.trouble = null;
    await prosecution.prosecute(against(ALICE, "03"));
    await time.run(HOUR_MS);
    expect(state.left.get(ALICE)).to.equal(0n);
  });

  it("tells a proof durable only once the store has it", async () => {
    const { store, time, state } = prosecuting();
    const telemetry = recordingTelemetry();
    const { chain } = slashing(new Map([[ALICE, UNITS]]));
    const failing = { ...store, saveProof: () => Promise.reject(new Error("disk full")) };
    const prosecution = createProsecution({
      store: failing,
      chain,
      timer: time.timer,
      telemetry,
      turnMs: () => Promise.resolve(0),
    });
    const told = await prosecution.prosecute(against(ALICE)).catch((error: unknown) => String(error));
    expect(told).to.include("disk full");
    expect(state.tried).to.deep.equal([]);
  });
});
