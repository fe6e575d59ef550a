import { z } from "zod";
import { MAX_VENUE_NUMBER } from "../parse-answer.ts";

/** Small numbers come with an exponent from venues that print floats: 5e-05. */
const DECIMAL = /^-?\d+(\.\d+)?(?:[eE][+-]?\d{1,3})?$/;

/** A number above or at zero that the venue writes as text. */
export const decimal = z
  .string()
  .regex(DECIMAL)
  .transform(Number)
  .pipe(z.number().nonnegative().max(MAX_VENUE_NUMBER));

export const positiveDecimal = decimal.pipe(z.number().positive());

/** Empty text stands for none. */
export const optionalDecimal = z.union([z.literal("").transform(() => null), decimal]);

/** Unix milliseconds as text. */
export const milliseconds = positiveDecimal.pipe(z.int());
