import { expect } from "chai";
import {
  minimiseLeastSquares,
  solveSymmetric,
} from "../../../../keeper/core/statistics/levenberg-marquardt.ts";

describe("solveSymmetric", () => {
  it("solves a positive definite system, reading the lower triangle only", () => {
    // Matrix [[4, 2, 0], [2, 5, 3], [0, 3, 6]], solution (1, -2, 3).
    const solution = solveSymmetric(
      Float64Array.from([4, 99, 99, 2, 5, 99, 0, 3, 6]),
      Float64Array.from([0, 1, 12]),
    );
    for (const [index, expected] of [1, -2, 3].entries())
      expect(solution?.[index]).to.be.closeTo(expected, 1e-14);
  });

  it("gives nothing for a matrix that is not positive definite", () => {
    expect(solveSymmetric(Float64Array.from([1, 0, 2, 4]), Float64Array.from([1, 1]))).to.equal(undefined);
  });
});

describe("minimiseLeastSquares", () => {
  it("finds the minimum of Rosenbrock's valley", () => {
    const { parameters, cost } = minimiseLeastSquares(
      ([x = 0, y = 0], visit) => {
        visit(10 * (y - x * x), Float64Array.from([-20 * x, 10]));
        visit(1 - x, Float64Array.from([-1, 0]));
      },
      Float64Array.from([-1.2, 1]),
      200,
    );
    expect(parameters[0]).to.be.closeTo(1, 1e-8);
    expect(parameters[1]).to.be.closeTo(1, 1e-8);
    expect(cost).to.be.below(1e-16);
  });

  it("stays at the start when nothing is better", () => {
    const start = Float64Array.from([2]);
    const problem = (
      [x = 0]: Float64Array,
      visit: (residual: number, gradient: Float64Array) => void,
    ): void => {
      visit(x - 2, Float64Array.from([1]));
    };
    expect(minimiseLeastSquares(problem, start, 50)).to.deep.equal({ parameters: start, cost: 0 });
  });
});
