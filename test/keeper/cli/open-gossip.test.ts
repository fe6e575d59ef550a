import { expect } from "chai";
import { createWireCodec } from "../../../keeper/adapters/wire/codec.ts";
import { systemTimer } from "../../../keeper/adapters/system/timer.ts";
import { openGossip, type RegisteredGossip } from "../../../keeper/cli/keeper/open-gossip.ts";
import { DEFAULT_PARAMETERS } from "../../../keeper/core/protocol/parameters.ts";
import type { RegisteredKeeper, Registration } from "../../../keeper/ports/chain-probe.ts";
import type { GossipMessage } from "../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../keeper/ports/hex.ts";
import { freePort } from "../../../scripts/demo/node-process.ts";
import { framed, gossipNetwork, keeperName, networkKey, until, wish } from "../../support/gossip-network.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";

const digest = (digits: string): Hex => asHex(`0x${digits.repeat(32)}`);
const [OLD, NEW] = [digest("0d"), digest("0e")];
const NOW_SECONDS = 1_000;
const INTERVAL_MS = 10_000;

/** A registry whose answer a test changes, and how often it was asked. */
function registry(first: Registration) {
  const state = { now: first, reads: 0, failure: null as Error | null };
  const registration = () => {
    state.reads++;
    return state.failure === null ? Promise.resolve(state.now) : Promise.reject(state.failure);
  };
  return { state, probe: { registration } };
}

