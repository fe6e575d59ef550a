import type { Provider } from "ethers";
import type { Clock } from "../../ports/clock.ts";
import type { Hex } from "../../ports/hex.ts";
import type { MarketSource, VenueName } from "../../ports/market-source.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { openBybit } from "./ccxt/bybit.ts";
import { openOkx } from "./ccxt/okx.ts";
import { openSpotVenue } from "./ccxt/spot.ts";
import { createChainlink, type FedAsset } from "./chainlink.ts";
import { DERIBIT_CONNECTION, DERIBIT_URL } from "./deribit/connection.ts";
import { openDeribit } from "./deribit/deribit.ts";

/**
 * Age beyond which an observation of a venue does not count unless a keeper is told otherwise, seconds. Chainlink's feeds speak at
 * a deviation of 0.5 % or once an hour, so theirs is an hour and two minutes for the transaction.
 */
export const DEFAULT_MAX_AGE_SECONDS: Readonly<Record<VenueName, number>> = {
  deribit: 15,
  okx: 30,
  bybit: 30,
  binance: 30,
  coinbase: 30,
  kraken: 30,
  chainlink: 3_720,
};

export interface VenuesSettings {
  /** In the order in which option quotes are preferred. */
  readonly venues: readonly VenueName[];
  readonly timeoutMs: number;
  /** Other addresses of venues: a WebSocket URL for Deribit, scheme and host for the others. */
  readonly origins?: Readonly<Partial<Record<VenueName, string>>>;
  /** Where Chainlink's feeds are read. */
  readonly chainlink?: {
    readonly provider: Provider;
    readonly feeds: Readonly<Partial<Record<FedAsset, Hex>>>;
  };
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface OpenVenues {
  readonly sources: readonly MarketSource[];
  close(): void;
}

/**
 * Opens the venues named, and loads the code of no other.
 * @throws RangeError when Chainlink is named without its feeds
 */
export async function openVenues(settings: VenuesSettings): Promise<OpenVenues> {
  const closers: (() => void)[] = [];
  const open = (name: VenueName): Promise<MarketSource> | MarketSource => {
    const origin = settings.origins?.[name];
    const exchange = { timeoutMs: settings.timeoutMs, ...(origin === undefined ? {} : { origin }) };
    switch (name) {
      case "deribit": {
        const deribit = openDeribit({
          ...DERIBIT_CONNECTION,
          url: origin ?? DERIBIT_URL,
          requestTimeoutMs: settings.timeoutMs,
          clock: settings.clock,
          telemetry: settings.telemetry,
        });
        closers.push(() => {
          deribit.close();
        });
        return deribit;
      }
      case "okx":
        return openOkx(exchange, settings.telemetry);
      case "bybit":
        return openBybit(exchange, settings.telemetry);
      case "chainlink": {
        if (settings.chainlink === undefined) throw new RangeError("chainlink is named without its feeds");
        return createChainlink(settings.chainlink.provider, settings.chainlink.feeds);
      }
      case "binance":
      case "coinbase":
      case "kraken":
        return openSpotVenue(name, exchange);
    }
  };
  const close = (): void => {
    for (const closer of closers) closer();
  };
  try {
    const sources: MarketSource[] = [];
    for (const name of settings.venues) sources.push(await open(name));
    return { sources, close };
  } catch (error) {
    close();
    throw error;
  }
}
