import type { MarketBook } from "../margin/market-book.ts";
import { logReturn, revalue } from "../margin/surface.ts";
import type { MarginParams } from "../margin/types.ts";
import { copulaScenarios, fitCopula } from "../scenarios/copula.ts";
import type { JointScenarios } from "../scenarios/filtered-historical.ts";
import { comonotoneTwin, independentTwin } from "../scenarios/stressed-twin.ts";
import { seededRandom } from "../statistics/seeded-random.ts";
import { BPS } from "../units.ts";
import { bookSensitivities } from "./book-sensitivities.ts";
import { componentTail } from "./component-tail.ts";
import { deltaGammaTail, saddlepointVarTail } from "./delta-gamma.ts";
import type { ParametricTail } from "./parametric.ts";
import { canonicalPnl, type CanonicalPnl } from "./quadratic-form.ts";
import { bootstrapErrors, replicationErrors, resampledErrors, type TailErrors } from "./standard-errors.ts";
import { equalWeights, tailRisk } from "./tail.ts";

/** The methods of the table, in its order. */
export const RISK_METHODS = [
  "historical",
  "filteredHistorical",
  "deltaGammaExact",
  "deltaGammaSaddlepoint",
  "monteCarlo",
  "correlationOne",
  "correlationZero",
] as const;

type RiskMethodName = (typeof RISK_METHODS)[number];

/** A method's value at risk and expected shortfall with their standard errors, USD; losses are positive. */
export interface MethodRisk extends ParametricTail {
  readonly method: RiskMethodName;
  readonly standardErrors: TailErrors;
}

/** A book's risk by every method, and what each part adds to the filtered historical one. */
export interface RiskTable {
  readonly methods: readonly MethodRisk[];
  /** In the order of the markets and of the positions in each, collateral last. */
  readonly components: readonly (ParametricTail & {
    readonly market: number;
    readonly position: number | null;
  })[];
  /** Degrees of freedom of the Monte Carlo copula. */
  readonly copulaDegrees: number;
}

export interface RiskTableInputs {
  readonly books: readonly MarketBook[];
  readonly params: Pick<
    MarginParams,
    "horizonSeconds" | "volTermExponentBps" | "volTermFloorSeconds" | "varConfidenceBps" | "esConfidenceBps"
  >;
  /** Past moves over the forecasts made before them. */
  readonly residuals: JointScenarios;
  /** Past moves as they were over today's forecasts, so that revaluing them revalues the moves. */
  readonly pastMoves: JointScenarios;
  readonly seed: number;
  /** Draws of each Monte Carlo run. */
  readonly draws: number;
}

/** Samples drawn with replacement for the error of a historical method. */
const BOOTSTRAPS = 200;
/** The same for the error that the residuals' covariance leaves in a delta-gamma method. */
const COVARIANCE_BOOTSTRAPS = 24;
/** Independent scramblings of a Monte Carlo run; their mean is the estimate. */
const SCRAMBLINGS = 8;

/**
 * Value at risk and expected shortfall of a book over the horizon by every method of the house, each with its standard error: by the bootstrap for
 * historical methods and twins, by a bootstrap of the residuals' covariance for delta-gamma methods, by independent scramblings for Monte Carlo.
 * @throws CoreError as the methods do
 */
export function riskTable(inputs: RiskTableInputs): RiskTable {
  const { books, residuals, pastMoves, seed } = inputs;
  const simulated = (method: RiskMethodName, scenarios: JointScenarios) =>
    bootstrapped(method, pnlOf(inputs, books, scenarios), inputs);
  const copula = fitCopula(residuals);
  return {
    methods: [
      simulated("historical", pastMoves),
      simulated("filteredHistorical", residuals),
      deltaGamma("deltaGammaExact", deltaGammaTail, inputs),
      deltaGamma("deltaGammaSaddlepoint", saddlepointVarTail, inputs),
      monteCarlo(copula, inputs),
      simulated("correlationOne", comonotoneTwin(residuals)),
      simulated("correlationZero", independentTwin(residuals, seed)),
    ],
    components: components(inputs),
    copulaDegrees: copula.degrees,
  };
}

type Confidences = Pick<MarginParams, "varConfidenceBps" | "esConfidenceBps">;

/** Value at risk at one confidence, expected shortfall at the other. */
function tailOf(pnl: Float64Array, { varConfidenceBps, esConfidenceBps }: Confidences): ParametricTail {
  const weights = equalWeights(pnl.length);
  return {
    valueAtRisk: tailRisk(pnl, weights, varConfidenceBps).valueAtRisk,
    expectedShortfall: tailRisk(pnl, weights, esConfidenceBps).expectedShortfall,
  };
}

