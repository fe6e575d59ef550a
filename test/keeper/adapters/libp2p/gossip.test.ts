import { expect } from "chai";
import { bytesOf, messageLimits } from "../../../../keeper/adapters/wire/message-limits.ts";
import { MAX_MESSAGE_BYTES } from "../../../../keeper/adapters/wire/wire-bounds.ts";
import { PROTOCOL } from "../../../../keeper/adapters/libp2p/peer-set.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { GossipMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import {
  framed,
  gossipNetwork,
  keeperName as nameOf,
  networkKey,
  until,
  wish,
} from "../../../support/gossip-network.ts";
import { fuzzCodec } from "../../../support/message-fuzz.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const MIB = 1_048_576;
const JUNK_BYTES = 20_000;
const QUIET_MS = 200;
/** What a stream may hand over at once. */
const CHUNK_BYTES = 262_144;
/** As long as any pause lasts. */
const PAUSE_MS = 60_000;

describe("gossip over libp2p", function () {
  this.timeout(60_000);
  const network = gossipNetwork();
  afterEach(() => network.stopAll());

  it("brings a message to every keeper, the sender included, under the sender's name", async () => {
    const keepers = await network.startMesh(4);
    keepers[0]!.gossip.publish(wish(1));
    keepers[2]!.gossip.send(nameOf(3), wish(2));
    keepers[2]!.gossip.send(nameOf(2), wish(3));
    await until("all have heard", () => keepers.every(({ heard }) => heard.length >= 1));
    await until("the fourth has heard both", () => keepers[3]!.heard.length === 2);
    for (const { heard } of keepers) expect(heard).to.deep.include([nameOf(0), wish(1)]);
    expect(keepers[3]!.heard).to.deep.include([nameOf(2), wish(2)]);
    expect(keepers[2]!.heard).to.deep.include([nameOf(2), wish(3)]);
    expect(keepers[1]!.heard).to.have.length(1);
  });

  it("keeps the order of one sender's messages", async () => {
    const [first, second] = await network.startMesh(2);
    for (let i = 0; i < 30; i++) first!.gossip.send(nameOf(1), wish(i));
    await until("all came", () => second!.heard.length === 30);
    expect(
      second!.heard.map(([, message]) => (message.kind === "wish" ? Number(message.epoch) : -1)),
    ).to.deep.equal(Array.from({ length: 30 }, (_, i) => i));
  });

  it("finds a peer again that was restarted", async () => {
    const [first, second] = await network.startMesh(2);
    await network.stop(second!);
    await until("the peer is lost", () => first!.gossip.connected().length === 0);
    first!.gossip.publish(wish(8));
    const again = await network.start(1, { listen: second!.entry.endpoint });
    await again.gossip.setPeers([first!.entry]);
    await until("the message that waited came", () => again.heard.length === 1);
    again.gossip.publish(wish(9));
    await until("the other way works too", () => first!.heard.some(([from]) => from === nameOf(1)));
  });

  it("refuses who is no keeper before any stream, and a keeper that left", async () => {
    const [first, second] = await network.startMesh(2);
    const stranger = await network.startRaw(9);
    const error = await stranger.dial(first!.entry).then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(error).to.be.instanceOf(Error);
    await until("it is counted", () => first!.gossip.troubles("peer-refused") > 0);
    await first!.gossip.setPeers([first!.entry]);
    second!.gossip.publish(wish(5));
    await until("the one who left is refused", () => first!.gossip.troubles("peer-refused") > 1);
    expect(first!.heard).to.deep.equal([]);
  });

  it("dials a new peer at the first attempt", async () => {
    const keeper = await network.start(0);
    const peer = await network.startRaw(1);
    await peer.node.handle(PROTOCOL, () => undefined);
    await keeper.gossip.setPeers([peer.entry]);
    await until("it is connected", () => keeper.gossip.connected().length === 1);
    expect(keeper.gossip.troubles("peer-unreachable")).to.equal(0);
  });

  it("leaves out entries that cannot be used, each with a line of the log, and talks to the others", async () => {
    const [keeper, peer] = [await network.start(0), await network.start(1)];
    const usable = {
      keeper: nameOf(4),
      networkKey: networkKey(4).publicKey,
      endpoint: "/ip4/127.0.0.1/tcp/1",
    };
    const bad = [
      { ...usable, endpoint: "nonsense" },
      { ...usable, keeper: nameOf(5), endpoint: "/ip4/127.0.0.1/tcp/70000" },
      { ...usable, keeper: nameOf(6), networkKey: asHex("0x1234") },
      { ...usable, keeper: nameOf(7), networkKey: keeper.entry.networkKey },
      { ...usable, keeper: nameOf(8), networkKey: peer.entry.networkKey },
      { ...peer.entry, networkKey: networkKey(9).publicKey },
    ];
    await keeper.gossip.setPeers([keeper.entry, peer.entry, ...bad]);
    await peer.gossip.setPeers([keeper.entry]);
    await until("the good one is connected", () => keeper.gossip.connected().includes(nameOf(1)));
    expect(keeper.gossip.connected()).to.deep.equal([nameOf(1)]);
    expect(keeper.gossip.troubles("peer-entry-refused")).to.equal(bad.length);
    const logged = keeper.lines.filter(({ event }) => event === "peer-entry-refused");
    expect(logged.map(({ fields }) => fields["peer"])).to.deep.equal(bad.map((entry) => entry.keeper));
  });

  it("hears a keeper under its new report key on the stream it has", async () => {
    const keeper = await network.start(0);
    const peer = await network.startRaw(1);
    await keeper.gossip.setPeers([peer.entry]);
    const stream = await peer.dial(keeper.entry);
    stream.send(framed(fuzzCodec.encode(wish(1))));
    await until("the first came", () => keeper.heard.length === 1);
    await keeper.gossip.setPeers([{ ...peer.entry, keeper: nameOf(7) }]);
    stream.send(framed(fuzzCodec.encode(wish(2))));
    await until("the second came", () => keeper.heard.length === 2);
    expect(keeper.heard.map(([from]) => from)).to.deep.equal([nameOf(1), nameOf(7)]);
  });

  it("reads a peer's newest stream and ends the one before", async () => {
    const keeper = await network.start(0);
    const peer = await network.startRaw(1);
    await keeper.gossip.setPeers([peer.entry]);
    const older = await peer.dial(keeper.entry);
    older.send(framed(fuzzCodec.encode(wish(1))));
    await until("the first came", () => keeper.heard.length === 1);
    const newer = await peer.dial(keeper.entry);
    newer.send(framed(fuzzCodec.encode(wish(2))));
    await until("the second came", () => keeper.heard.length === 2);
    await until("the older stream ends", () => older.status !== "open");
    expect(newer.status).to.equal("open");
  });

  it("closes the stream on a frame larger than any message, before the bytes come", async () => {
    const keeper = await network.start(0);
    const liar = await network.startRaw(1);
    await keeper.gossip.setPeers([liar.entry]);
    const stream = await liar.dial(keeper.entry);
    stream.send(framed(fuzzCodec.encode(wish(1))));
    stream.send(framed(new Uint8Array(16), MAX_MESSAGE_BYTES + 1));
    await until("the stream is reset", () => stream.status !== "open");
    expect(keeper.heard).to.deep.equal([[nameOf(1), wish(1)]]);
    expect(keeper.gossip.troubles("peer-frame-refused")).to.equal(1);
  });

  it("refuses bytes that are no message and goes on with the next", async () => {
    const keeper = await network.start(0);
    const liar = await network.startRaw(1);
    await keeper.gossip.setPeers([liar.entry]);
    const stream = await liar.dial(keeper.entry);
    stream.send(framed(Buffer.from('{"__proto__":1}')));
    stream.send(framed(fuzzCodec.encode(wish(2))));
    await until("the real message came", () => keeper.heard.length === 1);
    expect(keeper.gossip.troubles("peer-message-refused")).to.equal(1);
  });

  it("refuses a message that is larger than any of its kind, unread", async () => {
    const keeper = await network.start(0);
    const liar = await network.startRaw(1);
    await keeper.gossip.setPeers([liar.entry]);
    const stream = await liar.dial(keeper.entry);
    stream.send(framed(Buffer.from('{"kind":"wish"}'.padEnd(JUNK_BYTES))));
    await until("it is counted", () => keeper.gossip.troubles("peer-message-refused") === 1);
    const { maxBytes } = messageLimits(1, DEFAULT_PARAMETERS).wish;
    expect(keeper.lines.at(-1)?.fields["detail"]).to.equal(
      `wish of ${JUNK_BYTES} bytes, allowed: ${maxBytes}`,
    );
  });

  it("takes from a peer that floods no more of each kind than its limit, and all that the others say", async () => {
    const time = virtualTime(0);
    const keeper = await network.start(0, { timer: time.timer });
    const [liar, honest] = [await network.startRaw(1), await network.startRaw(2)];
    await keeper.gossip.setPeers([liar.entry, honest.entry]);
    const flood = await liar.dial(keeper.entry);
    const calm = await honest.dial(keeper.entry);
    const limits = messageLimits(2, DEFAULT_PARAMETERS);
    const catchUp: GossipMessage = { kind: "catch-up", after: { epoch: 0n, round: 0 } };
    const scenario: GossipMessage = { kind: "scenario-proposal", setId: 1n, data: "0x" };
    const bytes = [wish(1), catchUp, scenario].map((message) => framed(fuzzCodec.encode(message)));
    const heardOf = (from: Hex, kind: GossipMessage["kind"]) =>
      keeper.heard.filter(([by, message]) => by === from && message.kind === kind).length;
    const floodAll = async () => {
      const before = heard();
      for (let i = 0; i < 100; i++) for (const each of bytes) flood.send(each);
      calm.send(framed(fuzzCodec.encode(wish(2))));
      await until("each came or was dropped", () => heard() === before + 301);
    };
    const heard = () => keeper.heard.length + keeper.gossip.troubles("peer-rate-limited");
    await floodAll();
    const kinds = ["wish", "catch-up", "scenario-proposal"] as const;
    expect(kinds.map((kind) => heardOf(nameOf(1), kind))).to.deep.equal(
      kinds.map((kind) => limits[kind].burst),
    );
    await time.run(1_000);
    await floodAll();
    expect(kinds.map((kind) => heardOf(nameOf(1), kind))).to.deep.equal(
      kinds.map((kind) => limits[kind].burst + Math.min(limits[kind].burst, limits[kind].perSecond)),
    );
    expect(heardOf(nameOf(2), "wish")).to.equal(2);
  });

  it("reads no more bytes from a peer than all its messages may take, whatever they are", async () => {
    const time = virtualTime(0);
    const keeper = await network.start(0, { timer: time.timer });
    const liar = await network.startRaw(1);
    await keeper.gossip.setPeers([liar.entry]);
    const stream = await liar.dial(keeper.entry);
    const { burst } = bytesOf(messageLimits(1, DEFAULT_PARAMETERS));
    const junk = framed(new Uint8Array(JUNK_BYTES));
    const frames = Math.ceil((2 * burst) / junk.length);
    for (let i = 0; i < frames; i++) {
      stream.send(junk);
      await new Promise(setImmediate);
    }
    const read = () => keeper.gossip.troubles("peer-message-refused") * junk.length;
    await until("the budget is used up", () => read() >= burst - junk.length);
    const atRest = read();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    expect(read())
      .to.equal(atRest)
      .and.to.be.lessThan(burst + CHUNK_BYTES);
    await time.run(PAUSE_MS);
    await until("it reads on when more is due", () => read() > atRest);
  });

  it("holds a bounded number of bytes for a peer that does not read", async () => {
    const keeper = await network.start(0);
    const slow = await network.startRaw(1);
    await slow.node.handle(PROTOCOL, (stream) => {
      stream.pause();
    });
    await keeper.gossip.setPeers([slow.entry]);
    await until("it is connected", () => keeper.gossip.connected().length === 1);
    const large: GossipMessage = {
      kind: "scenario-proposal",
      setId: 1n,
      data: asHex(`0x${"ab".repeat(60_000)}`),
    };
    const before = process.memoryUsage();
    for (let i = 0; i < 1_000; i++) {
      keeper.gossip.send(nameOf(1), large);
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const after = process.memoryUsage();
    expect(keeper.gossip.troubles("peer-queue-full")).to.be.greaterThan(800);
    expect(after.arrayBuffers - before.arrayBuffers).to.be.lessThan(64 * MIB);
  });
});
