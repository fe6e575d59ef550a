import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openSqliteWatchStore } from "../../../keeper/adapters/sqlite/watch-store.ts";
import type { Equivocation } from "../../../keeper/ports/prosecutor.ts";
import type { SubmittedReport } from "../../../keeper/ports/watch-chain.ts";
import { KEPT_BLOCKS, type WatchStore } from "../../../keeper/ports/watch-store.ts";
import {
  createWatchtower,
  type Judgement,
  type WatchtowerParts,
} from "../../../keeper/services/watchtower.ts";
import { keeperSetOf, recordingTelemetry } from "../../support/keeper-doubles.ts";
import { virtualTime } from "../../support/virtual-time.ts";
import {
  ALICE,
  BOB,
  hashOfDigits,
  signedHeadOf,
  submittedReport,
  WATCH_NOW,
  watchedChain,
  type WatchedChainDouble,
} from "../../support/watched-chain.ts";

const OWNER = "31337/0x00/0x11";
const never = new AbortController().signal;

interface Watching {
  readonly chain: WatchedChainDouble;
  readonly store: WatchStore;
  readonly proofs: Equivocation[];
  /** Reports whose spots were kept to be judged. */
  readonly noted: SubmittedReport[];
  readonly judged: SubmittedReport[];
  readonly telemetry: ReturnType<typeof recordingTelemetry>;
  /** A process of its own over the same chain and store. */
  readonly start: (changes?: Partial<WatchtowerParts>) => ReturnType<typeof createWatchtower>;
}

function watching(file = ":memory:", judgement: Judgement = "supported"): Watching {
  const chain = watchedChain();
  const store = openSqliteWatchStore(file, OWNER);
  const proofs: Equivocation[] = [];
  const [noted, judged]: [SubmittedReport[], SubmittedReport[]] = [[], []];
  const telemetry = recordingTelemetry();
  const { timer } = virtualTime(WATCH_NOW);
  const start = (changes: Partial<WatchtowerParts> = {}) =>
    createWatchtower({
      chain: chain.chain,
      store,
      prosecutor: {
        prosecute: (found) => {
          proofs.push(found);
          return Promise.resolve();
        },
      },
      spots: {
        note: (submitted) => {
          noted.push(submitted);
          return Promise.resolve();
        },
      },
      timer,
      telemetry,
      firstBlock: () => 0n,
      judge: (submitted) => {
        judged.push(submitted);
        return Promise.resolve(judgement);
      },
      recompute: () => Promise.resolve("same"),
      ...changes,
    });
  return { chain, store, proofs, noted, judged, telemetry, start };
}

const first = submittedReport({ signatures: [signedHeadOf(ALICE, "01"), signedHeadOf(BOB, "01")] });
const second = submittedReport({ isAccepted: false, signatures: [signedHeadOf(ALICE, "02")] });