/** P&L of books in every scenario by full revaluation, USD; markets that the scenarios lack do not move. */
function pnlOf(
  { params }: RiskTableInputs,
  books: readonly MarketBook[],
  scenarios: JointScenarios,
): Float64Array {
  const pnl = new Float64Array(scenarios.days.length);
  for (const book of books) {
    const moves = scenarios.markets.find(({ market }) => market === book.state.market);
    if (moves === undefined) continue;
    for (let scenario = 0; scenario < pnl.length; scenario++) {
      const r = logReturn(moves.z[scenario]!, book.state.sigma, params);
      pnl[scenario]! += revalue(book, r, moves.y[scenario]!, params).pnl;
    }
  }
  return pnl;
}

function bootstrapped(
  method: RiskMethodName,
  pnl: Float64Array,
  { params, seed }: RiskTableInputs,
): MethodRisk {
  const weights = equalWeights(pnl.length);
  const errors = (confidenceBps: number) =>
    bootstrapErrors(pnl, weights, confidenceBps, { replicates: BOOTSTRAPS, seed });
  return {
    method,
    ...tailOf(pnl, params),
    standardErrors: {
      valueAtRisk: errors(params.varConfidenceBps).valueAtRisk,
      expectedShortfall: errors(params.esConfidenceBps).expectedShortfall,
    },
  };
}

function deltaGamma(
  method: RiskMethodName,
  tail: (pnl: CanonicalPnl, confidence: number) => ParametricTail,
  { books, params, residuals, seed }: RiskTableInputs,
): MethodRisk {
  const both = (scenarios: JointScenarios): ParametricTail => {
    const pnl = canonicalPnl(bookSensitivities(books, params, scenarios));
    return {
      valueAtRisk: tail(pnl, params.varConfidenceBps / BPS).valueAtRisk,
      expectedShortfall: tail(pnl, params.esConfidenceBps / BPS).expectedShortfall,
    };
  };
  const random = seededRandom(seed);
  const samples = Array.from({ length: COVARIANCE_BOOTSTRAPS }, () =>
    both(resampled(residuals, (bound) => random.index(bound))),
  );
  return { method, ...both(residuals), standardErrors: resampledErrors(samples) };
}

/** As many days as there are, drawn with replacement, all markets on the same days. */
function resampled({ days, markets }: JointScenarios, index: (bound: number) => number): JointScenarios {
  const drawn = days.map(() => index(days.length));
  return {
    days,
    markets: markets.map(({ market, z, y, imputed }) => ({
      market,
      z: Float64Array.from(drawn, (day) => z[day]!),
      y: Float64Array.from(drawn, (day) => y[day]!),
      imputed: Uint8Array.from(drawn, (day) => imputed[day]!),
    })),
  };
}

function monteCarlo(model: ReturnType<typeof fitCopula>, inputs: RiskTableInputs): MethodRisk {
  const { books, params, draws, seed } = inputs;
  const runs = Array.from({ length: SCRAMBLINGS }, (_, run) =>
    tailOf(pnlOf(inputs, books, copulaScenarios(model, { count: draws, seed: seed + run })), params),
  );
  const mean = (of: (tail: ParametricTail) => number) =>
    runs.reduce((sum, tail) => sum + of(tail), 0) / runs.length;
  return {
    method: "monteCarlo",
    valueAtRisk: mean((tail) => tail.valueAtRisk),
    expectedShortfall: mean((tail) => tail.expectedShortfall),
    standardErrors: replicationErrors(runs),
  };
}

/** Euler contributions of each position, and of each market's collateral, to the filtered historical figures. */
function components(inputs: RiskTableInputs): RiskTable["components"] {
  const { books, params, residuals } = inputs;
  const parts = books.flatMap((book) => [
    ...book.legs.map((leg, position) => ({
      market: book.state.market,
      position,
      book: { ...book, legs: [leg], collateralQuantity: 0 },
    })),
    ...(book.collateralQuantity > 0
      ? [{ market: book.state.market, position: null, book: { ...book, legs: [] } }]
      : []),
  ]);
  const pnl = parts.map(({ book }) => pnlOf(inputs, [book], residuals));
  const weights = equalWeights(residuals.days.length);
  const { valueAtRisk } = componentTail(pnl, weights, params.varConfidenceBps);
  const { expectedShortfall } = componentTail(pnl, weights, params.esConfidenceBps);
  return parts.map(({ market, position }, index) => ({
    market,
    position,
    valueAtRisk: valueAtRisk[index]!,
    expectedShortfall: expectedShortfall[index]!,
  }));
}
