import { expect } from "chai";
import { createBackOff } from "../../../../keeper/adapters/libp2p/back-off.ts";
import type { Libp2pStream } from "../../../../keeper/adapters/libp2p/libp2p-types.ts";
import { createOutgoingQueue } from "../../../../keeper/adapters/libp2p/outgoing-queue.ts";
import { createPeerLink } from "../../../../keeper/adapters/libp2p/peer-link.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** So many failures that the next wait is the longest. */
const FAILURES = 10;
const STABLE_MS = 15_000;
const SHORT_LIVED_MS = 1_000;

/** A stream that takes everything until it is closed. */
function openStream() {
  const events = new EventTarget();
  const stream = Object.assign(events, {
    status: "open",
    send: () => true,
    onDrain: () => Promise.resolve(),
    abort: () => undefined,
  });
  const close = () => {
    stream.status = "closed";
    events.dispatchEvent(new Event("close"));
  };
  return { stream: stream as unknown as Libp2pStream, close };
}

describe("the link to a peer", () => {
  const dialled = (streamLifeMs: number) => {
    const time = virtualTime(0);
    const dialsMs: number[] = [];
    const link = createPeerLink({
      queue: createOutgoingQueue({ maxMessages: 1, maxBytes: 1 }),
      backOff: createBackOff({ firstMs: FIRST_MS, longestMs: LONGEST_MS }, 1),
      timer: time.timer,
      open: () => {
        dialsMs.push(time.nowMs());
        if (dialsMs.length !== FAILURES + 1) return Promise.reject(new Error("nobody there"));
        const { stream, close } = openStream();
        time.after(streamLifeMs, close);
        return Promise.resolve(stream);
      },
      changed: () => undefined,
      failed: () => undefined,
    });
    return { time, dialsMs, link };
  };
  /** The first wait after the stream that was opened at last. */
  const waitAfter = async (streamLifeMs: number): Promise<number> => {
    const { time, dialsMs, link } = dialled(streamLifeMs);
    link.start();
    await time.run(FAILURES * LONGEST_MS + streamLifeMs + LONGEST_MS);
    await link.stop();
    const [opened = 0, next = 0] = dialsMs.slice(FAILURES, FAILURES + 2);
    return next - opened - streamLifeMs;
  };

  it("is dialled again shortly after a stream that lasted", async () => {
    expect(await waitAfter(STABLE_MS)).to.be.within(FIRST_MS / 2, FIRST_MS);
  });

  it("waits as before after one that broke soon, so that a peer that hangs up at once is not hammered", async () => {
    expect(await waitAfter(SHORT_LIVED_MS)).to.be.within(LONGEST_MS / 2, LONGEST_MS);
  });

  it("dials nobody before it is started, and nobody after it is stopped", async () => {
    const { time, dialsMs, link } = dialled(STABLE_MS);
    await time.run(LONGEST_MS);
    expect(dialsMs).to.deep.equal([]);
    link.start();
    await time.run(FIRST_MS);
    await link.stop();
    const { length } = dialsMs;
    await time.run(LONGEST_MS);
    expect(dialsMs).to.have.length(length);
    expect(length).to.be.greaterThan(0);
  });
});
