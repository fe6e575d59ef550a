import {
  BLUE,
  GREEN,
  GREY,
  heading,
  INK,
  LEGEND_GAP,
  ORANGE,
  PURPLE,
  valueAxis,
} from "../../demo/chart-style.ts";
import { percent } from "../format.ts";
import type { ReportChart, ReportTable, Section } from "../section.ts";
import type { BookKind } from "./books.ts";
import { KINDS, runProtocolStudy, type ModelResult, type ProtocolResult } from "./study.ts";

const BPS = 10_000;
const COLOURS = [GREY, GREEN, PURPLE, BLUE, ORANGE];

/** The same books through every crash under every model. */
export const protocolSection: Section = {
  name: "protocol",
  needsDataFolder: false,
  run: ({ projectFolder, dataFolder }, onProgress) => {
    const result = runProtocolStudy(projectFolder, dataFolder, onProgress);
    return {
      title: `${result.books} books through ${result.episodes.length} crashes`,
      result,
      tables: [
        ...KINDS.map((kind) => efficiencyTable(result, kind)),
        ...KINDS.map((kind) => capitalTable(result, kind)),
        ...KINDS.map((kind) => behaviourTable(result, kind)),
        episodeTable(result),
      ],
      charts: KINDS.map((kind) => debtChart(result, kind)),
    };
  },
};

function titleOf({ title, posting, model }: ModelResult): string {
  return posting === "posted" || model === "stress" ? title : `${title}, vol as filtered`;
}

/** Stress does not depend on the volatility forecast: it is shown once. */
function shown({ results }: ProtocolResult, kind: BookKind): readonly ModelResult[] {
  return results.filter((it) => it.kind === kind && !(it.posting === "asFiltered" && it.model === "stress"));
}

function efficiencyTable(result: ProtocolResult, kind: BookKind): ReportTable {
  return {
    title: `Capital efficiency and systemic risk, ${kind} books`,
    note:
      `Volatility: ${result.filter}. Equal capital: the model's margin is scaled until an average day since 2020 asks for as much capital as static margin does; the ratio is its bad debt over ` +
      "static's. At equal bad debt: the capital of an average day against static's. Bidders take on at most " +
      `${percent(result.bidderCapacity, 0)} of the notional in 15 minutes.`,
    header: [
      "model",
      "capital, average day",
      "capital, crash openings",
      "bad debt, bps of notional",
      "bad debt ratio at equal capital",
      "same, equal crash capital",
      "capital at equal bad debt",
    ],
    rows: shown(result, kind).map((it) => [
      titleOf(it),
      percent(it.averageCapital),
      percent(it.crashCapital),
      (it.badDebtShare * BPS).toFixed(2),
      it.equalCapital.badDebtRatio.toFixed(2),
      it.equalCrashCapital.badDebtRatio.toFixed(2),
      `${it.capitalChangeAtEqualDebt > 0 ? "+" : ""}${percent(it.capitalChangeAtEqualDebt, 0)}`,
    ]),
  };
}

function capitalTable(result: ProtocolResult, kind: BookKind): ReportTable {
  const rows = shown(result, kind);
  const shares = rows[0]?.debtByCapital.map(({ capitalShare }) => percent(capitalShare, 0)) ?? [];
  return {
    title: `Bad debt by capital, ${kind} books, bps of notional`,
    note:
      "Capital of an average day as a share of static margin's. Stress weights were chosen on the crashes of 2020 to 2022; those from 2023 on test them: " +
      "at full capital they leave nothing, so they are shown at less.",
    header: [
      "model",
      ...shares.map((share) => `to 2022, ${share}`),
      ...shares.map((share) => `from 2023, ${share}`),
    ],
    rows: rows.map((it) => [
      titleOf(it),
      ...it.debtByCapital.map(({ until2022 }) => (until2022 * BPS).toFixed(2)),
      ...it.debtByCapital.map(({ after }) => (after * BPS).toFixed(2)),
    ]),
  };
}

function behaviourTable(result: ProtocolResult, kind: BookKind): ReportTable {
  return {
    title: `Liquidation and procyclicality, ${kind} books, margin as configured`,
    note: "Procyclicality: margin per unit of notional of all books together, unchanged; worst of the episodes.",
    header: [
      "model",
      "called",
      "insolvent",
      "liquidated",
      "peak / trough",
      "largest 1-day rise",
      "largest 5-day rise",
    ],
    rows: shown(result, kind).map((it) => [
      titleOf(it),
      percent(it.calledShare),
      percent(it.insolventShare),
      percent(it.liquidatedShare),
      it.procyclicality.peakToTrough.toFixed(2),
      percent(it.procyclicality.largestOneDayRise, 0),
      percent(it.procyclicality.largestFiveDayRise, 0),
    ]),
  };
}

function episodeTable({ episodes, results }: ProtocolResult): ReportTable {
  const of = (kind: BookKind, model: ModelResult["model"]) =>
    results.find((it) => it.kind === kind && it.model === model && it.posting === "posted")!.badDebtByEpisode;
  return {
    title: "Episodes, and bad debt in bps of notional, margin as configured",
    header: [
      "episode",
      "smiles",
      "bars, minutes",
      "reports",
      "linear static",
      "linear Ballast",
      "option static",
      "option Ballast",
    ],
    rows: episodes.map(({ title, smiles, barMinutes, reports }, index) => [
      title,
      smiles,
      barMinutes[0] === barMinutes[1] ? barMinutes[0].toString() : barMinutes.join(" to "),
      reports.toString(),
      ...(["linear", "option"] as const).flatMap((kind) =>
        (["static", "default"] as const).map((model) => (of(kind, model)[index]! * BPS).toFixed(2)),
      ),
    ]),
  };
}

function debtChart(result: ProtocolResult, kind: BookKind): ReportChart {
  const rows = shown(result, kind);
  return {
    file: `bad-debt-${kind}`,
    option: {
      title: heading(
        `Bad debt at the capital of static margin, ${kind} books`,
        "Static margin is 1; every model scaled to the same capital on an average day since 2020",
        { title: `${result.episodes.length} crashes, 2020 to 2025`, modelled: true },
      ),
      legend: { show: false, itemGap: LEGEND_GAP },
      grid: { left: 80, right: 40, top: 122, bottom: 130 },
      xAxis: {
        type: "category",
        data: rows.map(titleOf),
        axisLabel: { interval: 0, rotate: 24, color: INK },
      },
      yAxis: valueAxis("bad debt over static's", { min: 0, nameGap: 40 }),
      series: [
        {
          type: "bar",
          data: rows.map(({ equalCapital }, index) => ({
            value: equalCapital.badDebtRatio,
            itemStyle: { color: COLOURS[index % COLOURS.length] },
          })),
          label: {
            show: true,
            position: "top",
            formatter: ({ value }: { value: number }) => value.toFixed(2),
          },
        },
      ],
    },
  };
}
