import { MIN_TOTAL_VOL } from "../report/grid.ts";
import { totalVariance, type MarketState } from "../report/market-state.ts";
import { SECONDS_PER_YEAR } from "../units.ts";
import { unitValue } from "./option-value.ts";
import type { Book, BookPosition } from "./types.ts";

/** A position with everything about it that no scenario changes. */
export interface Leg extends BookPosition {
  readonly forward: number;
  readonly discount: number;
  /** Years left, at least 0. */
  readonly tau: number;
  /** ln(strike / forward); 0 for a future. */
  readonly logMoneyness: number;
  /** Annual, as a fraction; 0 once expired. */
  readonly impliedVol: number;
  /** Total standard deviation left. */
  readonly totalVol: number;
  /** Mark of one unit. */
  readonly mark: number;
  /** Change of the mark per 1 of forward. */
  readonly delta: number;
}

/** An account's positions and collateral in one market. */
export interface MarketBook {
  readonly state: MarketState;
  readonly legs: readonly Leg[];
  /** Underlying after haircut. */
  readonly collateralQuantity: number;
}

export interface Clock {
  /** Unix seconds of the report's observations. */
  readonly observedAt: number;
  /** Unix seconds. */
  readonly now: number;
}

/** Splits a book by market, in the order of the states; markets without a state are left out. */
export function splitBook(book: Book, states: readonly MarketState[], clock: Clock): readonly MarketBook[] {
  return states
    .map((state) => ({
      state,
      legs: book.positions
        .filter(({ market }) => market === state.market)
        .map((position) => toLeg(position, state, clock)),
      collateralQuantity: book.collateral
        .filter(({ market }) => market === state.market)
        .reduce((sum, { quantity }) => sum + quantity, 0),
    }))
    .filter(({ legs, collateralQuantity }) => legs.length > 0 || collateralQuantity > 0);
}

function toLeg(position: BookPosition, state: MarketState, { observedAt, now }: Clock): Leg {
  const { expiry, strike, kind } = position;
  const smile = state.smiles.find((candidate) => candidate.expiry === expiry);
  const forward = smile === undefined ? state.spot : state.spot * smile.forwardRatio;
  const discount = smile?.discount ?? 1;
  const tau = Math.max(0, expiry - now) / SECONDS_PER_YEAR;
  const isOption = kind === "call" || kind === "put";
  const logMoneyness = isOption && strike > 0 ? Math.log(strike / forward) : 0;
  const tauAtReport = Math.max(0, expiry - observedAt) / SECONDS_PER_YEAR;
  const variance =
    smile === undefined || tau === 0 || !isOption ? 0 : Math.max(0, totalVariance(smile.slice, logMoneyness));
  const impliedVol = tauAtReport > 0 ? Math.sqrt(variance / tauAtReport) : 0;
  const totalVol = Math.max(MIN_TOTAL_VOL, impliedVol * Math.sqrt(tau));
  const { value, delta } = unitValue(kind, forward, strike, discount, totalVol);
  return { ...position, forward, discount, tau, logMoneyness, impliedVol, totalVol, mark: value, delta };
}
