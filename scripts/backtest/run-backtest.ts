import { fileURLToPath } from "node:url";
import { createConsole, type Console } from "../demo/console.ts";
import { forecastsSection } from "./forecasts/section.ts";
import { tableLines } from "./format.ts";
import { writeReport } from "./html-report.ts";
import type { BacktestOptions, SectionName } from "./options.ts";
import type { Section, SectionReport } from "./section.ts";
import { protocolSection } from "./protocol/section.ts";
import { statisticalSection } from "./statistical/section.ts";
import { surfaceSection } from "./surface-section.ts";

const PROJECT_DATA = fileURLToPath(new URL("../../data", import.meta.url));
const CLEAR_LINE = "\r\u001b[2K";

const SECTIONS: Readonly<Record<SectionName, Section>> = {
  statistical: statisticalSection,
  protocol: protocolSection,
  forecasts: forecastsSection,
  surface: surfaceSection,
};

/** Runs the sections asked for, prints their tables, writes the report and, when asked, the JSON line. */
export async function runBacktest(options: BacktestOptions): Promise<void> {
  const console = createConsole(options.json);
  const reports: SectionReport[] = [];
  const results: Record<string, object> = {};
  for (const name of options.sections) {
    const section = SECTIONS[name];
    if (section.needsDataFolder && options.data === undefined) {
      console.say(`${name}: left out, it needs a folder of recorded history (--data FOLDER).`);
      continue;
    }
    const report = await section.run(
      { projectFolder: PROJECT_DATA, dataFolder: options.data },
      createProgress(),
    );
    endProgress();
    reports.push(report);
    results[name] = report.result;
    printReport(console, report);
  }
  const path = await writeReport(options.out, reports);
  console.say();
  console.say(`Report: ${path}`);
  if (options.json) console.result(JSON.stringify(results));
}

/** Progress on one line of the terminal; nothing where nobody watches. */
function createProgress(): (text: string) => void {
  let shown = "";
  return (text) => {
    if (!process.stderr.isTTY || text === shown) return;
    shown = text;
    process.stderr.write(`${CLEAR_LINE}${text}`);
  };
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
}

function printReport(console: Console, { title, tables }: SectionReport): void {
  console.say();
  console.say(title);
  for (const table of tables) {
    console.say();
    console.say(table.title);
    if (table.note !== undefined) console.say(`  ${table.note}`);
    for (const line of tableLines(table.header, table.rows)) console.say(`  ${line}`);
  }
}
