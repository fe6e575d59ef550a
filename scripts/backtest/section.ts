import type { EChartsCoreOption } from "echarts";

/** A table as people read it: the first column to the left, the others to the right. */
export interface ReportTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader must know to read it. */
  readonly note?: string;
}

export interface ReportChart {
  readonly file: string;
  readonly option: EChartsCoreOption;
}

/** What one section of the backtest found. */
export interface SectionReport {
  readonly title: string;
  /** For machines; one key of the JSON line. */
  readonly result: object;
  readonly tables: readonly ReportTable[];
  readonly charts: readonly ReportChart[];
}

/** Folders a section reads. */
interface SectionData {
  /** The project's own extract of recorded data. */
  readonly projectFolder: string;
  /** A folder of recorded history, when the user has one. */
  readonly dataFolder: string | undefined;
}

export interface Section {
  readonly name: string;
  /** Needs a folder of recorded history. */
  readonly needsDataFolder: boolean;
  run(data: SectionData, onProgress: (text: string) => void): SectionReport | Promise<SectionReport>;
}
