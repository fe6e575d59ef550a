import { expect } from "chai";
import { minimiseBfgs } from "../../../../keeper/core/statistics/minimise-bfgs.ts";

/** Rosenbrock's valley, minimum 0 at (1, 1). */
function rosenbrock(point: Float64Array, gradient: Float64Array): number {
  const [x = NaN, y = NaN] = point;
  gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
  gradient[1] = 200 * (y - x * x);
  return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
}

describe("minimiseBfgs", () => {
  it("follows Rosenbrock's valley to its end", () => {
    const { point, value, steepness } = minimiseBfgs(rosenbrock, Float64Array.of(-1.2, 1), 1e-9, 200);
    expect(point[0]).to.be.closeTo(1, 1e-8);
    expect(point[1]).to.be.closeTo(1, 1e-8);
    expect(value).to.be.lessThan(1e-16);
    expect(steepness).to.be.at.most(1e-9);
  });

  it("stays within the domain of a function that is not finite outside", () => {
    const barrier = (point: Float64Array, gradient: Float64Array) => {
      const x = point[0] ?? NaN;
      gradient[0] = 1 - 1 / x;
      return x > 0 ? x - Math.log(x) : NaN;
    };
    expect(minimiseBfgs(barrier, Float64Array.of(20), 1e-10, 100).point[0]).to.be.closeTo(1, 1e-9);
  });

  it("reports how steep the place is where it had to stop", () => {
    const stopped = minimiseBfgs(rosenbrock, Float64Array.of(-1.2, 1), 1e-9, 3);
    expect(stopped.steepness).to.be.greaterThan(1);
    expect(stopped.value).to.be.lessThan(24.2);
  });
});
