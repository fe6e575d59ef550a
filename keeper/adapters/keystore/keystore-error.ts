export type KeystoreErrorCode =
  | "key-exists"
  | "no-key-file"
  | "bad-key-file"
  | "wrong-password"
  | "bad-key"
  | "no-password"
  | "open-password";

/** A key or its password cannot be used; the message names the file, never its content. */
export class KeystoreError extends Error {
  override readonly name = "KeystoreError";
  readonly code: KeystoreErrorCode;
  /** What to do about it. */
  readonly advice: string;

  constructor(code: KeystoreErrorCode, message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.advice = advice;
  }
}
