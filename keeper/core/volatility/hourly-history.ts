/** Values on consecutive hours; NaN where there is none. */
export interface HourlyLevels {
  /** Hours since 1 January 1970 (UTC) at which hour 0 begins; hour i begins i hours later. */
  readonly firstHour: number;
  /** Level at the end of each hour. */
  readonly close: Float64Array;
}

/** Bars of consecutive hours, USD, four arrays of one length; all four are NaN where the source has no bar. */
export interface HourlyBars extends HourlyLevels {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
}
