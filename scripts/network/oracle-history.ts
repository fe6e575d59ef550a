// What the oracle said in the course of a run, block by block, and what honest keepers could observe by it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Provider } from "ethers";
import { createOracleChain, type OracleAddresses } from "../../keeper/adapters/ethers/oracle-chain.ts";
import type { Replay } from "../../keeper/adapters/replay/replay.ts";
import { NO_SENDER } from "../../keeper/cli/keeper/no-sender.ts";
import { isAfter, nameOfRound, type RoundId } from "../../keeper/core/protocol/round-id.ts";
import type { RiskReport } from "../../keeper/core/report/typed-data.ts";
import type { LastReport, OracleChain, OracleHeader } from "../../keeper/ports/oracle-chain.ts";
import { createHourlyForecaster } from "../../keeper/services/hourly-forecast.ts";
import { type MarketListing, observe } from "../../keeper/services/observe.ts";
import { findOutsideHonest, type Completed, type Seen } from "../../test/support/chaos-checks.ts";

export interface OracleHistory {
  readonly chain: OracleChain;
  /** Every state seen, in the order of time; a reorganisation may show older ones again. */
  readonly states: readonly LastReport[];
  /** Notes the state of this moment: for whoever is about to change the chain, or has changed it and will again. */
  note(): Promise<void>;
  /** Ends the watching. */
  stop(): Promise<void>;
}

const POLL_MS = 100;
/** A keeper's observation may be by a state that is so many reports older than its own report: after the deepest reorganisation. */
const STATES_BEFORE = 6;
/** Seconds after the time of a report at which a keeper may still be making its observation. */
const OBSERVING_SECONDS = [0, 1, 2] as const;

/** Notes each state of the oracle as it comes. */
export async function watchOracle(
  addresses: OracleAddresses,
  provider: Provider,
  listings: readonly MarketListing[],
): Promise<OracleHistory> {
  const reader = createOracleChain(addresses, provider, NO_SENDER);
  const limits = await reader.reportLimits();
  const states: LastReport[] = [];
  const look = async (): Promise<void> => {
    if (isSame(states.at(-1)?.header, await reader.header())) return;
    states.push(await reader.lastReport(listings.map(({ market }) => market)));
  };
  await look();
  // A node that is away has shown nobody a state.
  const note = () => look().catch(() => undefined);
  const stopped = new AbortController();
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      await note();
      await sleep(POLL_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    chain: { ...reader, reportLimits: () => Promise.resolve(limits) },
    states,
    note,
    stop: () => {
      stopped.abort();
      return watching;
    },
  };
}

function isSame(a: OracleHeader | undefined, b: OracleHeader): boolean {
  return a?.epoch === b.epoch && a.round === b.round;
}

/** The markets as the honest keepers see them, and by which numbers the contracts know them. */
export interface HonestMarkets {
  readonly listings: readonly MarketListing[];
  readonly replays: readonly Replay[];
}

/**
 * One line for each value of the reports that no two honest keepers could have enclosed. What they could observe is recomputed by the keepers' own
 * code: for each market that one of them saw at the time, and each state of the oracle shortly before.
 */
export async function findOutsideRecomputed(
  history: Pick<OracleHistory, "chain" | "states">,
  honest: HonestMarkets,
  reports: readonly Completed[],
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const completed of reports) {
    const seen: Seen[] = [];
    let outside = findOutsideHonest([completed], seen);
    for await (const view of honestViews(history, honest, completed.report)) {
      seen.push(view);
      outside = findOutsideHonest([completed], seen);
      if (outside.length === 0) break;
    }
    lines.push(...outside);
  }
  return lines;
}

/** The newest states and markets come first: they are the likeliest. */
async function* honestViews(
  { chain, states }: Pick<OracleHistory, "chain" | "states">,
  { listings, replays }: HonestMarkets,
  { epoch, round, observedAt }: Pick<RiskReport, "epoch" | "round" | "observedAt">,
): AsyncGenerator<Seen> {
  const hourlyForecaster = createHourlyForecaster();
  const markets = await distinctMarkets(replays, listings, observedAt);
  for (const state of statesBefore(states, { epoch, round }))
    for (const marketData of markets) {
      const seenChain: OracleChain = { ...chain, lastReport: () => Promise.resolve(state) };
      // A keeper that refused its data as too old has said nothing.
      const maxDataAgeSeconds = Number.POSITIVE_INFINITY;
      const settings = { listings, marketData, maxDataAgeSeconds, chain: seenChain, hourlyForecaster };
      yield { epoch, round, observation: await observe(settings, observedAt) };
    }
}

/** The newest states before a round, each once however often reorganisations showed it; the newest first. */
function statesBefore(states: readonly LastReport[], round: RoundId): readonly LastReport[] {
  const before = states.filter(({ header }) => isAfter(round, header));
  const distinct = [...new Map(before.map((state) => [nameOfRound(state.header), state])).values()];
  return distinct.sort((a, b) => (isAfter(a.header, b.header) ? -1 : 1)).slice(0, STATES_BEFORE);
}

/** The markets of the time, each once however many keepers saw it. */
async function distinctMarkets(
  replays: readonly Replay[],
  listings: readonly MarketListing[],
  observedAt: number,
) {
  const found = new Map<string, ReturnType<Replay["at"]>>();
  for (const replay of replays)
    for (const later of OBSERVING_SECONDS) {
      const market = replay.at(observedAt + later);
      const prices = await Promise.all(
        listings.map(async ({ symbol }) => (await market.latest(symbol)).spotUsd),
      );
      found.set(prices.join(), market);
    }
  return [...found.values()];
}
