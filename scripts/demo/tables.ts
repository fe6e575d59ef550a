import type { MarginModel } from "../../keeper/core/margin/types.ts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import type { Cast } from "./accounts.ts";
import type { Console } from "./console.ts";
import type { SliceEvent } from "./events.ts";
import type { BookMeasure } from "./measures.ts";
import { percent, timeText } from "./progress.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";
import { perNotional, type HouseState, type Summary } from "./summary.ts";

/** The models as people read them. */
export const MODEL_TITLES: Readonly<Record<MarginModel, string>> = {
  static: "static",
  volatilityScaled: "volatility-scaled",
  tail: "VaR / ES",
  stress: "stress",
  default: "default",
};

/** The models in the order in which they are shown. */
export const SHOWN_MODELS: readonly MarginModel[] = [
  "static",
  "volatilityScaled",
  "tail",
  "stress",
  "default",
];

type Row = readonly string[];

/** Lines of a table: the first column to the left, the others to the right. */
function tableLines(header: Row, rows: readonly Row[]): readonly string[] {
  const widths = header.map((_title, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: Row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ");
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}

function print(console: Console, title: string, header: Row, rows: readonly Row[]): void {
  console.say();
  console.say(title);
  for (const line of tableLines(header, rows)) console.say(`  ${line}`);
}

/** Prints everything that the replay found. */
export function printTables(
  console: Console,
  records: readonly SnapshotRecord[],
  summary: Summary,
  house: HouseState,
  cast: Cast,
): void {
  printMarkets(console, summary);
  printModels(console, summary);
  printStrategies(console, summary);
  printAccounts(console, records, summary);
  printAuctions(console, house, cast);
  printHouse(console, house);
}

function printMarkets(console: Console, { calmSnapshots, peak, last }: Summary): void {
  const [first] = calmSnapshots;
  if (first === undefined) return;
  print(
    console,
    `Markets: first snapshot, peak of margin (${timeText(peak.seconds)}), last snapshot`,
    ["market", "spot first", "peak", "last", "vol forecast first", "peak", "last"],
    MARKETS.map((market) => [
      market,
      ...[first, peak, last].map(({ markets }) => `$${markets[market].spotUsd.toFixed(0)}`),
      ...[first, peak, last].map(({ markets }) => percent(markets[market].forecastVol)),
    ]),
  );
}

function printModels(console: Console, { models }: Summary): void {
  print(
    console,
    "Initial margin per unit of gross notional, the books as opened (expiries that outlive the episode), all five models by the contract",
    [
      "model",
      "calm",
      "peak",
      "after",
      "peak / calm",
      "largest / smallest",
      "average",
      "24 h losses beyond margin",
    ],
    SHOWN_MODELS.map((model) => {
      const it = models[model];
      return [
        MODEL_TITLES[model],
        percent(it.calm),
        percent(it.peak),
        percent(it.after),
        it.peakOverCalm.toFixed(2),
        it.largestOverSmallest.toFixed(2),
        percent(it.averagePerNotional),
        percent(it.uncoveredShare),
      ];
    }),
  );
}

function printStrategies(console: Console, { calmSnapshots, peak, last }: Summary): void {
  const calm = calmSnapshots[0];
  if (calm === undefined) return;
  const strategies = [...new Set(calm.reference.map(({ strategy }) => strategy))];
  const share = (books: readonly BookMeasure[], strategy: string, model: MarginModel) =>
    (perNotional(books.filter((book) => book.strategy === strategy))[model] * 100).toFixed(1);
  print(
    console,
    "The same by strategy: before > at the peak > after, % of gross notional",
    ["strategy", "books", ...SHOWN_MODELS.map((model) => MODEL_TITLES[model])],
    strategies.map((strategy) => [
      strategy,
      calm.reference.filter((book) => book.strategy === strategy).length.toString(),
      ...SHOWN_MODELS.map((model) =>
        [calm, peak, last].map(({ reference }) => share(reference, strategy, model)).join(" > "),
      ),
    ]),
  );
}

function printAccounts(console: Console, records: readonly SnapshotRecord[], { peak, last }: Summary): void {
  const [first] = records;
  if (first === undefined) return;
  const thousands = (value: number) => (value / 1_000).toFixed(0);
  const healthText = (health: number) => (Number.isFinite(health) ? health.toFixed(2) : "flat");
  print(
    console,
    "Accounts as they traded: initial margin in $1,000 before > at the peak > after; equity, and the lowest health met at a report",
    ["account", ...SHOWN_MODELS.map((model) => MODEL_TITLES[model]), "equity", "lowest health"],
    first.accounts.map((account, index) => [
      account.name,
      ...SHOWN_MODELS.map((model) =>
        [first, peak, last].map(({ accounts }) => thousands(accounts[index]!.initialUsd[model])).join(" > "),
      ),
      `${thousands(account.equityUsd)} > ${thousands(last.accounts[index]!.equityUsd)}`,
      healthText(Math.min(...records.map(({ accounts }) => accounts[index]!.health))),
    ]),
  );
}

function printAuctions(console: Console, { liquidations }: HouseState, cast: Cast): void {
  const names = new Map(
    [...cast.traders, ...cast.makers, ...cast.liquidators].map(({ id, name }) => [id, name]),
  );
  const { calls, slices } = liquidations;
  const health = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : "flat");
  const sold = (own: readonly SliceEvent[]) => 1 - own.reduce((left, { share }) => left * (1 - share), 1);
  print(
    console,
    `Margin calls (${calls.length}) and their auctions (${slices.length} slices sold)`,
    ["account", "called at (UTC)", "health", "slices", "sold", "owner's cost", "discount", "health after"],
    calls.map((call, index) => {
      const next = calls.find((later, at) => at > index && later.account === call.account);
      const own = slices.filter(
        ({ account, block }) =>
          account === call.account && block >= call.block && (next === undefined || block < next.block),
      );
      const cost = own.reduce((sum, { costUsd }) => sum + costUsd, 0);
      const discounts = own.map(({ discount }) => percent(discount));
      return [
        names.get(call.account) ?? call.account.toString(),
        timeText(call.seconds),
        health(call.health),
        own.length.toString(),
        percent(sold(own)),
        `$${cost.toFixed(0)}`,
        discounts.length === 0
          ? ""
          : [discounts[0], discounts.length > 1 ? discounts.at(-1) : ""].filter(Boolean).join(" - "),
        own.length === 0 ? "" : health(own.at(-1)!.healthAfter),
      ];
    }),
  );
}

function printHouse(console: Console, house: HouseState): void {
  const { liquidations } = house;
  const dollars = (value: number) => `$${value.toFixed(2)}`;
  print(
    console,
    "The house at the end",
    ["what", "figure"],
    [
      ["calls that ended", liquidations.endedCalls.toString()],
      ["accounts that became insolvent", liquidations.insolvencies.toString()],
      ["penalties into the insurance fund", dollars(liquidations.penaltiesUsd)],
      ["paid by the insurance fund", dollars(liquidations.fundPaidUsd)],
      ["insurance fund", dollars(house.fundUsd)],
      ["bad debt left", dollars(house.badDebtUsd)],
      ["conservation error, all tokens, token units", house.conservationErrorUnits.toString()],
    ],
  );
}
