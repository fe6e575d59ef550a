import type { PreciseClock } from "../ports/clock.ts";
import type { ChainBlock } from "../ports/oracle-chain.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";

const POLL_MS = 250;
const MILLISECONDS = 1_000;

/**
 * A clock that shows the latest block's time and goes on from it at the machine's pace: for replays, where the chain's time is moved.
 * Blocks are dated in whole seconds and seen up to a quarter of a second late, so its fractions of a second are no better. It follows until the signal aborts; a node that does not answer leaves it running.
 * @throws what the first read throws
 */
export async function followChainClock(
  latestBlock: () => Promise<ChainBlock>,
  timer: Timer,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<PreciseClock> {
  let block = await latestBlock();
  let seenAtMs = timer.nowMs();
  const follow = async () => {
    for (;;) {
      await timer.sleep(POLL_MS, signal);
      const next = await latestBlock().catch((error: unknown) => {
        telemetry.warn("chain-clock-not-read", { reason: String(error) });
        return block;
      });
      if (next.hash === block.hash) continue;
      block = next;
      seenAtMs = timer.nowMs();
    }
  };
  follow().catch((error: unknown) => {
    if (!signal.aborted) telemetry.error("chain-clock-stopped", { reason: String(error) });
  });
  const nowMs = () => block.timestampSeconds * MILLISECONDS + timer.nowMs() - seenAtMs;
  return { nowMs, nowSeconds: () => Math.floor(nowMs() / MILLISECONDS) };
}
