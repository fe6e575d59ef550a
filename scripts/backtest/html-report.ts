import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderSvg } from "../demo/chart-style.ts";
import type { ReportTable, SectionReport } from "./section.ts";

const STYLE = `
body { font: 15px/1.5 Helvetica, Arial, sans-serif; color: #1f2933; max-width: 1160px; margin: 32px auto; padding: 0 20px; }
h1 { font-size: 26px; } h2 { font-size: 21px; margin-top: 44px; } h3 { font-size: 16px; margin: 28px 0 6px; }
table { border-collapse: collapse; font-size: 13px; } td, th { padding: 3px 10px; border-bottom: 1px solid #e4e7eb; text-align: right; }
td:first-child, th:first-child { text-align: left; } .note { color: #7b8794; font-size: 13px; max-width: 900px; } .wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; margin-top: 16px; }`;

/** Writes the report and each chart as a file of its own; returns the report's path. */
export async function writeReport(folder: string, sections: readonly SectionReport[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const parts: string[] = [];
  for (const { title, tables, charts } of sections) {
    parts.push(`<h2>${escapeHtml(title)}</h2>`);
    for (const { file, option } of charts) {
      const svg = renderSvg(option);
      await writeFile(join(folder, `backtest-${file}.svg`), svg);
      parts.push(svg);
    }
    parts.push(...tables.map(tableHtml));
  }
  const path = join(folder, "backtest.html");
  const head = `<meta charset="utf-8"><title>Ballast: backtests</title><style>${STYLE}</style>`;
  await writeFile(
    path,
    `<!doctype html><html lang="en"><head>${head}</head><body><h1>Ballast: backtests</h1>\n${parts.join("\n")}\n</body></html>\n`,
  );
  return path;
}

function tableHtml({ title, header, rows, note }: ReportTable): string {
  const row = (cells: readonly string[], tag: "td" | "th") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const body = rows.map((cells) => row(cells, "td")).join("\n");
  const noteHtml = note === undefined ? "" : `<p class="note">${escapeHtml(note)}</p>`;
  return `<h3>${escapeHtml(title)}</h3>${noteHtml}<div class="wide"><table><thead>${row(header, "th")}</thead><tbody>${body}</tbody></table></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
