import type { GridScenarioSet } from "../report/scenario-set.ts";
import { BPS } from "../units.ts";
import {
  basisCharge,
  concentrationCharge,
  confidenceCharge,
  grossNotional,
  pegCharge,
  shortMinimum,
  stalenessCharge,
  staticLoss,
  staticShares,
  volatilityScaledShares,
} from "./charges.ts";
import { interpolatedPnls, jointTail, type ScenarioPnl } from "./joint.ts";
import { splitBook, type MarketBook } from "./market-book.ts";
import { stressLoss } from "./stress.ts";
import type {
  Book,
  MarginBreakdown,
  MarginModel,
  MarginParams,
  MarketMarginParams,
  ReportState,
} from "./types.ts";

/** Everything but the book that a margin depends on. */
export interface MarginContext {
  readonly report: ReportState;
  readonly params: MarginParams;
  /** Undefined while no set is stored: every tail market is then margined by stress. */
  readonly scenarios: GridScenarioSet | undefined;
  /** Unix seconds. */
  readonly now: number;
}

interface ParameterisedMarket {
  readonly book: MarketBook;
  readonly params: MarketMarginParams;
  readonly model: MarginModel;
}

/** Margin of a book under each market's configured model, with every component: the float64 twin of the contract. */
export function assess(book: Book, context: MarginContext): MarginBreakdown {
  return assessWith(book, context, undefined, undefined);
}

/** As `assess`, as if every market used one model. */
export function assessAs(book: Book, context: MarginContext, model: MarginModel): MarginBreakdown {
  return assessWith(book, context, model, undefined);
}

/** As `assess`, with the P&L of the joint scenarios found in another way, such as full revaluation. */
export function assessBy(book: Book, context: MarginContext, scenarioPnl: ScenarioPnl): MarginBreakdown {
  return assessWith(book, context, undefined, scenarioPnl);
}

function assessWith(
  book: Book,
  context: MarginContext,
  forcedModel: MarginModel | undefined,
  scenarioPnl: ScenarioPnl | undefined,
): MarginBreakdown {
  const { report, params, now } = context;
  const ageSeconds = Math.max(0, now - report.observedAt);
  const fallbackToStatic = ageSeconds > params.fallbackAgeSeconds;
  const markets = parameterise(book, context, fallbackToStatic ? "static" : forcedModel);
  const losses = groupLosses(markets, context, scenarioPnl);
  const basis = sumOver(markets, (market) => basisCharge(market.book, market.params));
  const concentration = sumOver(markets, (market) => concentrationCharge(market.book, market.params));
  const grossUsd = sumOver(markets, (market) => grossNotional(market.book));
  const loss = losses.total + basis + concentration;
  const staleness = stalenessCharge(loss, ageSeconds, params);
  const confidence = sumOver(markets, (market) => confidenceCharge(market.book, market.params));
  const peg = pegCharge(grossUsd, report.peg, params);
  const markToMarket = sumOver(markets, ({ book: { legs } }) =>
    legs.reduce((sum, { size, mark }) => sum + size * mark, 0),
  );
  const collateral = sumOver(markets, (market) => market.book.collateralQuantity * market.book.state.spot);
  const free = book.positions.length === 0 && book.cash >= 0;
  return {
    equity: book.cash + collateral + markToMarket,
    initial: free ? 0 : (params.initialFactorBps / BPS) * loss + staleness + confidence + peg,
    maintenance: free ? 0 : loss + staleness,
    markToMarket,
    collateral,
    grossNotional: grossUsd,
    ...losses.parts,
    basis,
    concentration,
    staleness,
    confidence,
    peg,
    fallbackToStatic,
  };
}

function sumOver(
  markets: readonly ParameterisedMarket[],
  term: (market: ParameterisedMarket) => number,
): number {
  return markets.reduce((sum, market) => sum + term(market), 0);
}

