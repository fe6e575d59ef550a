import { packInstrumentId, unpackInstrumentId } from "../core/report/instrument-id.ts";
import { CommandError } from "./failure.ts";

/** Names of the markets by number. */
export type MarketNames = Readonly<Record<string, string>>;

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] as const;
const MILLISECONDS = 1_000;
const STRIKE_DECIMALS = 8;
const CENTURY = 2_000;
/** Hour of the day, UTC, at which options expire where the name gives none. */
const USUAL_HOUR = 8;
const LAST_HOUR = 23;
/** A strike fills 64 bits of an instrument's id. */
const MAX_STRIKE_E8 = 2n ** 64n - 1n;
const NAME = /^([A-Z0-9]+)-(\d{1,2})([A-Z]{3})(\d{2})(?:T(\d{2}))?(?:-(\d+(?:\.\d{1,8})?)-([CP]))?$/;

/** "BTC-27MAR26-90000-C", or "BTC-27MAR26" for a future; an expiry at an hour other than 08:00 UTC shows it: "BTC-27MAR26T16". */
export function instrumentName(id: bigint, markets: MarketNames): string {
  const { market, expiry, strikeE8, kind } = unpackInstrumentId(id);
  const date = new Date(expiry * MILLISECONDS);
  const hour = date.getUTCHours();
  const day = `${date.getUTCDate()}${MONTHS[date.getUTCMonth()] ?? ""}${String(date.getUTCFullYear()).slice(2)}`;
  const name = markets[market.toString()] ?? `M${market}`;
  const expiryName = hour === USUAL_HOUR ? day : `${day}T${String(hour).padStart(2, "0")}`;
  if (kind === "future" || kind === "perpetual") return `${name}-${expiryName}`;
  return `${name}-${expiryName}-${decimal(strikeE8)}-${kind === "call" ? "C" : "P"}`;
}

/** @throws CommandError `bad-instrument` naming the part that is refused and what is allowed there */
export function parseInstrument(text: string, markets: MarketNames): bigint {
  const known = Object.values(markets).join(", ");
  const refusal = (why: string) =>
    new CommandError(
      "bad-instrument",
      `no instrument is named ${text}: ${why}`,
      `write MARKET-DDMMMYY-STRIKE-C or -P, or MARKET-DDMMMYY for a future, as in BTC-27MAR26-90000-C; markets: ${known}`,
    );
  const parts = NAME.exec(text.toUpperCase());
  if (parts === null) throw refusal("it is not of the form MARKET-DDMMMYY-STRIKE-C");
  const [, marketName = "", day = "", month = "", year = "", hour, strike, side] = parts;
  const market = Object.entries(markets).find(([, name]) => name.toUpperCase() === marketName)?.[0];
  if (market === undefined) throw refusal(`the market ${marketName} is none of ${known}`);
  const monthIndex = MONTHS.findIndex((name) => name === month);
  if (monthIndex < 0) throw refusal(`the month ${month} is none of ${MONTHS.join(", ")}`);
  const hours = hour === undefined ? USUAL_HOUR : Number(hour);
  if (hours > LAST_HOUR) throw refusal(`the hour ${hours} is not within 0 to ${LAST_HOUR}`);
  const lastDay = new Date(Date.UTC(CENTURY + Number(year), monthIndex + 1, 0)).getUTCDate();
  if (Number(day) < 1 || Number(day) > lastDay)
    throw refusal(`the day ${day} is not within 1 to ${lastDay} of ${month}${year}`);
  const strikeE8 = strike === undefined ? 0n : unitsOf(strike);
  if (strikeE8 > MAX_STRIKE_E8)
    throw refusal(`the strike ${strike ?? ""} is not within 0 to ${decimal(MAX_STRIKE_E8)}`);
  const expiry = Date.UTC(CENTURY + Number(year), monthIndex, Number(day), hours) / MILLISECONDS;
  const kind = side === undefined ? "future" : side === "C" ? "call" : "put";
  return packInstrumentId({ market: Number(market), expiry, strikeE8, kind });
}

function unitsOf(text: string): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(STRIKE_DECIMALS, "0"));
}

function decimal(valueE8: bigint): string {
  const scale = 10n ** BigInt(STRIKE_DECIMALS);
  const fraction = (valueE8 % scale).toString().padStart(STRIKE_DECIMALS, "0").replace(/0+$/, "");
  const whole = (valueE8 / scale).toString();
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
