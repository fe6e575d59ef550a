import { CoreError } from "../errors.ts";

/**
 * Daily log changes ln(level[t+1] / level[t]) of a price or of an implied-vol index; the result is one shorter.
 * Where either level is null (no observation) the change is NaN: gaps stay gaps.
 * The volatility-of-volatility forecast psi is a `VolatilityFilter` fitted to these changes of the 30-day index.
 * @param levels positive levels one day apart, in time order
 * @throws CoreError `argument-out-of-domain` for a level that is not positive and finite
 */
export function dailyLogChanges(levels: readonly (number | null)[]): Float64Array {
  for (const [day, level] of levels.entries()) {
    if (level !== null && !(level > 0 && level < Infinity)) {
      throw new CoreError("argument-out-of-domain", { name: "level", day, value: level });
    }
  }
  const changes = new Float64Array(Math.max(0, levels.length - 1));
  for (let day = 0; day < changes.length; day++) {
    const from = levels[day] ?? null;
    const to = levels[day + 1] ?? null;
    changes[day] = from === null || to === null ? NaN : Math.log(to / from);
  }
  return changes;
}
