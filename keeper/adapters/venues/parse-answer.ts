import { z } from "zod";
import { VenueError } from "../../ports/market-source.ts";
import type { Notices } from "./notices.ts";

/** So many bad rows are a defect of some instruments, more are another format: a share of all rows, and one in any case. */
const MAX_BAD_SHARE = 0.05;

/** Above any price in USD, size or time in milliseconds that a venue shows: what is made of two such numbers stays finite. */
export const MAX_VENUE_NUMBER = 1e15;

/** The value in the schema's shape. @throws VenueError `malformed` saying which field is wrong */
export function parseAnswer<T>(venue: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new VenueError("malformed", venue, z.prettifyError(parsed.error));
}

/**
 * The rows that are in the schema's shape; others are left out and said, so that one instrument does not silence a venue.
 * @param what the rows are, for the notice
 * @throws VenueError `malformed` when more than a twentieth of the rows, and more than one, are not in it
 */
export function parseRows<T>(
  { venue, say }: Notices,
  what: string,
  schema: z.ZodType<T>,
  rows: readonly unknown[],
): readonly T[] {
  const good: T[] = [];
  let firstError: z.ZodError | null = null;
  for (const row of rows) {
    const parsed = schema.safeParse(row);
    if (parsed.success) good.push(parsed.data);
    else firstError ??= parsed.error;
  }
  const bad = rows.length - good.length;
  const detail = firstError === null ? null : z.prettifyError(firstError);
  if (bad > Math.max(1, MAX_BAD_SHARE * rows.length) || (bad > 0 && good.length === 0))
    throw new VenueError("malformed", venue, `${bad} of ${rows.length} ${what}: ${detail ?? ""}`);
  say("venue-bad-rows", what, detail);
  return good;
}
