import { expect } from "chai";
import { createBackOff } from "../../../../keeper/adapters/libp2p/back-off.ts";
import { createFrameReader, FrameError, frameOf } from "../../../../keeper/adapters/libp2p/frames.ts";
import { createOutgoingQueue } from "../../../../keeper/adapters/libp2p/outgoing-queue.ts";
import { knownPeer, knownPeers, PeerError } from "../../../../keeper/adapters/libp2p/peer-book.ts";
import { createTroubleLog } from "../../../../keeper/adapters/libp2p/trouble-log.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";

const MAX_BYTES = 100;
const NEVER = new AbortController().signal;

describe("frames", () => {
  const messages = [1, 2, 100, 7].map((length) => new Uint8Array(length).fill(length));
  const stream = Buffer.concat(messages.map(frameOf));

  for (const size of [1, 2, 3, 5, 64, stream.length]) {
    it(`are put together from chunks of ${size} bytes`, () => {
      const reader = createFrameReader(MAX_BYTES);
      const frames: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size)
        frames.push(...reader.push(stream.subarray(at, at + size)));
      expect(frames).to.deep.equal(messages);
    });
  }

  it("are refused by their length alone when empty or too long", () => {
    for (const length of [0, MAX_BYTES + 1, 2 ** 32 - 1]) {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(length);
      expect(() => [...createFrameReader(MAX_BYTES).push(prefix)])
        .to.throw(FrameError)
        .and.to.include({ byteLength: length, maxBytes: MAX_BYTES });
    }
  });
});

describe("the queue to a peer", () => {
  const bytes = (value: number, length = 10) => new Uint8Array(length).fill(value);

  it("drops the oldest beyond its number of messages or of bytes, and says how many", async () => {
    const queue = createOutgoingQueue({ maxMessages: 3, maxBytes: 50 });
    expect([1, 2, 3, 4].map((value) => queue.push(bytes(value)))).to.deep.equal([0, 0, 0, 1]);
    expect(queue.push(bytes(5, 35))).to.equal(2);
    expect(queue.byteLength).to.equal(45);
    expect(await queue.next(NEVER)).to.deep.equal(bytes(4));
    expect(await queue.next(NEVER)).to.deep.equal(bytes(5, 35));
    expect(queue.byteLength).to.equal(0);
  });

  it("lets its reader wait, and go when the signal aborts", async () => {
    const queue = createOutgoingQueue({ maxMessages: 3, maxBytes: 50 });
    const waiting = queue.next(NEVER);
    queue.push(bytes(1));
    expect(await waiting).to.deep.equal(bytes(1));
    const stop = new AbortController();
    const aborted = queue.next(stop.signal).catch((error: unknown) => error);
    stop.abort("enough");
    expect(await aborted).to.equal("enough");
  });
});

describe("the wait before a redial", () => {
  it("doubles up to the longest, less at most a half, and is short again after a success", () => {
    const backOff = createBackOff({ firstMs: 100, longestMs: 1_000 }, 1);
    for (const full of [100, 200, 400, 800, 1_000, 1_000])
      expect(backOff.nextMs()).to.be.within(full / 2, full);
    backOff.reset();
    expect(backOff.nextMs()).to.be.within(50, 100);
  });

  it("differs between keepers and repeats with its seed", () => {
    const waits = (seed: number) => {
      const backOff = createBackOff({ firstMs: 100, longestMs: 1_000 }, seed);
      return Array.from({ length: 4 }, () => backOff.nextMs());
    };
    expect(waits(1)).to.deep.equal(waits(1));
    expect(waits(1)).not.to.deep.equal(waits(2));
  });
});

