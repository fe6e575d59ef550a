// Speed of the keeper's pure core on this machine.
import { Bench } from "tinybench";
import { loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { loadEpisode } from "../../keeper/adapters/replay/episodes.ts";
import { black76Price } from "../../keeper/core/pricing/black76.ts";
import { findImpliedVol } from "../../keeper/core/pricing/implied-vol.ts";
import { fitSurface, type ChainQuotes } from "../../keeper/core/surface/fit-surface.ts";
import { dailyLogChanges } from "../../keeper/core/volatility/changes.ts";
import { ewmaFilter } from "../../keeper/core/volatility/ewma.ts";
import type { MarketSnapshot } from "../../keeper/ports/market-data.ts";
import { pricingCases } from "./pricing.ts";
import { volatilityCases } from "./volatility.ts";

/** One measured speed. */
export interface SpeedEntry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** The same work in another tool, in the same unit, and our time over its. */
  readonly peer?: string;
  readonly peerValue?: number;
  readonly ratio?: number;
}

const OPTIONS = 1_024;
const MILLISECONDS_PER_CASE = 300;
const NANOSECONDS_PER_MILLISECOND = 1e6;
const EPISODE = "2026-02";

/** Options over a wide range of strikes, tenors and vols, the same every time. */
const options = Array.from({ length: OPTIONS }, (_, i) => ({
  kind: i % 2 === 0 ? ("call" as const) : ("put" as const),
  forward: 90_000,
  strike: 45_000 + ((i * 7_919) % 90_000),
  tauYears: (1 + ((i * 31) % 365)) / 365,
  discount: 0.99,
  annualVol: 0.3 + ((i * 17) % 100) / 100,
}));

/** Nanoseconds that "Let's be rational" in C++ took for an implied vol on one core. */
const LETS_BE_RATIONAL_NANOSECONDS = 387;

interface Case {
  readonly name: string;
  readonly unit: "ns" | "ms";
  /** Operations in one run. */
  readonly operations: number;
  readonly run: () => void;
  /** Name of the case it is compared with. */
  readonly peer?: string;
  /** What another tool took for it, in the same unit, measured once elsewhere. */
  readonly published?: Readonly<{ peer: string; value: number }>;
}

function chainOf({ spotUsd, expiries }: MarketSnapshot): ChainQuotes {
  const quotes = expiries.flatMap(({ expirySeconds, quotes: rows }) =>
    rows.map(({ kind, strikeUsd, bidUsd, askUsd }) => ({
      expirySeconds,
      kind,
      strike: strikeUsd,
      bid: bidUsd,
      ask: askUsd,
    })),
  );
  return { spot: spotUsd, quotes };
}

function cases(dataFolder: string): readonly Case[] {
  const quoted = options.map((option) => ({ ...option, price: black76Price(option) }));
  const { snapshots } = loadEpisode(dataFolder, EPISODE);
  const now = snapshots[0]?.observedAtSeconds ?? 0;
  const chains = snapshots.filter(({ observedAtSeconds }) => observedAtSeconds === now).map(chainOf);
  const quotes = chains.reduce((sum, chain) => sum + chain.quotes.length, 0);
  const closes = loadDailyHistory(dataFolder).days.map((day) => day.markets.BTC.closeUsd);
  const changes = dailyLogChanges(closes);
  const filter = ewmaFilter();
  const [scalarLoop, ...columnCases] = pricingCases();
  return [
    { ...scalarLoop, unit: "ns" },
    ...columnCases.map((entry) => ({ ...entry, unit: "ns" as const, peer: scalarLoop.name })),
    {
      name: "option price",
      unit: "ns",
      operations: OPTIONS,
      run: () => {
        for (const option of options) black76Price(option);
      },
    },
    {
      name: "implied volatility",
      unit: "ns",
      published: { peer: "Let's be rational in C++, as published", value: LETS_BE_RATIONAL_NANOSECONDS },
      operations: OPTIONS,
      run: () => {
        for (const option of quoted) findImpliedVol(option);
      },
    },
    {
      name: `surfaces of a snapshot, ${chains.length} markets, ${quotes} quotes`,
      unit: "ms",
      operations: 1,
      run: () => {
        for (const chain of chains) fitSurface(chain, now);
      },
    },
    {
      name: `EWMA filter, ${changes.length} days`,
      unit: "ms",
      operations: 1,
      run: () => {
        filter.fit(changes);
      },
    },
    ...volatilityCases(changes),
  ];
}

/** Median time of one operation of each case. */
export async function measureSpeed(dataFolder: string): Promise<readonly SpeedEntry[]> {
  const bench = new Bench({ time: MILLISECONDS_PER_CASE });
  const all = cases(dataFolder);
  for (const { name, run } of all) bench.add(name, run);
  await bench.run();
  const timeOf = ({ name, unit, operations }: Case): number => {
    const result = bench.getTask(name)?.result;
    if (result === undefined || !("latency" in result)) throw new Error(`${name} could not be measured`);
    const milliseconds = result.latency.p50 / operations;
    return unit === "ns" ? milliseconds * NANOSECONDS_PER_MILLISECOND : milliseconds;
  };
  return all.map((measured) => {
    const { name, unit, published } = measured;
    const value = timeOf(measured);
    if (published !== undefined) {
      return {
        name,
        unit,
        value,
        peer: published.peer,
        peerValue: published.value,
        ratio: value / published.value,
      };
    }
    const peer = all.find((other) => other.name === measured.peer);
    if (peer === undefined) return { name, unit, value };
    const peerValue = timeOf(peer);
    return { name, unit, value, peer: peer.name, peerValue, ratio: value / peerValue };
  });
}
