// The house on a real chain whose time is the machine's, with price feeds that follow the recorded market.
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonRpcProvider } from "ethers";
import type { ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";
import { openRecorded } from "../../keeper/adapters/replay/open-recorded.ts";
import type { Replay } from "../../keeper/adapters/replay/replay.ts";
import { type DevNode, startDevNode } from "../../test/support/dev-node.ts";
import { deployHouse, type Deployment } from "../demo/deploy-house.ts";
import { connect } from "../demo/house.ts";
import { type MovedMarket, writeMovedMarket } from "./moved-market.ts";

export interface LiveHouseChoice {
  readonly keepers: number;
  readonly protocol: ProtocolParameters;
  /** Time between two blocks. */
  readonly blockSeconds: number;
  /** What the price feeds follow; its folder is written here. */
  readonly market: Omit<MovedMarket, "startSeconds" | "endSeconds">;
  readonly marketFolder: string;
  /** For how long the market moves. */
  readonly durationSeconds: number;
  /** The chain's node can be ended and started again when this is given. */
  readonly stateFile?: string;
}

export interface LiveHouse {
  readonly node: DevNode;
  readonly provider: JsonRpcProvider;
  readonly deployment: Deployment;
  readonly market: MovedMarket;
  /** The market as an honest keeper without lag sees it. */
  readonly replay: Replay;
  close(): Promise<void>;
}

const MILLISECONDS = 1_000;
/** Deploying makes blocks faster than seconds pass, and each is dated later than the one before: the chain begins so long ago. */
const HEAD_START_SECONDS = 3_600;
const FEED_POLL_MS = 200;
const REFEED_MS = 5_000;

export const nowSeconds = (): number => Math.floor(Date.now() / MILLISECONDS);

/** Starts a node, deploys and stakes as the demo does, moves the chain's clock to now, and lets blocks and prices come. */
export async function openLiveHouse(choice: LiveHouseChoice): Promise<LiveHouse> {
  const { stateFile } = choice;
  const startSeconds = nowSeconds() - HEAD_START_SECONDS;
  const node = await startDevNode({ startSeconds, ...(stateFile === undefined ? {} : { stateFile }) });
  const stopped = new AbortController();
  try {
    await node.mineAtOnce(true);
    const provider = connect(node.url);
    const { keepers: count, protocol } = choice;
    const deployment = await deployHouse(node.url, provider, { count, protocol });
    const now = nowSeconds();
    await node.mineAt(now);
    await node.mineEvery(choice.blockSeconds);
    const market = { ...choice.market, startSeconds: now, endSeconds: now + choice.durationSeconds };
    writeMovedMarket(choice.marketFolder, market);
    const { replay } = openRecorded(choice.marketFolder, market.episode);
    const feeding = feed(deployment, replay, stopped.signal);
    return {
      node,
      provider,
      deployment,
      market,
      replay,
      close: async () => {
        stopped.abort();
        await feeding;
        provider.destroy();
        await node.stop();
      },
    };
  } catch (error) {
    await node.stop();
    throw error;
  }
}

/** Sends each new spot to the price feeds as soon as the market shows it, and again from time to time: a reorganisation may have taken it back. */
async function feed(deployment: Deployment, replay: Replay, signal: AbortSignal): Promise<void> {
  let fed = 0;
  let fedAtMs = 0;
  while (!signal.aborted) {
    const now = nowSeconds();
    const shown = replay.snapshotTimes.findLast((time) => time <= now) ?? 0;
    if (shown > fed || performance.now() - fedAtMs > REFEED_MS) {
      fedAtMs = performance.now();
      const at = replay.at(now);
      const [btc, eth] = await Promise.all([at.latest("BTC"), at.latest("ETH")]);
      const sent = deployment.sendFeeds({ BTC: btc.spotUsd, ETH: eth.spotUsd });
      // A node that is away now is asked again.
      fed = await sent.then(
        () => shown,
        () => fed,
      );
    }
    await sleep(FEED_POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
