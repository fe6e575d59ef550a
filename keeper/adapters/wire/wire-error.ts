export type WireErrorCode =
  /** More bytes than any message may have. */
  | "too-large"
  /** Bytes that are no UTF-8. */
  | "not-utf8"
  /** Text that is no JSON object. */
  | "not-json"
  /** An envelope of another version of the protocol. */
  | "wrong-version"
  /** An envelope of another protocol. */
  | "wrong-domain"
  /** An envelope of another set of keepers or parameters. */
  | "wrong-digest"
  /** A field that is missing, unknown, of another type or outside its bounds. */
  | "wrong-shape"
  /** A message that says the same in other bytes than the one form. */
  | "not-canonical";

/** Longest piece of a refused value that an error shows. */
const MAX_SHOWN_CHARS = 80;

/** Bytes from a peer are no message of this network. Names the field, what it held (cut) and what it may hold. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  readonly field: string;
  readonly value: string;
  readonly bound: string;

  constructor(code: WireErrorCode, field: string, value: unknown, bound: string, options?: ErrorOptions) {
    const shown = showValue(value);
    super(`${code}: ${field} is ${shown}, allowed: ${bound}`, options);
    this.name = "WireError";
    this.code = code;
    this.field = field;
    this.value = shown;
    this.bound = bound;
  }
}

/** Never walks into an object: a peer chose how deep it is. */
function showValue(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string")
    return JSON.stringify(value.length > MAX_SHOWN_CHARS ? `${value.slice(0, MAX_SHOWN_CHARS)}...` : value);
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : `of type ${typeof value}`;
}
