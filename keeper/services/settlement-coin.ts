import type { Clock } from "../ports/clock.ts";
import { SettlementCoinUnknown } from "../ports/market-data.ts";
import { VenueError, type CoinPrice, type MarketSource } from "../ports/market-source.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";

const MILLISECONDS = 1_000;
/** Between two questions to a source: a peg moves in hours, and a request for fewer questions is heeded by that alone. */
const POLL_SECONDS = 15;
/** What a source said last counts for so long after it fell silent: a peg is lost in hours, and without a price nothing is observed. */
const MAX_SILENCE_SECONDS = 3_600;
/** Feeds of coins with a peg speak at a deviation of 0.25 % or once a day: a day and an hour. */
const MAX_AGE_SECONDS = 90_000;
const PAR_USD = 1;

export interface SettlementCoinSettings {
  readonly rules: readonly { readonly source: MarketSource }[];
  /** A source that has not answered by then has failed. */
  readonly deadlineSeconds: number;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
}

/** Price of the coin that accounts settle in. */
export interface SettlementCoin {
  /** USD. @throws SettlementCoinUnknown */
  priceUsd(): Promise<number>;
}

/**
 * Asks every source that shows the coin again and again until the signal aborts. Of prices that are young enough the lowest counts: a coin below
 * its peg raises initial margin and nothing else, so that a source which errs costs room to trade and liquidates nobody. Where no source shows
 * the coin it is taken at par.
 */
export function createSettlementCoin(settings: SettlementCoinSettings, signal: AbortSignal): SettlementCoin {
  const { rules, clock } = settings;
  const shown = rules.flatMap(({ source }) => {
    const ask = source.settlementCoin;
    return ask === undefined ? [] : [{ name: source.name, ask }];
  });
  const answers = new Map<string, CoinPrice & { readonly answeredAtSeconds: number }>();
  const firsts = shown.map(({ name, ask }) => {
    const first = Promise.withResolvers<null>();
    const askOnce = async () => {
      const price = await answerOf(name, ask, settings, signal);
      if (price !== null) answers.set(name, { ...price, answeredAtSeconds: clock.nowSeconds() });
      first.resolve(null);
    };
    void repeat(askOnce, settings, signal);
    return first.promise;
  });
  return {
    priceUsd: async () => {
      if (shown.length === 0) return PAR_USD;
      await Promise.all(firsts);
      const now = clock.nowSeconds();
      const young = [...answers.values()].filter(
        ({ observedAtSeconds, answeredAtSeconds }) =>
          now - answeredAtSeconds <= MAX_SILENCE_SECONDS && now - observedAtSeconds <= MAX_AGE_SECONDS,
      );
      if (young.length === 0) throw new SettlementCoinUnknown(shown.map(({ name }) => name));
      return Math.min(...young.map(({ usd }) => usd));
    },
  };
}

async function repeat(
  ask: () => Promise<void>,
  { timer }: SettlementCoinSettings,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await ask();
    await timer.sleep(POLL_SECONDS * MILLISECONDS, signal).catch(() => undefined);
  }
}

/** Null when there is no answer in time or one that is none; the log says why. */
async function answerOf(
  name: string,
  ask: () => Promise<CoinPrice>,
  { deadlineSeconds, timer, telemetry }: SettlementCoinSettings,
  signal: AbortSignal,
): Promise<CoinPrice | null> {
  const done = new AbortController();
  const late = timer
    .sleep(deadlineSeconds * MILLISECONDS, AbortSignal.any([signal, done.signal]))
    .then(() => {
      throw new VenueError("timeout", name, `no answer within ${deadlineSeconds} s`);
    });
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    if (!signal.aborted) telemetry.warn("settlement-coin-not-shown", { venue: name, reason: String(error) });
    return null;
  } finally {
    done.abort();
  }
}
