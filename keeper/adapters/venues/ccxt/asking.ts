import { VenueError } from "../../../ports/market-source.ts";

/** ccxt's own names of errors, which its documentation fixes; classes are not loaded for them. */
const CODES: ReadonlyMap<string, VenueError["code"]> = new Map([
  ["RateLimitExceeded", "rate-limited"],
  ["DDoSProtection", "rate-limited"],
  ["RequestTimeout", "timeout"],
  ["ExchangeNotAvailable", "disconnected"],
  ["OnMaintenance", "disconnected"],
  ["NetworkError", "disconnected"],
  ["BadResponse", "malformed"],
  ["NullResponse", "malformed"],
]);
/** What JavaScript throws where ccxt reads a field that is not there. */
const LANGUAGE_ERRORS = new Set(["TypeError", "RangeError", "SyntaxError"]);

/** The venue's answer. @throws VenueError in place of ccxt's errors */
export async function asking<T>(venue: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof VenueError) throw cause;
    const name = cause instanceof Error ? cause.name : "";
    const code = CODES.get(name) ?? (LANGUAGE_ERRORS.has(name) ? "malformed" : "refused");
    throw new VenueError(code, venue, cause instanceof Error ? cause.message : name, { cause });
  }
}
