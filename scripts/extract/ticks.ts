const EXACT_TOLERANCE_TICKS = 1e-6;

/** Rounds to the nearest whole tick. */
export function toTicks(value: number, ticksPerUnit: number): number {
  return Math.round(value * ticksPerUnit);
}

/** As whole ticks; throws where the recorded value is finer than the tick. */
export function toTicksExact(value: number, ticksPerUnit: number): number {
  const ticks = toTicks(value, ticksPerUnit);
  if (Math.abs(value * ticksPerUnit - ticks) > EXACT_TOLERANCE_TICKS)
    throw new Error(`${value} is no whole number of 1/${ticksPerUnit}`);
  return ticks;
}
