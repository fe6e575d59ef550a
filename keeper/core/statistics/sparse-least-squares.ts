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

/**
 * The chosen columns with the slope that they leave to every column: its inner product with the residual. Slopes follow from the
 * columns' own inner products, so that a coefficient moves without a look at the rows (Rubinstein, Zibulevsky and Elad 2008). While
 * the chosen are refitted only their own slopes are kept, packed by slot; all others catch up when the next column is sought.
 */
class Pursuit {
  readonly chosen: number[] = [];
  readonly coefficients: Float64Array;
  readonly #settings: SparseFitSettings;
  readonly #matrix: InnerProducts;
  readonly #squares: Float64Array;
  /** Per column, with the coefficients as last settled. */
  readonly #slopes: Float64Array;
  readonly #settled: Float64Array;
  readonly #slots: Slots;

  constructor(columns: readonly SparseColumn[], target: Float64Array, settings: SparseFitSettings) {
    this.#settings = settings;
    this.#matrix = new InnerProducts(columns, target.length);
    this.#squares = Float64Array.from(columns, ({ values }) =>
      values.reduce((sum, value) => sum + value * value, 0),
    );
    this.#slopes = Float64Array.from(columns, (column) => dot(column, target));
    this.coefficients = new Float64Array(columns.length);
    this.#settled = new Float64Array(columns.length);
    this.#slots = new Slots(settings.count);
  }

  /** Takes in the column that lowers the residual most; false when there is none. */
  takeBest(): boolean {
    this.#settle();
    let best = -1;
    let most = 0;
    for (let column = 0; column < this.#slopes.length; column++) {
      const slope = this.#slopes[column]!;
      if (slope <= 0 || this.coefficients[column]! > 0 || this.#squares[column] === 0) continue;
      const gain = (slope * slope) / this.#squares[column]!;
      if (gain > most) [best, most] = [column, gain];
    }
    if (best < 0) return false;
    this.#slots.take(best, this.#slopes[best]!, this.#matrix.with(best));
    this.chosen.push(best);
    this.#move(best);
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
    this.#slots.move(column, -this.coefficients[column]!);
    this.#slots.free(column);
    this.coefficients[column] = 0;
  }

  refit(sweeps: number): void {
    for (let sweep = 0; sweep < sweeps; sweep++) for (const column of this.chosen) this.#move(column);
  }

  /** Moves a chosen column's coefficient to its optimum. */
  #move(column: number): void {
    const { minCoefficient, maxCoefficient } = this.#settings;
    const before = this.coefficients[column]!;
    const free = before + this.#slots.slope(column) / this.#squares[column]!;
    const after = Math.min(maxCoefficient, Math.max(minCoefficient, free));
    if (after === before) return;
    this.#slots.move(column, after - before);
    this.coefficients[column] = after;
  }

  #settle(): void {
    const slopes = this.#slopes;
    for (let column = 0; column < slopes.length; column++) {
      const change = this.coefficients[column]! - this.#settled[column]!;
      if (change === 0) continue;
      const products = this.#matrix.with(column);
      for (let other = 0; other < slopes.length; other++) slopes[other]! -= change * products[other]!;
      this.#settled[column] = this.coefficients[column]!;
    }
  }
}

/** Slopes of the chosen columns and their inner products with each other, by slots that are used again: 8 bytes per pair. */
class Slots {
  readonly #columns: number[] = [];
  readonly #slotOf = new Map<number, number>();
  readonly #freed: number[] = [];
  readonly #size: number;
  readonly #slopes: Float64Array;
  readonly #products: Float64Array;

  constructor(size: number) {
    this.#size = size;
    this.#slopes = new Float64Array(size);
    this.#products = new Float64Array(size * size);
  }

  /** @param products with every column of the matrix */
  take(column: number, slope: number, products: Float64Array): void {
    const slot = this.#freed.pop() ?? this.#columns.length;
    this.#columns[slot] = column;
    this.#slotOf.set(column, slot);
    this.#slopes[slot] = slope;
    for (const [other, otherColumn] of this.#columns.entries()) {
      this.#products[slot * this.#size + other] = products[otherColumn]!;
      this.#products[other * this.#size + slot] = products[otherColumn]!;
    }
  }

  free(column: number): void {
    const slot = this.#slotOf.get(column)!;
    this.#slotOf.delete(column);
    this.#freed.push(slot);
  }

  slope(column: number): number {
    return this.#slopes[this.#slotOf.get(column)!]!;
  }

  move(column: number, change: number): void {
    const start = this.#slotOf.get(column)! * this.#size;
    const slopes = this.#slopes;
    for (let slot = 0; slot < slopes.length; slot++) slopes[slot]! -= change * this.#products[start + slot]!;
  }
}

/** Inner products of the columns with each other, a column at a time and kept once asked for: 8 bytes per column and column asked for. */
class InnerProducts {
  readonly #columns: readonly SparseColumn[];
  /** The transposed matrix: per row, the columns that have a value there. */
  readonly #rows: readonly SparseColumn[];
  readonly #known = new Map<number, Float64Array>();

  constructor(columns: readonly SparseColumn[], rows: number) {
    this.#columns = columns;
    this.#rows = transpose(columns, rows);
  }

  with(column: number): Float64Array {
    const known = this.#known.get(column);
    if (known !== undefined) return known;
    const products = new Float64Array(this.#columns.length);
    const { rows, values } = this.#columns[column]!;
    for (let entry = 0; entry < rows.length; entry++) {
      const row = this.#rows[rows[entry]!]!;
      const value = values[entry]!;
      for (let at = 0; at < row.rows.length; at++) products[row.rows[at]!]! += value * row.values[at]!;
    }
    this.#known.set(column, products);
    return products;
  }
}

function transpose(columns: readonly SparseColumn[], rows: number): readonly SparseColumn[] {
  const sizes = new Int32Array(rows);
  for (const column of columns) for (const row of column.rows) sizes[row]!++;
  const transposed = Array.from(sizes, (size) => ({
    rows: new Int32Array(size),
    values: new Float64Array(size),
  }));
  sizes.fill(0);
  for (const [index, column] of columns.entries()) {
    for (let entry = 0; entry < column.rows.length; entry++) {
      const row = column.rows[entry]!;
      const at = sizes[row]!++;
      transposed[row]!.rows[at] = index;
      transposed[row]!.values[at] = column.values[entry]!;
    }
  }
  return transposed;
}

function dot({ rows, values }: SparseColumn, vector: Float64Array): number {
  let sum = 0;
  for (let entry = 0; entry < rows.length; entry++) sum += values[entry]! * vector[rows[entry]!]!;
  return sum;
}
