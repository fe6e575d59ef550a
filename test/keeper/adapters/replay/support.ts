import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

import { ReplayFileError } from "../../../../keeper/adapters/replay/replay-file-error.ts";
import type { ReplayFileErrorCode } from "../../../../keeper/adapters/replay/replay-file-error.ts";

export const DATA_FOLDER = fileURLToPath(new URL("../../../../data", import.meta.url));

/** Reads `text` as a file of its own through `read` and expects the typed error. */
export function expectFileError(
  text: string,
  read: (file: string) => unknown,
  code: ReplayFileErrorCode,
  line: number,
): void {
  const folder = mkdtempSync(join(tmpdir(), "replay-"));
  try {
    const file = join(folder, "corrupt.ndjson");
    writeFileSync(file, text);
    expectReadError(file, read, code, line);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function expectReadError(
  file: string,
  read: (file: string) => unknown,
  code: ReplayFileErrorCode,
  line: number,
): void {
  let error: unknown;
  try {
    read(file);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).to.be.instanceOf(ReplayFileError);
  const { code: actualCode, line: actualLine, file: actualFile } = error as ReplayFileError;
  expect({ code: actualCode, line: actualLine, file: actualFile }).to.deep.equal({ code, line, file });
}

/** The lines of a committed file, parsed. */
export function linesOf<T>(file: string): T[] {
  return readFileSync(join(DATA_FOLDER, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

export function textOf(lines: readonly unknown[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
