import type { Command } from "commander";
import { cheapestHedge, type HedgeAnswer } from "../../core/margin/cheapest-hedge.ts";
import { decodeBook } from "../../core/margin/decode.ts";
import type { MarginContext } from "../../core/margin/margin.ts";
import type { Book, BookPosition, MarginBreakdown } from "../../core/margin/types.ts";
import { moveContext, tradeAtMark, whatIf, type MarketChange } from "../../core/margin/what-if.ts";
import { packInstrumentId, unpackInstrumentId } from "../../core/report/instrument-id.ts";
import { SECONDS_PER_DAY } from "../../core/units.ts";
import { examples, withSession, type CommandContext } from "../context.ts";
import { instrumentName, parseInstrument } from "../instrument-name.ts";
import { readMarginContext } from "../margin-context.ts";
import { table } from "../output.ts";
import { accountId, positiveNumber } from "../parse.ts";
import { parseMarketChanges, parseTrade } from "../what-if-options.ts";
import { requireAccount } from "./account.ts";

interface WhatIfOptions {
  readonly trade: readonly string[];
  readonly spot: readonly string[];
  readonly vol: readonly string[];
  readonly days?: number;
  readonly hedge?: boolean;
  readonly target: number;
  readonly lot: number;
  readonly maxSize: number;
  readonly spreadBps: number;
  readonly optionSpread: number;
}

const PRICE_E8 = 1e8;
const BPS = 10_000;
const PERCENT = 100;
const USD_FORMAT = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;
const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const HELP = `
Trades are made at today's mark, so that they move no equity by themselves; then the market moves, then time passes, and the keepers
report afresh with the smiles' vols unchanged. The figures are those of the contract's float64 twin.

--hedge looks for the cheapest one or two trades among the listed instruments after which equity is the target multiple of initial
margin. Costs are assumptions: half a spread in bps of spot for every unit, and a share of an option's mark. "At least" is what any
hedge of these instruments would cost, with any number of legs, where margin is convex in sizes.
`;

export function addWhatIfCommand(program: Command): void {
  program
    .command("what-if")
    .description("margin before and after trades, moves of spot and vol, and time; and the cheapest hedge")
    .argument("<account>", "the account's number", accountId)
    .option("--trade <instrument:size>", "buy, or sell with a minus; repeatable", collect, [])
    .option("--spot <market:percent>", "move of spot, such as BTC:-10; repeatable", collect, [])
    .option("--vol <market:percent>", "change of all implied vols, such as BTC:25; repeatable", collect, [])
    .option("--days <days>", "time that passes", positiveNumber)
    .option("--hedge", "also find the cheapest hedge that restores initial margin afterwards")
    .option("--target <multiple>", "equity wanted after the hedge, in initial margins", positiveNumber, 1)
    .option("--lot <size>", "smallest size to trade", positiveNumber, 0.1)
    .option("--max-size <size>", "largest size of a leg", positiveNumber, 1_000)
    .option("--spread-bps <bps>", "assumed cost of a unit, bps of spot", positiveNumber, 5)
    .option("--option-spread <percent>", "assumed cost of an option, percent of its mark", positiveNumber, 2)
    .addHelpText("after", HELP)
    .addHelpText(
      "after",
      examples(
        "what-if 3 --trade BTC-27MAR26-90000-C:-2",
        "what-if 3 --spot BTC:-10 --vol BTC:25 --days 2",
        "what-if 3 --spot BTC:-10 --hedge --json",
      ),
    )
    .action((id: bigint, options: WhatIfOptions, command: Command) =>
      withSession(command, (context) => answer(context, id, options)),
    );
}

async function answer(
  { output, session }: CommandContext,
  id: bigint,
  options: WhatIfOptions,
): Promise<void> {
  await requireAccount(session, id);
  const { markets } = session.deployment;
  const [chainBook, context] = await Promise.all([
    session.read(`reading account ${id.toString()}`, () => session.contracts.clearingHouse.book(id)),
    readMarginContext(session),
  ]);
  const book = decodeBook({
    cashE6: chainBook.cashE6,
    positions: [...chainBook.positions],
    collateral: chainBook.collateral.map(({ market, quantityE8 }) => ({
      market: Number(market),
      quantityE8,
    })),
  });
  const trades = options.trade.map((text) => toTrade(parseTrade(text), markets));
  const changes = parseMarketChanges(options.spot, options.vol, markets);
  const seconds = (options.days ?? 0) * SECONDS_PER_DAY;
  const result = whatIf(book, context, { trades, changes, seconds });
  const hedge =
    options.hedge === true
      ? findHedge(
          tradeAtMark(book, trades, context),
          moveContext(context, { changes, seconds }),
          await listedInstruments(session),
          options,
        )
      : null;
  const named = (trade: BookPosition) => ({ instrument: nameOf(trade, markets), size: trade.size });
  const value = {
    account: id,
    before: result.before,
    after: result.after,
    hedge: hedge === null ? null : hedgeValue(hedge, named),
  };
  output.result(value, () => [
    `Account ${id.toString()}: ${describe(trades.length, changes, options.days)}`,
    "",
    ...comparison(result.before, result.after),
    ...(value.hedge === null ? [] : ["", ...hedgeLines(value.hedge)]),
  ]);
}

