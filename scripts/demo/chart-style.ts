import { init, type EChartsCoreOption } from "echarts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";

const WIDTH = 1_120;
const HEIGHT = 560;
export const MILLISECONDS = 1_000;
export const PERCENT = 100;
export const INK = "#1f2933";
export const GREY = "#7b8794";
const GRID_LINE = "#e4e7eb";
export const BLUE = "#2563a8";
export const ORANGE = "#d9730d";
export const GREEN = "#2e8b57";
export const RED = "#c0392b";
export const PURPLE = "#7d4ea8";
export const DAYS_PER_NARROW_TICK = 3;
export const LEGEND_GAP = 34;
const FONT = "Helvetica, Arial, sans-serif";

/** What a chart's subtitle says of the data. */
export interface ChartNotes {
  readonly title: string;
  /** True when the smiles are modelled. */
  readonly modelled: boolean;
}

export function renderSvg(option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT, color: INK },
      ...option,
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

export function heading(text: string, subtext: string, { title, modelled }: ChartNotes): EChartsCoreOption {
  const source = modelled ? `${title}; option smiles modelled, not quoted` : title;
  return {
    text,
    subtext: `${subtext}\n${source}`,
    left: 24,
    top: 14,
    textStyle: { fontSize: 19, color: INK },
    subtextStyle: { fontSize: 12, color: GREY, lineHeight: 17 },
  };
}

/** A value axis in milliseconds with a tick every so many days, at midnight UTC: the library's own time axis thins its labels unevenly. */
export function timeAxis(
  records: readonly SnapshotRecord[],
  daysPerTick: number,
  gridIndex = 0,
): EChartsCoreOption {
  const day = SECONDS_PER_DAY * MILLISECONDS;
  return {
    type: "value",
    gridIndex,
    min: Math.floor((records[0]!.seconds * MILLISECONDS) / day) * day,
    max: Math.ceil((records.at(-1)!.seconds * MILLISECONDS) / day) * day,
    interval: daysPerTick * day,
    name: "day (UTC)",
    nameLocation: "middle",
    nameGap: 30,
    axisLabel: { formatter: dayLabel, color: GREY, showMaxLabel: false },
    axisLine: { show: true, lineStyle: { color: GREY } },
    axisTick: { show: true },
    splitLine: { show: false },
  };
}

function dayLabel(milliseconds: number): string {
  return new Date(milliseconds).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
}

export function valueAxis(name: string, more: EChartsCoreOption = {}): EChartsCoreOption {
  return {
    type: "value",
    name,
    nameLocation: "middle",
    nameGap: 52,
    nameTextStyle: { color: INK },
    axisLabel: { color: GREY },
    splitLine: { lineStyle: { color: GRID_LINE } },
    ...more,
  };
}

export function points(
  records: readonly SnapshotRecord[],
  value: (record: SnapshotRecord) => number,
): readonly [number, number][] {
  return records.map((record) => [record.seconds * MILLISECONDS, value(record)]);
}

/** One place for each snapshot; the first of a day is labelled. */
export function snapshotAxis(records: readonly SnapshotRecord[]): EChartsCoreOption {
  const dayText = ({ seconds }: SnapshotRecord) => dayLabel(seconds * MILLISECONDS);
  const isFirstOfDay = (index: number) =>
    index === 0 || dayText(records[index]!) !== dayText(records[index - 1]!);
  return {
    type: "category",
    data: records.map(dayText),
    name: "snapshots (UTC)",
    nameLocation: "middle",
    nameGap: 32,
    axisLabel: { interval: isFirstOfDay, color: GREY },
    axisTick: { interval: isFirstOfDay, alignWithLabel: true },
    axisLine: { lineStyle: { color: GREY } },
  };
}
