/** What a filter makes of a series of daily changes. */
export interface VolatilityForecast {
  /** Forecast standard deviation of the next day's change, per square root of a day. */
  readonly dailyVol: number;
  /** dailyVolBefore[t] is the forecast for day t made from the days before t only. Same length as the series. */
  readonly dailyVolBefore: Float64Array;
}

/** Every volatility model of the house: it fits a series of daily log changes and forecasts the next day's size. */
export interface VolatilityFilter {
  readonly name: string;
  /**
   * @param series daily log changes in time order, mean taken as zero; NaN marks a day without one (it leaves the
   * forecast as it was)
   * @throws CoreError `series-too-short`
   */
  fit(series: ArrayLike<number>): VolatilityForecast;
}
