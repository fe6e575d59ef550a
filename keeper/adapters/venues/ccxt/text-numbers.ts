import { z } from "zod";

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** A number above or at zero that the venue writes as text. */
export const decimal = z.string().regex(DECIMAL).transform(Number).pipe(z.number().nonnegative());

export const positiveDecimal = decimal.pipe(z.number().positive());

/** Empty text stands for none. */
export const optionalDecimal = z.union([z.literal("").transform(() => null), decimal]);

/** Unix milliseconds as text. */
export const milliseconds = positiveDecimal.pipe(z.int());
