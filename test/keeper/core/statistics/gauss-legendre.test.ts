import { expect } from "chai";
import { gaussLegendre } from "../../../../keeper/core/statistics/gauss-legendre.ts";

describe("gaussLegendre", () => {
  it("has the known nodes and weights of three points", () => {
    const { nodes, weights } = gaussLegendre(3);
    for (const [index, [node, weight]] of [
      [-Math.sqrt(0.6), 5 / 9],
      [0, 8 / 9],
      [Math.sqrt(0.6), 5 / 9],
    ].entries()) {
      expect(nodes[index]).to.be.closeTo(node ?? NaN, 1e-15);
      expect(weights[index]).to.be.closeTo(weight ?? NaN, 1e-15);
    }
  });

  it("integrates polynomials up to degree 2 n - 1 exactly, and no further", () => {
    const { nodes, weights } = gaussLegendre(20);
    const moment = (degree: number): number =>
      nodes.reduce((sum, node, index) => sum + (weights[index] ?? NaN) * node ** degree, 0);
    for (const degree of [0, 2, 20, 38]) expect(moment(degree)).to.be.closeTo(2 / (degree + 1), 1e-14);
    expect(Math.abs(moment(40) - 2 / 41)).to.be.above(1e-13);
  });
});
