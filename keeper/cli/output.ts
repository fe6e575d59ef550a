/** Where a command writes: words and tables for people, or one JSON object for programs. */
export interface Output {
  readonly json: boolean;
  /** The command's result: `value` as JSON, or the lines that `human` makes. */
  result(value: unknown, human: () => readonly string[]): void;
}

const JSON_INDENT = 2;
const USD_DECIMALS = 2;
const E6 = 1_000_000;
const E8 = 100_000_000;
const BPS = 10_000;
const MILLISECONDS = 1_000;
/** Health beyond this means that there is next to no margin to hold. */
const SHOWN_HEALTH = 1_000;
const RULE = "─";

export function createOutput(json: boolean, write: (line: string) => void = console.log): Output {
  return {
    json,
    result: (value, human) => {
      if (json) write(toJson(value, JSON_INDENT));
      else for (const line of human()) write(line);
    },
  };
}

/** Says on the error stream what a command is at, so that nobody takes its silence for a hang; programs that read JSON are not told. */
export function createProgress(
  json: boolean,
  write: (line: string) => void = console.error,
): (step: string) => void {
  return (step) => {
    if (!json) write(`... ${step}`);
  };
}

/** JSON with big integers as decimal text, so that no reader rounds them. */
export function toJson(value: unknown, indent = 0): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) => (typeof entry === "bigint" ? entry.toString() : entry),
    indent,
  );
}

/** Lines of a table: the first column to the left, all others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? "";
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => RULE.repeat(width)).join("  "), ...rows.map(line)];
}

/** USD * 1e6 as dollars and cents, thousands apart. */
export function usd(valueE6: bigint): string {
  return (Number(valueE6) / E6).toLocaleString("en-US", {
    minimumFractionDigits: USD_DECIMALS,
    maximumFractionDigits: USD_DECIMALS,
  });
}

/** A price or a size * 1e8, without needless zeros. */
export function fromE8(valueE8: bigint): string {
  return (Number(valueE8) / E8).toLocaleString("en-US", { maximumFractionDigits: 8 });
}

export function percent(bps: number | bigint): string {
  return `${(Number(bps) / (BPS / 100)).toLocaleString("en-US", { maximumFractionDigits: 2 })} %`;
}

/** Health of 1 stands for equity equal to maintenance margin. */
export function health(healthBps: bigint): string {
  const value = Number(healthBps) / BPS;
  return value > SHOWN_HEALTH ? "no margin held" : value.toFixed(2);
}

export function time(seconds: number | bigint): string {
  return new Date(Number(seconds) * MILLISECONDS).toISOString().replace(".000Z", "Z");
}
