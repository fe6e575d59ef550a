/** Where a service learns the time; a replay sets it, a live keeper reads the system's. */
export interface Clock {
  /** Unix seconds. */
  nowSeconds(): number;
}

/** A clock that shows fractions of a second too. */
export interface PreciseClock extends Clock {
  /** Unix milliseconds. */
  nowMs(): number;
}
