export type ReplayFileErrorCode =
  /** The file cannot be opened. */
  | "unreadable"
  /** A line is not JSON. */
  | "not-json"
  /** A header or record of another shape, or a value outside its range. */
  | "wrong-shape"
  /** A header without records. */
  | "no-records"
  /** Times, expiries or strikes that do not rise. */
  | "out-of-order"
  /** A record that does not fit its header. */
  | "inconsistent"
  /** A bid above its ask. */
  | "crossed-quote";

/** A file of recorded market data is not what it should be. `line` counts from 1; 0 means the file as a whole. */
export class ReplayFileError extends Error {
  readonly code: ReplayFileErrorCode;
  readonly file: string;
  readonly line: number;

  constructor(code: ReplayFileErrorCode, file: string, line: number, detail: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${code}: ${detail}`, options);
    this.name = "ReplayFileError";
    this.code = code;
    this.file = file;
    this.line = line;
  }
}
