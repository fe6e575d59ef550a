/** One column of a sparse matrix: values at rising rows. */
export interface SparseColumn {
  readonly rows: Int32Array;
  readonly values: Float64Array;
}

export interface SparseFit {
  /** Columns with a coefficient above zero, in the order in which they came in. */
  readonly columns: readonly number[];
  /** One coefficient per column of the matrix; zero where it was not chosen. */
  readonly coefficients: Float64Array;
}

export interface SparseFitSettings {
  /** Columns to choose at most. */
  readonly count: number;
  readonly minCoefficient: number;
  readonly maxCoefficient: number;
  /** Times that the least useful chosen column is given up for the most useful other. */
  readonly exchanges: number;
}

/** Sweeps of coordinate descent after each column that comes in, and at the end of each phase. */
const QUICK_SWEEPS = 2;
const FULL_SWEEPS = 60;

/**
 * Fits the target by at most `count` columns with bounded positive coefficients: orthogonal matching pursuit (Pati, Rezaiifar
 * and Krishnaprasad 1993) with coefficients refitted by coordinate descent, then exchanges of the column that explains least for
 * the one that now explains most. Deterministic; ends early when no further column can lower the residual.
 * @param columns the matrix; a column without values is never chosen
 * @param target right-hand side, one number per row
 */
export function sparseLeastSquares(
  columns: readonly SparseColumn[],
  target: Float64Array,
  settings: SparseFitSettings,
): SparseFit {
  const fit = new Pursuit(columns, target, settings);
  while (fit.chosen.length < settings.count && fit.takeBest()) fit.refit(QUICK_SWEEPS);
  fit.refit(FULL_SWEEPS);
  for (let exchange = 0; exchange < settings.exchanges && fit.chosen.length > 1; exchange++) {
    fit.giveUpLeast();
    fit.takeBest();
    fit.refit(QUICK_SWEEPS);
  }
  fit.refit(FULL_SWEEPS);
  return { columns: fit.chosen, coefficients: fit.coefficients };
}

/** The chosen columns with the residual they leave. */
class Pursuit {
  readonly chosen: number[] = [];
  readonly coefficients: Float64Array;
  readonly #columns: readonly SparseColumn[];
  readonly #squares: Float64Array;
  readonly #residual: Float64Array;
  readonly #settings: SparseFitSettings;

  constructor(columns: readonly SparseColumn[], target: Float64Array, settings: SparseFitSettings) {
    this.#columns = columns;
    this.#settings = settings;
    this.#residual = Float64Array.from(target);
    this.#squares = Float64Array.from(columns, ({ values }) =>
      values.reduce((sum, value) => sum + value * value, 0),
    );
    this.coefficients = new Float64Array(columns.length);
  }

  /** Takes in the column that lowers the residual most; false when there is none. */
  takeBest(): boolean {
    let best = -1;
    let most = 0;
    for (let column = 0; column < this.#columns.length; column++) {
      if (this.coefficients[column]! > 0 || this.#squares[column] === 0) continue;
      const slope = this.#slope(column);
      const gain = (slope * slope) / this.#squares[column]!;
      if (slope > 0 && gain > most) [best, most] = [column, gain];
    }
    if (best < 0) return false;
    this.chosen.push(best);
    this.#move(best, this.#optimum(best));
    return true;
  }

  giveUpLeast(): void {
    let position = 0;
    let least = Infinity;
    for (const [index, column] of this.chosen.entries()) {
      const share = this.coefficients[column]! ** 2 * this.#squares[column]!;
      if (share < least) [position, least] = [index, share];
    }
    const column = this.chosen[position]!;
    this.chosen.splice(position, 1);
    this.#move(column, 0);
  }

  refit(sweeps: number): void {
    for (let sweep = 0; sweep < sweeps; sweep++) {
      for (const column of this.chosen) this.#move(column, this.#optimum(column));
    }
  }

  #optimum(column: number): number {
    const { minCoefficient, maxCoefficient } = this.#settings;
    const free = this.coefficients[column]! + this.#slope(column) / this.#squares[column]!;
    return Math.min(maxCoefficient, Math.max(minCoefficient, free));
  }

  /** Inner product of the column and the residual. */
  #slope(column: number): number {
    const { rows, values } = this.#columns[column]!;
    let sum = 0;
    for (let entry = 0; entry < rows.length; entry++) sum += values[entry]! * this.#residual[rows[entry]!]!;
    return sum;
  }

  #move(column: number, coefficient: number): void {
    const change = coefficient - this.coefficients[column]!;
    if (change === 0) return;
    const { rows, values } = this.#columns[column]!;
    for (let entry = 0; entry < rows.length; entry++)
      this.#residual[rows[entry]!]! -= values[entry]! * change;
    this.coefficients[column] = coefficient;
  }
}
