import { MARGIN_MODELS, type MarginModel } from "../../keeper/core/margin/types.ts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";
import type { LiquidationHistory } from "./events.ts";
import type { KeeperFigures } from "./keeper-story.ts";
import { modelRecord, sumModels, type BookMeasure, type ModelMargins } from "./measures.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";

/** How one model behaved on the reference books. Margins are initial margin as a share of gross notional. */
interface ModelFigures {
  /** Mean of the first two days. */
  readonly calm: number;
  /** At the snapshot with the largest default margin per notional. */
  readonly peak: number;
  /** At the last snapshot. */
  readonly after: number;
  readonly peakOverCalm: number;
  /** Mean over all snapshots. */
  readonly averagePerNotional: number;
  /** Largest over smallest margin per notional of the episode. */
  readonly largestOverSmallest: number;
  /** Share of books and snapshots whose loss within the day that followed was larger than the margin. */
  readonly uncoveredShare: number;
}

/** What came of the episode. */
export interface Summary {
  readonly calmSnapshots: readonly SnapshotRecord[];
  readonly peak: SnapshotRecord;
  readonly last: SnapshotRecord;
  readonly models: Readonly<Record<MarginModel, ModelFigures>>;
}

/** What the chain itself says of the house at the end. */
export interface HouseState {
  readonly conservationErrorUnits: bigint;
  /** Debt that accounts owe at the end and no margin or fund has filled, USD. */
  readonly badDebtUsd: number;
  readonly fundUsd: number;
  readonly liquidations: LiquidationHistory;
}

const CALM_SECONDS = 2 * SECONDS_PER_DAY;

/** Sums the records of an episode up; needs at least one record. */
export function summarise(records: readonly SnapshotRecord[]): Summary {
  const [first] = records;
  const last = records.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("the replay had no snapshot");
  const shares = records.map(sharesOf);
  const peakIndex = shares.reduce(
    (best, it, index) => (it.default > shares[best]!.default ? index : best),
    0,
  );
  const calmSnapshots = records.filter(({ seconds }) => seconds < first.seconds + CALM_SECONDS);
  const figures = (model: MarginModel): ModelFigures => {
    const series = shares.map((it) => it[model]);
    const calm = mean(series.slice(0, calmSnapshots.length));
    const peak = series[peakIndex]!;
    return {
      calm,
      peak,
      after: series.at(-1)!,
      peakOverCalm: peak / calm,
      averagePerNotional: mean(series),
      largestOverSmallest: Math.max(...series) / Math.min(...series),
      uncoveredShare: uncoveredShare(records, model),
    };
  };
  return {
    calmSnapshots,
    peak: records[peakIndex]!,
    last,
    models: {
      default: figures("default"),
      static: figures("static"),
      volatilityScaled: figures("volatilityScaled"),
      tail: figures("tail"),
      stress: figures("stress"),
    },
  };
}

/** Initial margin of the reference books over their gross notional, by model. */
export function sharesOf({ reference }: Pick<SnapshotRecord, "reference">): ModelMargins {
  return perNotional(reference);
}

export function perNotional(books: readonly BookMeasure[]): ModelMargins {
  const gross = books.reduce((sum, { grossUsd }) => sum + grossUsd, 0);
  const sums = sumModels(books);
  return modelRecord((index) => (gross === 0 ? 0 : sums[MARGIN_MODELS[index]!] / gross));
}

/** Compares each book's margin with its worst loss over the snapshots of the day that follows. */
function uncoveredShare(records: readonly SnapshotRecord[], model: MarginModel): number {
  let pairs = 0;
  let uncovered = 0;
  for (const [index, now] of records.entries()) {
    const day = records.slice(index + 1).filter(({ seconds }) => seconds <= now.seconds + SECONDS_PER_DAY);
    if (day.length === 0) continue;
    for (const [at, book] of now.reference.entries()) {
      const worst = Math.min(...day.map(({ reference }) => reference[at]!.valueUsd));
      pairs += 1;
      if (book.valueUsd - worst > book.initialUsd[model]) uncovered += 1;
    }
  }
  return pairs === 0 ? 0 : uncovered / pairs;
}

/** The demo's one machine-readable line. */
export function jsonSummary(
  episode: string,
  records: readonly SnapshotRecord[],
  summary: Summary,
  house: HouseState,
  keepers: KeeperFigures,
): string {
  const { models } = summary;
  const { liquidations } = house;
  return JSON.stringify({
    episode,
    reports: records.length,
    accounts: records[0]?.accounts.length ?? 0,
    marginCalls: liquidations.calls.length,
    liquidations: liquidations.slices.length,
    liquidatedAccounts: new Set(liquidations.slices.map(({ account }) => account)).size,
    badDebtUsd: house.badDebtUsd,
    fundPaidUsd: liquidations.fundPaidUsd,
    penaltiesUsd: liquidations.penaltiesUsd,
    conservationErrorUnits: Number(house.conservationErrorUnits),
    marginRatioPeakOverCalm: models.default.peakOverCalm,
    keepers,
    peakAt: new Date(summary.peak.seconds * 1_000).toISOString(),
    models: {
      static: models.static,
      volatilityScaled: models.volatilityScaled,
      var: models.tail,
      stress: models.stress,
      default: models.default,
    },
  });
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
