import { seededRandom } from "../statistics/seeded-random.ts";
import type { JointScenarios, MarketResiduals } from "./filtered-historical.ts";

/**
 * The twin in which all markets move as one: every market's days are sorted by their return, so that the worst meet the worst. Each
 * market keeps its own days, spot with vol, hence its own tail alone; only what ties it to the others changes.
 */
export function comonotoneTwin(source: JointScenarios): JointScenarios {
  return reordered(source, ({ z }) =>
    Array.from(z.keys()).sort((left, right) => z[left]! - z[right]! || left - right),
  );
}

/** The twin in which markets know nothing of each other: every market's days are shuffled for themselves, spot with vol. */
export function independentTwin(source: JointScenarios, seed: number): JointScenarios {
  const random = seededRandom(seed);
  return reordered(source, ({ z }) => {
    const order = Array.from(z.keys());
    for (let place = order.length - 1; place > 0; place--) {
      const other = random.index(place + 1);
      [order[place], order[other]] = [order[other]!, order[place]!];
    }
    return order;
  });
}

function reordered(
  { markets }: JointScenarios,
  orderOf: (market: MarketResiduals) => readonly number[],
): JointScenarios {
  return {
    days: Array.from({ length: markets[0]?.z.length ?? 0 }, (_, scenario) => scenario),
    markets: markets.map((residuals) => {
      const order = orderOf(residuals);
      return {
        market: residuals.market,
        z: Float64Array.from(order, (day) => residuals.z[day]!),
        y: Float64Array.from(order, (day) => residuals.y[day]!),
        imputed: Uint8Array.from(order, (day) => residuals.imputed[day]!),
      };
    }),
  };
}
