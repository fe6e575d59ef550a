import { readFileSync } from "node:fs";
import { z } from "zod";

import { ReplayFileError } from "./replay-file-error.ts";

/** A record with the line it stands on, for errors. */
export interface NumberedRecord<R> {
  readonly line: number;
  readonly record: R;
}

export interface RecordFile<H, R> {
  readonly header: H;
  readonly records: readonly NumberedRecord<R>[];
}

const HEADER_LINE = 1;

function parseLine<T>(file: string, line: number, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ReplayFileError("not-json", file, line, text.slice(0, 40), { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ReplayFileError("wrong-shape", file, line, z.prettifyError(parsed.error));
  return parsed.data;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ReplayFileError("unreadable", file, 0, "the file cannot be opened", { cause });
  }
}

/** Reads a header and its records; every line is checked against its schema. Throws `ReplayFileError`. */
export function readRecords<H, R>(
  file: string,
  header: z.ZodType<H>,
  record: z.ZodType<R>,
): RecordFile<H, R> {
  const [headerText = "", ...lines] = readText(file).trimEnd().split("\n");
  const parsedHeader = parseLine(file, HEADER_LINE, headerText, header);
  if (lines.length === 0) throw new ReplayFileError("no-records", file, 0, "a header without records");
  return {
    header: parsedHeader,
    records: lines.map((text, index) => {
      const line = index + HEADER_LINE + 1;
      return { line, record: parseLine(file, line, text, record) };
    }),
  };
}

/** Throws `ReplayFileError` where the values do not strictly rise. */
export function assertRising(
  file: string,
  values: readonly { readonly line: number; readonly value: number }[],
): void {
  values.forEach(({ line, value }, index) => {
    const before = values[index - 1];
    if (before !== undefined && value <= before.value) {
      throw new ReplayFileError("out-of-order", file, line, `${value} after ${before.value}`);
    }
  });
}