type Names = Readonly<Record<string, string>>;

function toTrade(
  { name, size }: { readonly name: string; readonly size: number },
  names: Names,
): BookPosition {
  return { ...toPosition(parseInstrument(name, names)), size };
}

function toPosition(instrument: bigint): BookPosition {
  const { market, expiry, strikeE8, kind } = unpackInstrumentId(instrument);
  return { market, expiry, kind, strike: Number(strikeE8) / PRICE_E8, size: 0 };
}

function nameOf({ market, expiry, kind, strike }: BookPosition, names: Names): string {
  const strikeE8 = BigInt(Math.round(strike * PRICE_E8));
  return instrumentName(packInstrumentId({ market, expiry, kind, strikeE8 }), names);
}

/** Every instrument ever listed, from the registry's events. */
async function listedInstruments({ contracts }: CommandContext["session"]): Promise<readonly BookPosition[]> {
  const { registry } = contracts;
  const events = await registry.queryFilter(registry.filters.InstrumentListed());
  return events.map(({ args }) => toPosition(args.instrument));
}

function findHedge(
  book: Book,
  context: MarginContext,
  listed: readonly BookPosition[],
  { target, lot, maxSize, spreadBps, optionSpread }: WhatIfOptions,
): HedgeAnswer {
  const alive = listed.filter(({ expiry, kind }) => kind === "perpetual" || expiry > context.now);
  return cheapestHedge(book, context, alive, {
    shortfall: ({ equity, initial }) => target * initial - equity,
    costs: { notionalShare: spreadBps / BPS, premiumShare: optionSpread / PERCENT },
    lot,
    maxSize,
  });
}

interface HedgeValue {
  readonly trades: readonly { readonly instrument: string; readonly size: number }[];
  readonly found: boolean;
  readonly cost: number | null;
  /** Null when no instrument brings any relief. */
  readonly leastCost: number | null;
  readonly margin: MarginBreakdown | null;
}

function hedgeValue(
  { hedge, leastCost }: HedgeAnswer,
  named: (trade: BookPosition) => HedgeValue["trades"][number],
): HedgeValue {
  return {
    found: hedge !== undefined,
    trades: hedge?.trades.map(named) ?? [],
    cost: hedge?.cost ?? null,
    leastCost: Number.isFinite(leastCost) ? leastCost : null,
    margin: hedge?.margin ?? null,
  };
}

function describe(trades: number, changes: readonly MarketChange[], days: number | undefined): string {
  const parts = [
    ...(trades === 0 ? [] : [`${trades} trades`]),
    ...(changes.length === 0 ? [] : [`${changes.length} markets moved`]),
    ...(days === undefined ? [] : [`${days} days later`]),
  ];
  return parts.length === 0 ? "nothing changed (see --help for what may)" : parts.join(", ");
}

const usd = (value: number): string => value.toLocaleString("en-US", USD_FORMAT);

function comparison(before: MarginBreakdown, after: MarginBreakdown): readonly string[] {
  const rows: readonly (readonly [string, keyof MarginBreakdown])[] = [
    ["equity", "equity"],
    ["tail loss", "tailLoss"],
    ["stress loss", "stressLoss"],
    ["short-option minimum", "shortMinimum"],
    ["static loss", "staticLoss"],
    ["maintenance margin", "maintenance"],
    ["initial margin", "initial"],
  ];
  return table(
    ["USD", "before", "after", "change"],
    rows.map(([name, key]) => {
      const [from, to] = [Number(before[key]), Number(after[key])];
      return [name, usd(from), usd(to), usd(to - from)];
    }),
  );
}

function hedgeLines({ found, trades, cost, leastCost, margin }: HedgeValue): readonly string[] {
  if (!found || cost === null || margin === null) {
    return ["No one or two trades of the listed instruments are enough: deposit, or reduce."];
  }
  if (trades.length === 0) return ["No hedge is needed: equity covers the target."];
  return [
    `Cheapest hedge, about ${usd(cost)} USD (any hedge costs at least ${usd(leastCost ?? 0)}):`,
    ...trades.map(({ instrument, size }) => `  ${size > 0 ? "buy" : "sell"} ${Math.abs(size)} ${instrument}`),
    `Then equity ${usd(margin.equity)}, initial margin ${usd(margin.initial)}.`,
  ];
}
