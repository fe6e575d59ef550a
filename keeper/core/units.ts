/** Seconds in a year of 365 days, the only year of the house. */
export const SECONDS_PER_YEAR = 31_536_000;

/** Days in a year of the house; crypto trades on every one of them. */
export const DAYS_PER_YEAR = 365;

/** Seconds in a day. */
export const SECONDS_PER_DAY = 86_400;

/** One vol point: 0.01 of annual volatility. */
export const VOL_POINT = 0.01;

/** Basis points in one. */
export const BPS = 10_000;