function parameterise(
  book: Book,
  { report, params, now, scenarios }: MarginContext,
  forcedModel: MarginModel | undefined,
): readonly ParameterisedMarket[] {
  const books = splitBook(book, report.markets, { observedAt: report.observedAt, now });
  return books.flatMap((marketBook) => {
    const { market } = marketBook.state;
    const marketParams = params.markets.find((candidate) => candidate.market === market);
    if (marketParams === undefined) return [];
    const model = forcedModel ?? marketParams.model;
    const usesTail = model === "default" || model === "tail";
    const outsideSet = usesTail && scenarios?.markets.includes(market) !== true;
    return [{ book: marketBook, params: marketParams, model: outsideSet ? "stress" : model }];
  });
}

type LossParts = Pick<
  MarginBreakdown,
  | "staticLoss"
  | "jointTailLoss"
  | "tailLoss"
  | "stressLoss"
  | "shortMinimum"
  | "worstScenario"
  | "worstStress"
>;

interface GroupLosses {
  readonly total: number;
  readonly parts: LossParts;
}

const NO_LOSS: GroupLosses = {
  total: 0,
  parts: {
    staticLoss: 0,
    jointTailLoss: 0,
    tailLoss: 0,
    stressLoss: 0,
    shortMinimum: 0,
    worstScenario: undefined,
    worstStress: undefined,
  },
};

/** Loss of every group of markets of one model; no offset crosses groups. */
function groupLosses(
  markets: readonly ParameterisedMarket[],
  context: MarginContext,
  scenarioPnl: ScenarioPnl | undefined,
): GroupLosses {
  const models = [...new Set(markets.map(({ model }) => model))];
  return models
    .map((model) => {
      const group = markets.filter((market) => market.model === model);
      return model === "static" || model === "volatilityScaled"
        ? staticGroup(group, context.params)
        : riskGroup(group, model, context, scenarioPnl);
    })
    .reduce(addLosses, NO_LOSS);
}

function addLosses(a: GroupLosses, b: GroupLosses): GroupLosses {
  return {
    total: a.total + b.total,
    parts: {
      staticLoss: a.parts.staticLoss + b.parts.staticLoss,
      jointTailLoss: a.parts.jointTailLoss + b.parts.jointTailLoss,
      tailLoss: a.parts.tailLoss + b.parts.tailLoss,
      stressLoss: a.parts.stressLoss + b.parts.stressLoss,
      shortMinimum: a.parts.shortMinimum + b.parts.shortMinimum,
      worstScenario: a.parts.worstScenario ?? b.parts.worstScenario,
      worstStress: a.parts.worstStress ?? b.parts.worstStress,
    },
  };
}

function staticGroup(group: readonly ParameterisedMarket[], params: MarginParams): GroupLosses {
  const loss = sumOver(group, (market) => {
    const shares =
      market.model === "static"
        ? staticShares(market.params)
        : volatilityScaledShares(market.params, market.book.state.sigma, params);
    return staticLoss(market.book, shares);
  });
  return { total: loss, parts: { ...NO_LOSS.parts, staticLoss: loss } };
}

function riskGroup(
  group: readonly ParameterisedMarket[],
  model: MarginModel,
  { params, scenarios }: MarginContext,
  scenarioPnl: ScenarioPnl | undefined,
): GroupLosses {
  const books = group.map(({ book }) => book);
  const tail =
    model === "stress" || scenarios === undefined
      ? undefined
      : jointTail(books, scenarios, params, scenarioPnl ?? interpolatedPnls(scenarios, params));
  const stress = model === "tail" ? { loss: 0, name: undefined } : stressLoss(books, params);
  const shortMinimumUsd = sumOver(group, (market) => shortMinimum(market.book, market.params));
  return {
    total: Math.max(tail?.guarded ?? 0, stress.loss, shortMinimumUsd),
    parts: {
      staticLoss: 0,
      jointTailLoss: tail?.joint ?? 0,
      tailLoss: tail?.guarded ?? 0,
      stressLoss: stress.loss,
      shortMinimum: shortMinimumUsd,
      worstScenario: tail?.worstScenario,
      worstStress: stress.name,
    },
  };
}
