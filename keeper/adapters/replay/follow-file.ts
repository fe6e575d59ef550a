import { statSync } from "node:fs";

/**
 * What a file holds, as it stands at each call: one that was replaced is read again. One that cannot be read leaves what was known before.
 * @param failed is told why, once for each state of the file
 * @throws what the first reading throws
 */
export function followFile<T>(file: string, load: () => T, failed: (error: unknown) => void): () => T {
  let state = stateOf(file);
  let value = load();
  return () => {
    const now = stateOf(file);
    if (now === state) return value;
    state = now;
    try {
      value = load();
    } catch (error) {
      failed(error);
    }
    return value;
  };
}

/** What changes when a file is written or replaced. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino}/${size}/${mtimeMs}`;
  } catch (error) {
    return String(error);
  }
}
