/** Pauses between repetitions of something that may not help: each twice as long as the one before, up to a bound. */
export class Pauses {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#nextMs = firstMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  /** It was done now. */
  begin(nowMs: number): void {
    this.#dueMs = nowMs + this.#nextMs;
    this.#nextMs = Math.min(2 * this.#nextMs, this.#maxMs);
  }

  /** It helped: the next one comes as soon as the first. */
  reset(): void {
    this.#nextMs = this.#firstMs;
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }
}
