import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A row of a recorded table: every cell by the name of its column. */
export type CsvRow = (column: string) => string;

/** Reads a gzipped table without quoted cells. Throws on a missing column or a row of another width. */
export function* readCsvGz(path: string): Generator<CsvRow> {
  const [headerLine, ...lines] = gunzipSync(readFileSync(path)).toString("utf8").trimEnd().split("\n");
  const columns = (headerLine ?? "").split(",");
  const indexOf = new Map(columns.map((column, index) => [column, index]));
  for (const line of lines) {
    const cells = line.split(",");
    if (cells.length !== columns.length)
      throw new Error(`${path}: ${cells.length} cells, ${columns.length} columns: ${line}`);
    yield (column) => {
      const cell = cells[indexOf.get(column) ?? -1];
      if (cell === undefined) throw new Error(`${path}: no column ${column}`);
      return cell;
    };
  }
}

export function numberOf(cell: string): number {
  const value = Number(cell);
  if (cell === "" || !Number.isFinite(value)) throw new Error(`not a number: "${cell}"`);
  return value;
}

export function numberOrNull(cell: string): number | null {
  return cell === "" ? null : numberOf(cell);
}

export function secondsOf(isoTime: string): number {
  const millis = Date.parse(isoTime);
  if (Number.isNaN(millis)) throw new Error(`not a time: "${isoTime}"`);
  return millis / 1000;
}
