// Which series of a metrics text the selectors of a PromQL text ask for.
interface Selector {
  /** As written, to name it in a failure. */
  readonly text: string;
  readonly matchers: number;
  readonly series: readonly string[];
}

/** Prometheus adds these two itself. */
const ADDED_LABELS = new Set(["job", "instance"]);

/** Every selector of a keeper's metric, and the lines of `metrics` that it selects. */
export function selectorsIn(promQl: string, metrics: string): readonly Selector[] {
  const lines = metrics.split("\n").filter((line) => line.startsWith("ballast_keeper_"));
  return [...promQl.matchAll(/(ballast_keeper_\w+)(?:\{([^}]*)\})?/g)].map(
    ([text, name = "", labels = ""]) => {
      const matchers = [...labels.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)]
        .map(([, label = "", operator = "", value = ""]) => ({ label, operator, value }))
        .filter(({ label }) => !ADDED_LABELS.has(label));
      const series = lines.filter(
        (line) =>
          new RegExp(`^${name}[ {]`).test(line) &&
          matchers.every(({ label, operator, value }) => {
            const found = new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1];
            if (found === undefined) return false;
            const isEqual = operator.endsWith("~")
              ? new RegExp(`^(?:${value})$`).test(found)
              : found === value;
            return isEqual !== operator.startsWith("!");
          }),
      );
      return { text, matchers: matchers.length, series };
    },
  );
}