describe("gossip among the registered keepers", function () {
  this.timeout(60_000);
  const strangers = gossipNetwork();
  const stop = new AbortController();
  const open = new Set<RegisteredGossip>();
  afterEach(async () => {
    await Promise.all([...open].map(({ gossip }) => gossip.stop()));
    open.clear();
    await strangers.stopAll();
  });

  const entryOf = async (index: number): Promise<RegisteredKeeper> => ({
    reportKey: keeperName(index),
    networkKey: networkKey(index).publicKey,
    payee: keeperName(index),
    endpoint: `/ip4/127.0.0.1/tcp/${(await freePort()).toString()}`,
  });

  async function start(index: number, entry: RegisteredKeeper, first: Registration) {
    const { state, probe } = registry(first);
    const time = { nowMs: 0, nowSeconds: NOW_SECONDS };
    const telemetry = recordingTelemetry();
    const choice = {
      self: entry.reportKey,
      networkKey: networkKey(index),
      listen: entry.endpoint,
      probe,
      clock: { nowSeconds: () => time.nowSeconds },
      timer: { ...systemTimer, nowMs: () => time.nowMs },
      parameters: DEFAULT_PARAMETERS,
      telemetry,
    };
    const opened = await openGossip(choice, stop.signal);
    open.add(opened);
    const heard: (readonly [from: Hex, message: GossipMessage])[] = [];
    opened.gossip.subscribe((from, message) => {
      if (from !== entry.reportKey) heard.push([from, message]);
    });
    return { ...opened, state, time, heard, lines: telemetry.lines };
  }

  /** Two keepers that are connected. */
  async function startPair(first: Omit<Registration, "keepers"> = { configDigest: OLD, previous: null }) {
    const keepers = [await entryOf(0), await entryOf(1)] as const;
    const registered = { ...first, keepers };
    const [a, b] = [await start(0, keepers[0], registered), await start(1, keepers[1], registered)];
    await until("they are connected", () => [a, b].every(({ gossip }) => gossip.connected().length === 1));
    return { a, b, keepers };
  }

  it("starts though the registry holds an entry that nobody can dial", async () => {
    const keepers = [await entryOf(0), await entryOf(1)] as const;
    const bad = { ...(await entryOf(2)), endpoint: "nonsense" };
    const registered = { configDigest: OLD, keepers: [...keepers, bad], previous: null };
    const a = await start(0, keepers[0], registered);
    await start(1, keepers[1], registered);
    await until("the other one is connected", () => a.gossip.connected().length === 1);
    expect(a.lines.filter(({ event }) => event === "peer-entry-refused")).to.have.length(1);
  });

  it("does not start when the registry cannot be read", async () => {
    const entry = await entryOf(0);
    const probe = { registration: () => Promise.reject(new Error("no node answers")) };
    const choice = {
      self: entry.reportKey,
      networkKey: networkKey(0),
      listen: entry.endpoint,
      probe,
      clock: { nowSeconds: () => NOW_SECONDS },
      timer: systemTimer,
      parameters: DEFAULT_PARAMETERS,
      telemetry: recordingTelemetry(),
    };
    const failure = await openGossip(choice, stop.signal).catch(String);
    expect(failure).to.equal("Error: no node answers");
  });

  it("loses no message of a rotation that it learns of first or last", async () => {
    const { a, b, keepers } = await startPair();
    const next = {
      configDigest: NEW,
      keepers,
      previous: { configDigest: OLD, countsUntilSeconds: NOW_SECONDS + 60 },
    };
    [a.state.now, b.state.now] = [next, next];
    a.sawDigest(NEW);
    await until("the first has read it", () => a.state.reads === 2);
    b.gossip.publish(wish(1));
    await until("the first hears the other under the old name", () => a.heard.length === 1);
    a.gossip.publish(wish(2));
    await until("the other, which was told nothing, reads the registry", () => b.state.reads === 2);
    await until("a repetition is heard", () => {
      a.gossip.publish(wish(3));
      return b.heard.length > 0;
    });
  });

  it("knows the configuration before when it starts, until that ceases to count", async () => {
    const keepers = [await entryOf(0)] as const;
    const peer = await strangers.startRaw(1);
    const { keeper: reportKey, ...rest } = peer.entry;
    const entry = { reportKey, payee: reportKey, ...rest };
    const a = await start(0, keepers[0], {
      configDigest: NEW,
      keepers: [...keepers, entry],
      previous: { configDigest: OLD, countsUntilSeconds: NOW_SECONDS },
    });
    const stream = await peer.dial({ keeper: keepers[0].reportKey, ...keepers[0] });
    const say = (epoch: number, name: Hex) =>
      stream.send(framed(createWireCodec(() => [name]).encode(wish(epoch))));
    say(1, OLD);
    await until("the old name counts", () => a.heard.length === 1);
    a.time.nowSeconds = NOW_SECONDS + 1;
    say(2, OLD);
    say(3, NEW);
    await until("the new name counts", () => a.heard.length === 2);
    expect(a.heard.map(([, message]) => message)).to.deep.equal([wish(1), wish(3)]);
  });

  it("reads the registry once in a while for each peer that names unknown configurations, however often it does", async () => {
    const keepers = [await entryOf(0)] as const;
    const peer = await strangers.startRaw(1);
    const { keeper: reportKey, ...rest } = peer.entry;
    const registered = {
      configDigest: OLD,
      keepers: [...keepers, { reportKey, payee: reportKey, ...rest }],
      previous: null,
    };
    const a = await start(0, keepers[0], registered);
    const stream = await peer.dial({ keeper: keepers[0].reportKey, ...keepers[0] });
    const refused = () => a.gossip.troubles("peer-message-refused");
    const flood = async () => {
      const before = refused();
      for (let i = 1; i <= 5; i++)
        stream.send(framed(createWireCodec(() => [digest(`7${i}`)]).encode(wish(i))));
      await until("all came", () => refused() === before + 5);
    };
    await flood();
    expect(a.state.reads).to.equal(2);
    a.time.nowMs = INTERVAL_MS - 1;
    await flood();
    expect(a.state.reads).to.equal(2);
    a.time.nowMs = INTERVAL_MS;
    await flood();
    expect(a.state.reads).to.equal(3);
  });

  it("reads the registry when the chain names another configuration, and again later when that read failed", async () => {
    const { a, b, keepers } = await startPair();
    const third = await entryOf(2);
    const next = { configDigest: NEW, keepers: [...keepers, third], previous: null };
    a.sawDigest(OLD);
    await new Promise(setImmediate);
    expect(a.state.reads).to.equal(1);
    a.state.failure = new Error("the node is away");
    a.sawDigest(NEW);
    await until("it says so", () => a.lines.some(({ event }) => event === "peers-not-refreshed"));
    expect(a.gossip.connected()).to.deep.equal([b.gossip.self]);
    a.state.failure = null;
    a.state.now = next;
    a.sawDigest(NEW);
    expect(a.state.reads).to.equal(2);
    a.time.nowMs += INTERVAL_MS;
    a.sawDigest(NEW);
    await start(2, third, next);
    await until("the new keeper is connected", () => a.gossip.connected().includes(third.reportKey));
    a.sawDigest(NEW);
    expect(a.state.reads).to.equal(3);
  });
});
