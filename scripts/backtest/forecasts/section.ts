import type { ReportTable, Section } from "../section.ts";
import { studyForecasts } from "./study.ts";
import type { HorizonStudy, ModelScore } from "./study.ts";

const HORIZON_NAMES: Readonly<Record<HorizonStudy["hours"], string>> = {
  1: "next hour, against an hourly moving average",
  24: "next 24 hours, against a daily moving average (0.94)",
  168: "next 7 days, against a daily moving average (0.94)",
};

const NOTES: Readonly<Record<HorizonStudy["hours"], string>> = {
  1: "Forecasts every hour; realised: Parkinson's range variance of the hour.",
  24: "Forecasts at midnight UTC; realised: sum of 24 squared hourly log-returns.",
  168: "Forecasts at midnight UTC, so that weeks overlap; realised: sum of 168 squared hourly log-returns.",
};

const SMALLEST_SHOWN_P = 1e-4;

/** The volatility forecasts of every model, walk-forward from September 2021 to August 2025. */
export const forecastsSection: Section = {
  name: "forecasts",
  needsDataFolder: true,
  run: ({ dataFolder }, onProgress) => {
    if (dataFolder === undefined) throw new Error("the forecast study needs a folder of recorded history");
    const horizons = studyForecasts(dataFolder, onProgress);
    return {
      title: "Volatility forecasts, walk-forward, September 2021 to August 2025",
      result: { horizons },
      tables: horizons.map(table),
      charts: [],
    };
  },
};

function table({ hours, markets, pooled }: HorizonStudy): ReportTable {
  return {
    title: `QLIKE of the ${HORIZON_NAMES[hours]}`,
    note: `${NOTES[hours]} Ratio: mean QLIKE over the first row's. Origins: ${markets.map(({ market, origins }) => `${market} ${origins}`).join(", ")}.`,
    header: [
      "model",
      ...markets.flatMap(({ market }) => [`${market} QLIKE`, "ratio", "realised/forecast", "rise", "fall"]),
      "pooled ratio",
      "Diebold-Mariano",
      "p",
    ],
    rows: pooled.map(({ model, qlikeRatio, dieboldMariano }, index) => [
      model,
      ...markets.flatMap(({ models }) => scoreCells(models[index]!)),
      qlikeRatio.toFixed(3),
      dieboldMariano?.statistic.toFixed(2) ?? "",
      dieboldMariano === null ? "" : shownP(dieboldMariano.pValue),
    ]),
  };
}

function scoreCells({
  qlike,
  qlikeRatio,
  calibration,
  largestRise,
  largestFall,
}: ModelScore): readonly string[] {
  return [
    qlike.toFixed(4),
    qlikeRatio.toFixed(3),
    calibration.toFixed(2),
    `x ${largestRise.toFixed(2)}`,
    `x ${largestFall.toFixed(2)}`,
  ];
}

function shownP(pValue: number): string {
  return pValue < SMALLEST_SHOWN_P ? `< ${SMALLEST_SHOWN_P}` : pValue.toFixed(4);
}
