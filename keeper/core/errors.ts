/** Every reason for which a pure function of keeper/core refuses its input. */
export type CoreErrorCode =
  | "argument-out-of-domain"
  | "price-not-finite"
  | "price-not-above-intrinsic"
  | "price-not-below-upper-limit"
  | "series-too-short"
  | "series-misaligned"
  | "too-few-quotes"
  | "no-forward"
  | "weights-invalid"
  | "no-convergence";

/** Names of the offending values and of the bounds they broke, for logs and messages. */
export type CoreErrorDetails = Readonly<Record<string, number | string>>;

/** The only error class keeper/core throws; callers switch on `code`. */
export class CoreError extends Error {
  override readonly name = "CoreError";
  readonly code: CoreErrorCode;
  readonly details: CoreErrorDetails;

  constructor(code: CoreErrorCode, details: CoreErrorDetails) {
    const shown = Object.entries(details).map(([key, value]) => `${key}=${String(value)}`);
    super(`${code}: ${shown.join(", ")}`);
    this.code = code;
    this.details = details;
  }
}

/**
 * Throws `argument-out-of-domain` unless `value` is finite and within [min, max].
 * @param name name of the argument, as the caller knows it
 */
export function requireWithin(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max) || !Number.isFinite(value)) {
    throw new CoreError("argument-out-of-domain", { name, value, min, max });
  }
}
