import { expect } from "chai";
import { seededRandom } from "../../../../keeper/core/statistics/seeded-random.ts";
import {
  sparseLeastSquares,
  type SparseColumn,
} from "../../../../keeper/core/statistics/sparse-least-squares.ts";

const SETTINGS = { count: 3, minCoefficient: 0.01, maxCoefficient: 100, exchanges: 10 };
const ROWS = 40;

function randomColumns(count: number): readonly SparseColumn[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, () => {
    const rows = Int32Array.from(Array.from({ length: ROWS }).keys()).filter(() => random.uniform() < 0.5);
    return { rows, values: Float64Array.from(rows, () => random.uniform()) };
  });
}

function combine(columns: readonly SparseColumn[], coefficients: ReadonlyMap<number, number>): Float64Array {
  const sum = new Float64Array(ROWS);
  for (const [column, coefficient] of coefficients) {
    const { rows, values } = columns[column] ?? { rows: [], values: [] };
    for (const [entry, row] of rows.entries())
      sum[row] = (sum[row] ?? 0) + coefficient * (values[entry] ?? 0);
  }
  return sum;
}

describe("sparseLeastSquares", () => {
  const columns = randomColumns(30);

  it("finds the columns and coefficients that a target was made of", () => {
    const made = new Map([
      [4, 2],
      [11, 0.5],
      [27, 7],
    ]);
    const { columns: chosen, coefficients } = sparseLeastSquares(columns, combine(columns, made), SETTINGS);
    expect([...chosen].sort((left, right) => left - right)).to.deep.equal([4, 11, 27]);
    for (const [column, coefficient] of made) expect(coefficients[column]).to.be.closeTo(coefficient, 1e-6);
  });

  it("keeps coefficients within their bounds", () => {
    const target = combine(columns, new Map([[4, 1_000]]));
    const { coefficients } = sparseLeastSquares(columns, target, SETTINGS);
    for (const coefficient of coefficients.filter((value) => value !== 0))
      expect(coefficient).to.be.within(SETTINGS.minCoefficient, SETTINGS.maxCoefficient);
  });

  it("ends early when no column can help", () => {
    const { columns: chosen } = sparseLeastSquares(columns, new Float64Array(ROWS).fill(-1), SETTINGS);
    expect(chosen).to.deep.equal([]);
  });
});
