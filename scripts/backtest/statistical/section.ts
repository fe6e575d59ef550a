import { BLUE, heading, INK, LEGEND_GAP, ORANGE, RED, valueAxis } from "../../demo/chart-style.ts";
import { percent } from "../format.ts";
import type { ReportChart, ReportTable, Section } from "../section.ts";
import { runStatisticalStudy, type MethodResult, type StatisticalResult } from "./study.ts";

/** Daily value at risk and expected shortfall of every portfolio since 2018. */
export const statisticalSection: Section = {
  name: "statistical",
  needsDataFolder: false,
  run: ({ projectFolder }, onProgress) => {
    const result = runStatisticalStudy(projectFolder, (share) => {
      onProgress(`statistical: ${percent(share, 0)}`);
    });
    return {
      title: `Daily value at risk, ${result.from} to ${result.to}`,
      result,
      tables: [summaryTable(result), ...result.methods.map((method) => methodTable(result, method))],
      charts: [exceedanceChart(result)],
    };
  },
};

function summaryTable(result: StatisticalResult): ReportTable {
  return {
    title: "Portfolios that no test rejects at 5 %",
    note:
      `${result.days} days, window of ${result.windowDays} days, 99 % value at risk and 97.5 % expected shortfall over a day; forecasts know the days before alone. ` +
      `Calm years (BTC below 60 % a year): ${result.calmYears.join(", ")}. Straddles: 30 days, at the money, their implied vol modelled from returns until ` +
      "August 2021, the published index from then on.",
    header: ["method", "not rejected", "of", "worst zone in calm years"],
    rows: result.methods.map(({ title, passed, portfolios }) => [
      title,
      passed.toString(),
      portfolios.length.toString(),
      ["red", "yellow", "green"].find((zone) =>
        portfolios.some(({ worstCalmZone }) => worstCalmZone === zone),
      ) ?? "",
    ]),
  };
}

function methodTable(result: StatisticalResult, { title, portfolios }: MethodResult): ReportTable {
  return {
    title,
    header: [
      "portfolio",
      "exceeded",
      "expected",
      "Kupiec p",
      "independence p",
      "cond. coverage p",
      "most in 250 days",
      "calm years",
      "Z1",
      "Z2",
      "lowest Z2, 250 days",
      "mean VaR",
      ...Object.keys(result.annualVolByYear),
    ],
    rows: portfolios.map((it) => [
      it.portfolio,
      `${it.exceedances}${it.passes ? "" : " *"}`,
      it.expected.toFixed(1),
      it.kupiecP.toFixed(3),
      it.independenceP.toFixed(3),
      it.conditionalCoverageP.toFixed(3),
      `${it.worstWindow} ${it.worstZone}`,
      it.worstCalmZone,
      it.z1?.toFixed(2) ?? "",
      it.z2.toFixed(2),
      it.lowestWindowZ2.toFixed(2),
      percent(it.meanValueAtRisk),
      ...Object.keys(result.annualVolByYear).map((year) => (it.byYear[year] ?? 0).toString()),
    ]),
    note: "* rejected at 5 % by Kupiec, independence or conditional coverage. Z1, Z2: Acerbi and Szekely, 0 expected, negative when too small. Exceedances by year.",
  };
}

function exceedanceChart(result: StatisticalResult): ReportChart {
  const colours = [BLUE, ORANGE, RED, INK];
  const names = result.methods[0]!.portfolios.map(({ portfolio }) => portfolio);
  return {
    file: "exceedances",
    option: {
      title: heading(
        "Days on which the loss exceeded 99 % value at risk",
        `${result.from} to ${result.to}; dotted line: as many as the confidence allows`,
        { title: "BTC and ETH daily, Binance and Deribit", modelled: false },
      ),
      legend: { top: 84, left: 80, itemGap: LEGEND_GAP, data: result.methods.map(({ title }) => title) },
      grid: { left: 80, right: 40, top: 122, bottom: 130 },
      xAxis: { type: "category", data: names, axisLabel: { interval: 0, rotate: 32, color: INK } },
      yAxis: valueAxis("exceedances", { min: 0, nameGap: 36 }),
      series: result.methods.map(({ title, portfolios }, index) => ({
        name: title,
        type: "bar",
        itemStyle: { color: colours[index % colours.length] },
        data: portfolios.map(({ exceedances }) => exceedances),
        ...(index === 0 && {
          markLine: {
            symbol: "none",
            lineStyle: { color: INK, type: "dotted" },
            label: { formatter: "expected" },
            data: [{ yAxis: portfolios[0]!.expected }],
          },
        }),
      })),
    },
  };
}
