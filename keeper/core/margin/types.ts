import type { MarketState } from "../report/market-state.ts";
import type { InstrumentKind } from "../report/instrument-id.ts";

/** The margin models, in the order of the contract's MarginModel. */
export const MARGIN_MODELS = ["default", "static", "volatilityScaled", "tail", "stress"] as const;

export type MarginModel = (typeof MARGIN_MODELS)[number];

/** Tail measures, in the order of the contract's TailMeasure. */
export const TAIL_MEASURES = ["valueAtRisk", "expectedShortfall", "worseOfBoth"] as const;

export type TailMeasure = (typeof TAIL_MEASURES)[number];

/** Governance's parameters of one market; the contract's MarketMarginParams. */
export interface MarketMarginParams {
  readonly market: number;
  readonly model: MarginModel;
  readonly staticShareBps: number;
  readonly staticFloorBps: number;
  readonly volatilityMultipleBps: number;
  readonly shortMinimumBps: number;
  readonly basisBps: number;
  readonly freeDepthBps: number;
  readonly concentrationBps: number;
  readonly concentrationCapBps: number;
  readonly dispersionToleranceBps: number;
  readonly dispersionMultipleBps: number;
}

/** One named stress scenario; the contract's StressScenario. */
export interface StressScenario {
  readonly name: string;
  readonly weightBps: number;
  readonly volMultipleBps: number;
  readonly volFloorBps: number;
  readonly linearTwistBps: number;
  readonly absoluteTwistBps: number;
  /** Simple spot return per market, in the order of `MarginParams.markets`. */
  readonly returnBps: readonly number[];
}

/** Everything the margin takes from governance; the contract's MarginParams. */
export interface MarginParams {
  readonly varConfidenceBps: number;
  readonly esConfidenceBps: number;
  readonly tailMeasure: TailMeasure;
  readonly horizonSeconds: number;
  readonly offsetTrustBps: number;
  readonly initialFactorBps: number;
  readonly volTermExponentBps: number;
  readonly volTermFloorSeconds: number;
  readonly heartbeatSeconds: number;
  readonly riskIncreaseAgeSeconds: number;
  readonly fallbackAgeSeconds: number;
  readonly stalenessBpsPerHour: number;
  readonly stalenessCapBps: number;
  readonly pegThresholdBps: number;
  readonly pegMultipleBps: number;
  readonly markets: readonly MarketMarginParams[];
  readonly stress: readonly StressScenario[];
}

/** A position in real units. */
export interface BookPosition {
  readonly market: number;
  /** Unix seconds. */
  readonly expiry: number;
  /** USD; zero for a future. */
  readonly strike: number;
  readonly kind: InstrumentKind;
  /** Underlying: positive long, negative short. */
  readonly size: number;
}

/** Collateral whose value follows a market's spot, after its haircut. */
interface BookCollateral {
  readonly market: number;
  readonly quantity: number;
}

/** What margin needs to know about an account; the contract's Book in real units. */
export interface Book {
  /** USD, signed. */
  readonly cash: number;
  readonly positions: readonly BookPosition[];
  readonly collateral: readonly BookCollateral[];
}

/** What the last accepted report says. */
export interface ReportState {
  /** Unix seconds. */
  readonly observedAt: number;
  /** Settlement coin in USD. */
  readonly peg: number;
  readonly markets: readonly MarketState[];
}

/** Each component of an account's margin in USD; the contract's MarginBreakdown. */
export interface MarginBreakdown {
  readonly equity: number;
  readonly initial: number;
  readonly maintenance: number;
  readonly markToMarket: number;
  readonly collateral: number;
  readonly grossNotional: number;
  readonly staticLoss: number;
  readonly jointTailLoss: number;
  readonly tailLoss: number;
  readonly stressLoss: number;
  readonly shortMinimum: number;
  readonly basis: number;
  readonly concentration: number;
  readonly staleness: number;
  readonly confidence: number;
  readonly peg: number;
  /** Index in the joint set of the scenario with the largest loss; undefined when no market uses the tail model. */
  readonly worstScenario: number | undefined;
  /** Name of the worst stress scenario; undefined when none loses. */
  readonly worstStress: string | undefined;
  readonly fallbackToStatic: boolean;
}
