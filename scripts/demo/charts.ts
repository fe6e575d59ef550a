import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EChartsCoreOption } from "echarts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import {
  BLUE,
  DAYS_PER_NARROW_TICK,
  GREEN,
  GREY,
  heading,
  INK,
  LEGEND_GAP,
  MILLISECONDS,
  ORANGE,
  PERCENT,
  points,
  PURPLE,
  RED,
  renderSvg,
  snapshotAxis,
  timeAxis,
  valueAxis,
  type ChartNotes,
} from "./chart-style.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";
import { perNotional, sharesOf, type HouseState, type Summary } from "./summary.ts";
import { MODEL_TITLES, SHOWN_MODELS } from "./tables.ts";

interface Chart {
  readonly file: string;
  readonly option: EChartsCoreOption;
}

/** Draws the charts of an episode as SVG files; returns their paths. */
export async function writeCharts(
  folder: string,
  episode: string,
  notes: ChartNotes,
  records: readonly SnapshotRecord[],
  summary: Summary,
  house: HouseState,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const charts = [
    marketChart(records, notes),
    modelChart(records, summary, notes),
    strategyChart(summary, notes),
    healthChart(records, notes),
    auctionChart(records, house, notes),
  ];
  const paths: string[] = [];
  for (const { file, option } of charts) {
    const path = join(folder, `${episode}-${file}.svg`);
    await writeFile(path, renderSvg(option));
    paths.push(path);
  }
  return paths;
}

function marketChart(records: readonly SnapshotRecord[], notes: ChartNotes): Chart {
  const option = {
    title: heading(
      "Spot and posted volatility forecast",
      "Forecast of the keepers' report, annualised: it rises at once and falls slowly",
      notes,
    ),
    legend: { top: 22, right: 40, itemGap: LEGEND_GAP, data: ["spot", "volatility forecast"] },
    grid: MARKETS.map((_market, index) => ({ left: 90 + index * 530, width: 385, top: 120, bottom: 60 })),
    xAxis: MARKETS.map((_market, index) => timeAxis(records, DAYS_PER_NARROW_TICK, index)),
    yAxis: MARKETS.flatMap((market, gridIndex) => [
      valueAxis(`${market} spot, USD`, { gridIndex, scale: true, nameGap: 58 }),
      valueAxis("volatility forecast, % a year", {
        gridIndex,
        scale: true,
        position: "right",
        splitLine: { show: false },
        nameGap: 38,
      }),
    ]),
    series: MARKETS.flatMap((market, index) => [
      {
        name: "spot",
        type: "line",
        showSymbol: false,
        xAxisIndex: index,
        yAxisIndex: index * 2,
        data: points(records, ({ markets }) => markets[market].spotUsd),
        itemStyle: { color: BLUE },
        lineStyle: { width: 2.2, color: BLUE },
      },
      {
        name: "volatility forecast",
        type: "line",
        showSymbol: false,
        xAxisIndex: index,
        yAxisIndex: index * 2 + 1,
        data: points(records, ({ markets }) => markets[market].forecastVol * PERCENT),
        itemStyle: { color: ORANGE },
        lineStyle: { width: 2.2, color: ORANGE },
      },
    ]),
  };
  return { file: "market", option };
}

const MODEL_COLOURS = [GREY, GREEN, PURPLE, ORANGE, BLUE] as const;

function modelChart(records: readonly SnapshotRecord[], { peak }: Summary, notes: ChartNotes): Chart {
  const option = {
    title: heading(
      "Initial margin per unit of notional, by model",
      "The same books throughout: those opened at the start whose expiries outlive the episode",
      notes,
    ),
    legend: {
      top: 84,
      left: 80,
      itemGap: LEGEND_GAP,
      data: SHOWN_MODELS.map((model) => MODEL_TITLES[model]),
    },
    grid: { left: 90, right: 50, top: 122, bottom: 60 },
    xAxis: timeAxis(records, 1),
    yAxis: valueAxis("initial margin, % of gross notional", { min: 0 }),
    series: SHOWN_MODELS.map((model, index) => ({
      name: MODEL_TITLES[model],
      type: "line",
      showSymbol: false,
      data: points(records, (record) => sharesOf(record)[model] * PERCENT),
      itemStyle: { color: MODEL_COLOURS[index] },
      lineStyle: {
        width: model === "default" ? 3.2 : 2,
        type: model === "default" ? "solid" : "dashed",
        color: MODEL_COLOURS[index],
      },
      z: model === "default" ? 1 : 2,
      ...(model === "default" && {
        markLine: {
          symbol: "none",
          label: { formatter: "peak", color: GREY },
          lineStyle: { color: GREY, type: "dotted" },
          data: [{ xAxis: peak.seconds * MILLISECONDS }],
        },
      }),
    })),
  };
  return { file: "margin-models", option };
}

