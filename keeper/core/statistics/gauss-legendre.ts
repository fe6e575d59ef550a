/** Nodes in (-1, 1), rising, and weights of a quadrature rule; the weights sum to 2. */
interface QuadratureRule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

const NEWTON_STEPS = 8;

/**
 * Gauss-Legendre rule with `count` nodes, exact for polynomials up to degree 2 count - 1: roots of the Legendre polynomial by
 * Newton's method from Tricomi's guess, weights 2 / ((1 - x^2) P'(x)^2) (Abramowitz and Stegun 1964, eq. 25.4.29).
 * @param count at least 2
 */
export function gaussLegendre(count: number): QuadratureRule {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    let node = -Math.cos((Math.PI * (index + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let step = 0; step < NEWTON_STEPS; step++) {
      const [value, derivative] = legendre(count, node);
      slope = derivative;
      node -= value / derivative;
    }
    nodes[index] = node;
    weights[index] = 2 / ((1 - node * node) * slope * slope);
  }
  return { nodes, weights };
}

/** Legendre polynomial of a degree and its derivative, by the three-term recurrence. */
function legendre(degree: number, x: number): readonly [number, number] {
  let before = 1;
  let value = x;
  for (let n = 2; n <= degree; n++) {
    const next = ((2 * n - 1) * x * value - (n - 1) * before) / n;
    before = value;
    value = next;
  }
  return [value, (degree * (x * value - before)) / (x * x - 1)];
}
