import type { ContractTransactionResponse, JsonRpcProvider } from "ethers";
import { createClearingChain } from "../../keeper/adapters/ethers/clearing-chain.ts";
import type { EpisodeId } from "../../keeper/adapters/replay/episodes.ts";
import { type Replay, replayBy } from "../../keeper/adapters/replay/replay.ts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import type { Telemetry } from "../../keeper/ports/telemetry.ts";
import { openAccounts, type Cast, type Tokens } from "./accounts.ts";
import { createChainClock } from "./chain-clock.ts";
import type { Console } from "./console.ts";
import { deployHouse, type Deployment } from "./deploy-house.ts";
import { startKeepers } from "./keepers.ts";
import { createListing } from "./listing.ts";
import { referenceBooks } from "./measures.ts";
import { listNew, outlives, type Stage } from "./replay-loop.ts";
import { createDesk, openBook, type TradingDesk } from "./trading.ts";

/** Where and what to play. */
export interface Scene {
  readonly provider: JsonRpcProvider;
  readonly nodeUrl: string;
  readonly dataFolder: string;
  readonly episode: EpisodeId;
  readonly replay: Replay;
  /** Snapshots to live through, rising; not empty. */
  readonly times: readonly number[];
  readonly console: Console;
  /** Takes what must be ended with the demo, however it ends. */
  atEnd(end: () => Promise<void>): void;
}

export interface SetStage {
  readonly stage: Stage;
  readonly tokens: Tokens;
  /** Every address that may hold tokens beside the vault and the fund. */
  readonly holders: readonly string[];
}

/** Services log what they refuse and why; the demo shows refusals only when they are errors. */
function telemetryTo(console: Console): Telemetry {
  return {
    info: () => undefined,
    warn: () => undefined,
    error: (event, fields) => {
      console.say(
        `${event} ${JSON.stringify(fields, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value))}`,
      );
    },
  };
}

/** Deploys, starts the keepers, posts the first report and scenarios, lists, opens accounts and books. */
export async function setStage(scene: Scene): Promise<SetStage> {
  const { provider, nodeUrl, replay, times, console } = scene;
  const [start] = times;
  const end = times.at(-1);
  if (start === undefined || end === undefined) throw new RangeError("the episode has no snapshot");
  const deployment = await deployHouse(nodeUrl, provider);
  const { house, tokens, numbers, operator } = deployment;
  console.say(`Deployed with Ignition; roles handed to governance.`);
  const clock = await createChainClock(provider);
  const telemetry = telemetryTo(console);
  const sendFeeds = (seconds: number) => sendFeedsAt(deployment, replay, seconds);
  await clock.moveTo(start, () => sendFeeds(start));
  const keepers = await startKeepers({
    ...scene,
    ...deployment,
    oracle: house.oracle,
  });
  scene.atEnd(() => keepers.stop());
  // A process that starts later sees a block later: a new one sets all their clocks.
  await clock.advance(1);
  console.say(`Started ${keepers.names.length} keepers; each shows its status while the demo runs:`);
  for (const [index, name] of keepers.names.entries())
    console.say(`  ${name} (process ${keepers.pids[index] ?? 0})  ${keepers.statusUrl(index)}`);
  const { gasUsed: openingReportGas } = await keepers.awaitReport(start);
  await keepers.awaitScenarios();
  const marketData = replayBy(replay, clock);
  const listed = new Set<bigint>();
  const listedCount = await listNew({ house, marketData, numbers, listed });
  console.say(`First report and scenario set agreed by the keepers; ${listedCount} instruments listed.`);
  const listing = createListing(
    await Promise.all(MARKETS.map((market) => marketData.latest(market))),
    numbers,
  );
  const desk = await createDesk(house, operator);
  const cast = await openAccounts(house, tokens, provider, operator);
  const legs = await openBooks(desk, tokens, cast, listing, start);
  console.say(`${cast.traders.length} traders hold ${legs} positions, all from signed orders.`);
  const stage: Stage = {
    house,
    clock,
    keepers,
    marketData,
    numbers,
    listing,
    listed,
    desk,
    cast,
    ...botsOf(deployment, cast),
    reference: await referenceBooks(house, cast.traders, (word) => outlives(word, end)),
    telemetry,
    console,
    openingReportGas,
    sendFeeds,
  };
  const wallets = [...cast.traders, ...cast.makers, ...cast.liquidators].map(({ wallet }) => wallet.address);
  return { stage, tokens, holders: [...wallets, ...deployment.tokenHolders] };
}

/** The guarding feeds show the recorded spot of the moment: an independent source would say the same within its band. */
async function sendFeedsAt(
  deployment: Deployment,
  replay: Replay,
  seconds: number,
): Promise<readonly ContractTransactionResponse[]> {
  const [btc, eth] = await Promise.all([replay.at(seconds).latest("BTC"), replay.at(seconds).latest("ETH")]);
  return deployment.sendFeeds({ BTC: btc.spotUsd, ETH: eth.spotUsd });
}

async function openBooks(
  desk: TradingDesk,
  tokens: Tokens,
  cast: Cast,
  listing: ReturnType<typeof createListing>,
  nowSeconds: number,
): Promise<number> {
  let legs = 0;
  for (const account of cast.traders)
    legs += (await openBook(desk, tokens, cast, account, listing, nowSeconds)).length;
  return legs;
}

function botsOf({ addresses, bot }: Deployment, { liquidators }: Cast): Pick<Stage, "bots" | "bidders"> {
  return {
    bots: createClearingChain(addresses, bot),
    bidders: liquidators.map((account) => ({
      account,
      chain: createClearingChain(addresses, account.wallet),
    })),
  };
}