function strategyChart({ calmSnapshots, peak, last }: Summary, notes: ChartNotes): Chart {
  const moments = [
    { name: "before", record: calmSnapshots[0]!, color: GREEN },
    { name: "at the peak", record: peak, color: RED },
    { name: "after", record: last, color: BLUE },
  ];
  const strategies = [...new Set(moments[0]!.record.reference.map(({ strategy }) => strategy))];
  const option = {
    title: heading(
      "Default initial margin by strategy",
      "Books as opened, expiries that outlive the episode",
      notes,
    ),
    legend: { top: 84, left: 80, itemGap: LEGEND_GAP, data: moments.map(({ name }) => name) },
    grid: { left: 90, right: 40, top: 122, bottom: 80 },
    xAxis: {
      type: "category",
      data: strategies,
      axisLabel: { interval: 0, rotate: 22, color: INK },
      axisTick: { show: false },
    },
    yAxis: valueAxis("initial margin, % of gross notional", { min: 0 }),
    series: moments.map(({ name, record, color }) => ({
      name,
      type: "bar",
      barGap: "10%",
      itemStyle: { color },
      data: strategies.map(
        (strategy) =>
          perNotional(record.reference.filter((book) => book.strategy === strategy)).default * PERCENT,
      ),
    })),
  };
  return { file: "margin-strategies", option };
}

/** Bands of health, lowest first; `below` is the upper end. */
const HEALTH_BANDS = [
  { name: "below 0.75", below: 0.75, color: "#8e1b10" },
  { name: "0.75 to 1", below: 1, color: RED },
  { name: "1 to 1.25", below: 1.25, color: ORANGE },
  { name: "1.25 to 2", below: 2, color: "#e8c468" },
  { name: "2 and more", below: Number.MAX_VALUE, color: GREEN },
  { name: "flat", below: Infinity, color: "#cbd2d9" },
] as const;

function healthChart(records: readonly SnapshotRecord[], notes: ChartNotes): Chart {
  const band = (health: number) =>
    HEALTH_BANDS.findIndex((it) => health < it.below || (health === Infinity && it.below === Infinity));
  const option = {
    title: heading(
      "Health of the traders' accounts at each report",
      "Equity over maintenance margin, before margin calls and bids of the moment; flat: nothing left open",
      notes,
    ),
    legend: { top: 84, left: 80, itemGap: LEGEND_GAP, data: HEALTH_BANDS.map(({ name }) => name) },
    grid: { left: 80, right: 40, top: 122, bottom: 62 },
    xAxis: snapshotAxis(records),
    yAxis: valueAxis("accounts", { nameGap: 40, max: records[0]!.accounts.length }),
    series: HEALTH_BANDS.map(({ name, color }, index) => ({
      name,
      type: "bar",
      stack: "accounts",
      barCategoryGap: "8%",
      itemStyle: { color },
      data: records.map(({ accounts }) => accounts.filter(({ health }) => band(health) === index).length),
    })),
  };
  return { file: "health", option };
}

function auctionChart(
  records: readonly SnapshotRecord[],
  { liquidations }: HouseState,
  notes: ChartNotes,
): Chart {
  const snapshotOf = (block: number) => records.findLastIndex(({ firstBlock }) => firstBlock <= block);
  const { calls, slices } = liquidations;
  const count = (blocks: readonly { readonly block: number }[]) =>
    records.map((_record, index) => blocks.filter(({ block }) => snapshotOf(block) === index).length);
  const option = {
    title: heading(
      "Margin calls and auctions",
      `${calls.length} calls, ${slices.length} slices sold; discount: what the owner gave up as a share of the maintenance margin taken over`,
      notes,
    ),
    legend: {
      top: 84,
      left: 80,
      itemGap: LEGEND_GAP,
      data: ["margin calls", "slices sold", "discount of a slice"],
    },
    grid: { left: 80, right: 80, top: 122, bottom: 62 },
    xAxis: snapshotAxis(records),
    yAxis: [
      valueAxis("number", { nameGap: 40, minInterval: 1 }),
      valueAxis("discount, % of maintenance margin", { nameGap: 48, min: 0, splitLine: { show: false } }),
    ],
    series: [
      { name: "margin calls", type: "bar", data: count(calls), itemStyle: { color: RED } },
      { name: "slices sold", type: "bar", data: count(slices), itemStyle: { color: BLUE } },
      {
        name: "discount of a slice",
        type: "scatter",
        yAxisIndex: 1,
        symbolSize: 7,
        itemStyle: { color: ORANGE, opacity: 0.75 },
        data: slices.map(({ block, discount }) => [snapshotOf(block), discount * PERCENT]),
      },
    ],
  };
  return { file: "auctions", option };
}