describe("a watchtower", () => {
  it("reads every block once, from the first one it was told", async () => {
    const { chain, start } = watching();
    chain.mineMany(30);
    const tower = start({ firstBlock: (latest) => latest - 20n });
    await tower.round(never);
    chain.mineMany(2);
    await tower.round(never);
    await tower.round(never);
    expect(chain.asked).to.deep.equal(Array.from({ length: 23 }, (_, index) => BigInt(9 + index)));
  });

  it("hands over who signed two reports for one round, however they came, once for each time", async () => {
    const { chain, proofs, start } = watching();
    chain.mine({ reports: [first] });
    chain.mine({ reports: [second, first] });
    const status = await start().round(never);
    expect(proofs.map(({ signer }) => signer)).to.deep.equal([ALICE]);
    expect([proofs[0]?.first.hash, proofs[0]?.second.hash]).to.deep.equal([
      hashOfDigits("01"),
      hashOfDigits("02"),
    ]);
    expect(status).to.include({ reports: 3, equivocations: 1 });
  });

  it("finds the second signature in another life, after the first one's block is long past", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-watch-"));
    const file = join(folder, "watch.sqlite");
    const before = watching(file);
    before.chain.mine({ reports: [first] });
    before.chain.mineMany(300);
    await before.start().round(never);
    await before.store.close();

    const store = openSqliteWatchStore(file, OWNER);
    before.chain.mine({ reports: [second] });
    await before.start({ store }).round(never);
    expect(before.proofs.map(({ signer }) => signer)).to.deep.equal([ALICE]);
    // What the first life read is not read again.
    expect(before.chain.asked.filter((number) => number === 0n)).to.have.length(1);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("reads again what was replaced, and nothing else", async () => {
    const { chain, proofs, telemetry, start } = watching();
    chain.mine({ reports: [first] });
    chain.mineMany(9);
    const tower = start();
    await tower.round(never);
    chain.drop(3);
    chain.mine({ reports: [second] });
    chain.mineMany(3);
    await tower.round(never);
    expect(proofs).to.have.length(1);
    expect(chain.asked.slice(10)).to.deep.equal([7n, 8n, 9n, 10n]);
    expect(telemetry.lines.map(({ event }) => event)).to.include("blocks-replaced");
  });

  it("reads all that it remembers again when the chain was replaced beyond it, and says so", async () => {
    const { chain, telemetry, start } = watching();
    chain.mineMany(KEPT_BLOCKS + 20);
    const tower = start();
    await tower.round(never);
    chain.drop(KEPT_BLOCKS + 10);
    chain.mineMany(KEPT_BLOCKS + 10);
    const asked = chain.asked.length;
    await tower.round(never);
    expect(chain.asked.length - asked).to.equal(KEPT_BLOCKS);
    expect(telemetry.lines.map(({ event }) => event)).to.include("blocks-replaced-beyond-memory");
  });

  it("waits for the next round when the chain moves while it reads", async () => {
    const { chain, proofs, start } = watching();
    chain.mineMany(4);
    const tower = start();
    await tower.round(never);
    chain.mineMany(2);
    const moving = start({
      chain: {
        ...chain.chain,
        block: async (number, configurations) => {
          if (number === 5n) {
            chain.drop(2);
            chain.mine({ reports: [first] });
            chain.mine({ reports: [second] });
          }
          return chain.chain.block(number, configurations);
        },
      },
    });
    const status = await moving.round(never);
    expect(status.read?.number).to.equal(4n);
    await tower.round(never);
    expect(proofs.map(({ signer }) => signer)).to.deep.equal([ALICE]);
  });

  it("skips nothing when a node is away, and nothing when a proof cannot be kept", async () => {
    const { chain, proofs, start } = watching();
    chain.mine({ reports: [first] });
    chain.mine({ reports: [second] });
    const trouble = { isFull: true };
    const tower = start({
      prosecutor: {
        prosecute: (found) => {
          if (trouble.isFull) return Promise.reject(new Error("disk full"));
          proofs.push(found);
          return Promise.resolve();
        },
      },
    });
    chain.isDown = true;
    await tower.round(never).catch(() => undefined);
    chain.isDown = false;
    await tower.round(never).catch(() => undefined);
    expect(proofs).to.have.length(0);
    trouble.isFull = false;
    await tower.round(never);
    expect(proofs).to.have.length(1);
  });

  it("stops between blocks when it is told to, and goes on there", async () => {
    const { chain, start } = watching();
    chain.mineMany(20);
    const stop = new AbortController();
    const tower = start({
      chain: {
        ...chain.chain,
        block: (number, configurations) => {
          if (number === 8n) stop.abort(new Error("stopped"));
          return chain.chain.block(number, configurations);
        },
      },
    });
    expect((await tower.round(stop.signal)).read?.number).to.equal(7n);
    expect((await tower.round(never)).read?.number).to.equal(19n);
  });

  it("has accepted reports judged, and counts what was thought of them", async () => {
    for (const [judgement, count] of [
      ["supported", "supported"],
      ["deviates", "deviating"],
      ["not-compared", "notCompared"],
    ] as const) {
      const { chain, judged, noted, start } = watching(":memory:", judgement);
      chain.mine({ reports: [first, second] });
      const status = await start().round(never);
      expect(judged).to.deep.equal([first]);
      // What the oracle refused is signed all the same.
      expect(noted).to.deep.equal([first, second]);
      expect(status[count]).to.equal(1);
    }
  });

  it("has accepted reports computed again by the keepers of their configuration, and counts what came of it", async () => {
    const { configDigest } = first.report;
    const set = { ...keeperSetOf([ALICE, BOB]), configDigest };
    for (const [result, count] of [
      ["same", "recomputed"],
      ["other", "miscomputed"],
      ["not-recomputed", "notRecomputed"],
    ] as const) {
      const { chain, start } = watching();
      const asked: unknown[] = [];
      chain.mine({ reports: [first, second] });
      const known = { ...chain.chain, configurations: () => Promise.resolve(new Map([[configDigest, set]])) };
      const recompute: WatchtowerParts["recompute"] = (...given) => {
        asked.push(given);
        return Promise.resolve(result);
      };
      expect((await start({ chain: known, recompute }).round(never))[count]).to.equal(1);
      expect(asked).to.deep.equal([[first, set]]);
    }
    const { chain, start } = watching();
    chain.mine({ reports: [first] });
    expect((await start().round(never)).notRecomputed).to.equal(1);
  });

  it("says of every accepted report that it could not read, and seldom of what strangers send", async () => {
    const { chain, telemetry, start } = watching();
    const unread = (isAccepted: boolean) => ({ transaction: hashOfDigits("ee"), reason: "why", isAccepted });
    chain.mine({ unread: [unread(true), unread(false), unread(false), unread(true)] });
    const status = await start().round(never);
    expect(status.unread).to.equal(2);
    const events = telemetry.lines.map(({ event }) => event);
    expect(events.filter((event) => event === "accepted-report-not-read")).to.have.length(2);
    expect(events.filter((event) => event === "transaction-not-read")).to.have.length(1);
  });

  it("tells its progress while it is far behind", async () => {
    const { chain, telemetry, start } = watching();
    chain.mineMany(200);
    await start().round(never);
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal(["catching-up"]);
    expect(telemetry.lines[0]?.fields).to.include({ latest: 199n, left: 192n });
  });
});
