import { z } from "zod";
import { VenueError } from "../../ports/market-source.ts";

/** The value in the schema's shape. @throws VenueError `malformed` saying which field is wrong */
export function parseAnswer<T>(venue: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new VenueError("malformed", venue, z.prettifyError(parsed.error));
}