describe("an entry of the registry", () => {
  const keeper = asHex(`0x${"11".repeat(20)}`);
  const networkKey = asHex(`0x${"22".repeat(32)}`);

  it("gives the address to dial with the peer id that the network key proves", () => {
    for (const endpoint of ["/ip4/192.0.2.1/tcp/9463", "/dns4/keeper.example/tcp/9463", "/ip6/::1/tcp/1"]) {
      const { address, peerId } = knownPeer({ keeper, networkKey, endpoint });
      expect(address.toString()).to.equal(`${endpoint}/p2p/${peerId}`);
      expect(peerId).to.match(/^12D3KooW/);
    }
  });

  it("is refused with another transport, a peer id of its own or what is no address", () => {
    const endpoints = [
      "",
      "nonsense",
      "/ip4/1.2.3.4/udp/9",
      "/ip4/999.1.1.1/tcp/9",
      "/ip4/1.2.3.4/tcp/9/p2p/x",
    ];
    for (const endpoint of endpoints)
      expect(() => knownPeer({ keeper, networkKey, endpoint }), endpoint).to.throw(PeerError);
    const short = asHex("0x1234");
    expect(() => knownPeer({ keeper, networkKey: short, endpoint: "/ip4/1.2.3.4/tcp/9" })).to.throw(
      PeerError,
    );
  });
});

describe("the entries of the registry", () => {
  const entryOf = (digits: string) => ({
    keeper: asHex(`0x${digits.repeat(20)}`),
    networkKey: asHex(`0x${digits.repeat(32)}`),
    endpoint: "/ip4/192.0.2.1/tcp/9463",
  });
  const self = entryOf("aa");
  const ownId = { keeper: self.keeper, peerId: knownPeer(self).peerId };
  const [first, second] = [entryOf("0b"), entryOf("0c")];
  const read = (...entries: readonly ReturnType<typeof entryOf>[]) => {
    const refused: PeerError[] = [];
    const known = knownPeers(entries, ownId, (error) => refused.push(error));
    return { known: known.map(({ keeper }) => keeper), refused };
  };

  it("make peers of all but the own one, which is no fault", () => {
    const capitals = { ...self, keeper: asHex(`0x${"AA".repeat(20)}`) };
    expect(read(first, capitals, second)).to.deep.equal({
      known: [first.keeper, second.keeper],
      refused: [],
    });
  });

  it("lose only those that nobody could dial", () => {
    const { known, refused } = read(first, { ...entryOf("0d"), endpoint: "nonsense" }, second);
    expect(known).to.deep.equal([first.keeper, second.keeper]);
    expect(refused).to.have.length(1);
    expect(refused[0]).to.include({ keeper: entryOf("0d").keeper, endpoint: "nonsense" });
  });

  it("count once for each report key and network key, and never with this keeper's own", () => {
    const { known, refused } = read(
      first,
      { ...entryOf("0d"), networkKey: first.networkKey },
      { ...entryOf("0e"), keeper: asHex(`0x${"0B".repeat(20)}`) },
      { ...entryOf("0f"), networkKey: self.networkKey },
      second,
    );
    expect(known).to.deep.equal([first.keeper, second.keeper]);
    expect(refused.map(({ message }) => message.replace(/.*: /, ""))).to.deep.equal([
      `its report key or network key is the one of ${first.keeper}`,
      `its report key or network key is the one of ${first.keeper}`,
      "its network key is this keeper's own",
    ]);
  });
});

describe("the log of troubles", () => {
  it("counts all, logs the first at once and later ones together", () => {
    const telemetry = recordingTelemetry();
    let nowMs = 0;
    const log = createTroubleLog(telemetry, () => nowMs);
    for (let i = 0; i < 50; i++) log.count("peer-message-refused", "a", "bad");
    log.count("peer-message-refused", "b", "bad");
    expect(telemetry.lines).to.have.length(2);
    nowMs = 10_000;
    log.count("peer-message-refused", "a", "bad");
    expect(telemetry.lines.at(-1)?.fields).to.include({ peer: "a", times: 50 });
    expect(log.total("peer-message-refused")).to.equal(52);
    expect(log.total("peer-refused")).to.equal(0);
  });
});
