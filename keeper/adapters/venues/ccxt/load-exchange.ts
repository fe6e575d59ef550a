import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import type { binance, bybit, coinbase, kraken, okx } from "ccxt";

/** The venues reached through ccxt. */
export interface Exchanges {
  readonly binance: binance;
  readonly bybit: bybit;
  readonly coinbase: coinbase;
  readonly kraken: kraken;
  readonly okx: okx;
}

export interface ExchangeSettings {
  readonly timeoutMs: number;
  /** Replaces the scheme and host of every address of the venue: for mirrors and tests. */
  readonly origin?: string;
}

/** Scheme and host of an address, which ccxt may hold as a template: https://api.{hostname}/v3. */
const ORIGIN = /^https?:\/\/[^/]+/;

/**
 * One exchange class of ccxt. The package's entry loads more than a hundred of them (some 120 MB resident); the files of single
 * exchanges, which lie beside it, load one on a shared base (some 37 MB, then 2 to 6 MB each).
 */
export async function loadExchange<Name extends keyof Exchanges>(
  name: Name,
  { timeoutMs, origin }: ExchangeSettings,
): Promise<Exchanges[Name]> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve("ccxt"));
  const file = new URL(`../js/src/${name}.js`, entry);
  const { default: Exchange } = (await import(file.href)) as {
    default: new (config: object) => Exchanges[Name];
  };
  const exchange = new Exchange({ timeout: timeoutMs, enableRateLimit: true });
  if (origin !== undefined) {
    const urls = exchange.urls as { api: unknown };
    urls.api = withOrigin(urls.api, origin);
  }
  return exchange;
}

function withOrigin(addresses: unknown, origin: string): unknown {
  if (typeof addresses === "string") return addresses.replace(ORIGIN, origin);
  if (typeof addresses !== "object" || addresses === null) return addresses;
  return Object.fromEntries(
    Object.entries(addresses).map(([key, value]) => [key, withOrigin(value, origin)]),
  );
}
