import { readFileSync } from "node:fs";
import { z } from "zod";
import { unpackInstrumentId } from "../core/report/instrument-id.ts";
import type { Book, BookPosition } from "../core/margin/types.ts";
import { MARKETS } from "../ports/market-data.ts";
import { describeIssues } from "../schema-issues.ts";
import { CommandError } from "./failure.ts";
import { parseInstrument } from "./instrument-name.ts";

const PRICE_E8 = 1e8;
const ADVICE = "see the example in: ballast var --help";

/** Markets are numbered from 1 in the order of `MARKETS`, as on every network. */
const MARKET_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  MARKETS.map((name, index) => [(index + 1).toString(), name]),
);

const market = z.enum(MARKETS);
const bookSchema = z.strictObject({
  asOf: z.iso.datetime().optional(),
  markets: z
    .partialRecord(
      market,
      z.strictObject({ spot: z.number().positive().optional(), vol: z.number().positive().optional() }),
    )
    .default({}),
  positions: z.array(z.strictObject({ instrument: z.string(), size: z.number() })).min(1),
  collateral: z.array(z.strictObject({ market, quantity: z.number().positive() })).default([]),
});

/** A book, the time it is valued at and the prices that replace recorded ones. */
export interface BookFile {
  /** Unix seconds; undefined for the last recorded day. */
  readonly asOfSeconds: number | undefined;
  /** Spot in USD and annual implied vol as a fraction, by market. */
  readonly markets: z.infer<typeof bookSchema>["markets"];
  readonly book: Book;
  /** The positions' instruments as written. */
  readonly names: readonly string[];
}

/** @throws CommandError `bad-book-file` naming every field that is wrong, `bad-instrument` */
export function readBookFile(file: string): BookFile {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandError("bad-book-file", `${file} cannot be read as JSON`, ADVICE, { cause: error });
  }
  const result = bookSchema.safeParse(value);
  if (!result.success)
    throw new CommandError(
      "bad-book-file",
      `${file} is not a book:\n${describeIssues(result.error, value)}`,
      ADVICE,
    );
  const { asOf, markets, positions, collateral } = result.data;
  return {
    asOfSeconds: asOf === undefined ? undefined : Date.parse(asOf) / 1000,
    markets,
    names: positions.map(({ instrument }) => instrument),
    book: {
      cash: 0,
      positions: positions.map(({ instrument, size }) => toPosition(instrument, size)),
      collateral: collateral.map(({ market: name, quantity }) => ({
        market: MARKETS.indexOf(name) + 1,
        quantity,
      })),
    },
  };
}

function toPosition(name: string, size: number): BookPosition {
  const { market: id, expiry, strikeE8, kind } = unpackInstrumentId(parseInstrument(name, MARKET_NAMES));
  return { market: id, expiry, kind, strike: Number(strikeE8) / PRICE_E8, size };
}
