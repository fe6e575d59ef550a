import { expect } from "chai";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { startLibp2pGossip, type Libp2pGossip } from "../../../../keeper/adapters/libp2p/gossip.ts";
import type { KeeperPeer } from "../../../../keeper/adapters/libp2p/peer-book.ts";
import { networkKeyOf } from "../../../../keeper/adapters/keystore/network-key.ts";
import { systemTimer } from "../../../../keeper/adapters/system/timer.ts";
import type { PeerRates } from "../../../../keeper/adapters/wire/token-bucket.ts";
import { MAX_MESSAGE_BYTES } from "../../../../keeper/adapters/wire/wire-bounds.ts";
import type { GossipMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { fuzzCodec } from "../../../support/message-fuzz.ts";

const PROTOCOL = "/ballast/keeper/1";
const LOCAL = "/ip4/127.0.0.1/tcp/0";
const WAIT_MS = 15_000;
const STEP_MS = 20;
const MIB = 1_048_576;

const keyOf = (index: number) => networkKeyOf(new Uint8Array(32).fill(index + 1));
const nameOf = (index: number): Hex => asHex(`0x${(index + 1).toString(16).padStart(2, "0").repeat(20)}`);
const wish = (epoch: number): GossipMessage => ({
  kind: "wish",
  epoch: BigInt(epoch),
  newest: { epoch: 0n, round: 0 },
});

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

interface TestKeeper {
  readonly gossip: Libp2pGossip;
  readonly heard: readonly (readonly [from: Hex, message: GossipMessage])[];
  readonly entry: KeeperPeer;
}

describe("gossip over libp2p", function () {
  this.timeout(60_000);
  const open = new Set<{ stop(): Promise<void> }>();

  async function start(index: number, listen = LOCAL, rates?: PeerRates): Promise<TestKeeper> {
    const { seed, publicKey, peerId } = keyOf(index);
    const gossip = await startLibp2pGossip({
      self: nameOf(index),
      networkKey: { seed, peerId },
      listen,
      codec: fuzzCodec,
      telemetry: recordingTelemetry(),
      timer: systemTimer,
      seed: index,
      ...(rates === undefined ? {} : { rates }),
    });
    open.add(gossip);
    const heard: [Hex, GossipMessage][] = [];
    gossip.subscribe((from, message) => heard.push([from, message]));
    const [endpoint = ""] = gossip.endpoints;
    return { gossip, heard, entry: { keeper: nameOf(index), networkKey: publicKey, endpoint } };
  }

  async function stop(keeper: { readonly gossip: Libp2pGossip }): Promise<void> {
    open.delete(keeper.gossip);
    await keeper.gossip.stop();
  }

  async function startMesh(count: number, rates?: PeerRates): Promise<readonly TestKeeper[]> {
    const keepers = await Promise.all(Array.from({ length: count }, (_, i) => start(i, LOCAL, rates)));
    const entries = keepers.map(({ entry }) => entry);
    await Promise.all(keepers.map(({ gossip }) => gossip.setPeers(entries)));
    await until("all are connected", () =>
      keepers.every(({ gossip }) => gossip.connected().length === count - 1),
    );
    return keepers;
  }

  /** A node outside the adapter, which writes what it likes. */
  async function startRaw(index: number) {
    const node = await createLibp2p({
      privateKey: await generateKeyPairFromSeed("Ed25519", keyOf(index).seed),
      addresses: { listen: [LOCAL] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
    open.add({ stop: async () => node.stop() });
    const [address] = node.getMultiaddrs();
    const entry: KeeperPeer = {
      keeper: nameOf(index),
      networkKey: keyOf(index).publicKey,
      endpoint: (address?.toString() ?? "").replace(/\/p2p\/.*$/, ""),
    };
    const dial = ({ endpoint, networkKey }: KeeperPeer) => {
      const owner = [0, 1, 2, 3].map(keyOf).find(({ publicKey }) => publicKey === networkKey);
      return node.dialProtocol(multiaddr(`${endpoint}/p2p/${owner?.peerId ?? ""}`), PROTOCOL);
    };
    return { node, entry, dial };
  }

  const framed = (bytes: Uint8Array, length = bytes.length) => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(length);
    return Buffer.concat([prefix, bytes]);
  };

  afterEach(async () => {
    await Promise.all([...open].map((each) => each.stop()));
    open.clear();
  });

  it("brings a message to every keeper, the sender included, under the sender's name", async () => {
    const keepers = await startMesh(4);
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
    const [first, second] = await startMesh(2);
    for (let i = 0; i < 200; i++) first!.gossip.send(nameOf(1), wish(i));
    await until("all came", () => second!.heard.length === 200);
    expect(
      second!.heard.map(([, message]) => (message.kind === "wish" ? Number(message.epoch) : -1)),
    ).to.deep.equal(Array.from({ length: 200 }, (_, i) => i));
  });

  it("finds a peer again that was restarted", async () => {
    const [first, second] = await startMesh(2);
    await stop(second!);
    await until("the peer is lost", () => first!.gossip.connected().length === 0);
    first!.gossip.publish(wish(8));
    const again = await start(1, second!.entry.endpoint);
    await again.gossip.setPeers([first!.entry]);
    await until("the message that waited came", () => again.heard.length === 1);
    again.gossip.publish(wish(9));
    await until("the other way works too", () => first!.heard.some(([from]) => from === nameOf(1)));
  });

  it("refuses who is no keeper before any stream, and a keeper that left", async () => {
    const [first, second] = await startMesh(2);
    const stranger = await startRaw(9);
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

  it("closes the stream on a frame larger than any message, before the bytes come", async () => {
    const keeper = await start(0);
    const liar = await startRaw(1);
    await keeper.gossip.setPeers([liar.entry]);
    const stream = await liar.dial(keeper.entry);
    stream.send(framed(fuzzCodec.encode(wish(1))));
    stream.send(framed(new Uint8Array(16), MAX_MESSAGE_BYTES + 1));
    await until("the stream is reset", () => stream.status !== "open");
    expect(keeper.heard).to.deep.equal([[nameOf(1), wish(1)]]);
    expect(keeper.gossip.troubles("peer-frame-refused")).to.equal(1);
  });

  it("refuses bytes that are no message and goes on with the next", async () => {
    const keeper = await start(0);
    const liar = await startRaw(1);
    await keeper.gossip.setPeers([liar.entry]);
    const stream = await liar.dial(keeper.entry);
    stream.send(framed(Buffer.from('{"__proto__":1}')));
    stream.send(framed(fuzzCodec.encode(wish(2))));
    await until("the real message came", () => keeper.heard.length === 1);
    expect(keeper.gossip.troubles("peer-message-refused")).to.equal(1);
  });

  it("drops what a peer sends beyond its rate, and hears it again later", async () => {
    const rates: PeerRates = {
      messages: { burst: 10, perSecond: 20 },
      bytes: { burst: MIB, perSecond: MIB },
    };
    const [first, second] = await startMesh(2, rates);
    for (let i = 0; i < 100; i++) first!.gossip.send(nameOf(1), wish(i));
    await until("most are dropped", () => second!.gossip.troubles("peer-rate-limited") >= 50);
    await until("each came or was dropped", () => {
      return second!.heard.length + second!.gossip.troubles("peer-rate-limited") === 100;
    });
    const before = second!.heard.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    first!.gossip.send(nameOf(1), wish(1_000));
    await until("it is heard again", () => second!.heard.length > before);
  });

  it("holds a bounded number of bytes for a peer that does not read", async () => {
    const keeper = await start(0);
    const slow = await startRaw(1);
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
