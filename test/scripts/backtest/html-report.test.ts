import { expect } from "chai";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeReport } from "../../../scripts/backtest/html-report.ts";

describe("backtest report", () => {
  it("holds every table with its text escaped, and every chart inline and as a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ballast-report-"));
    try {
      const path = await writeReport(folder, [
        {
          title: "A section",
          result: {},
          tables: [{ title: "T", header: ["a", "b"], rows: [["x < y", "1"]], note: "why & how" }],
          charts: [{ file: "bars", option: { xAxis: {}, yAxis: {}, series: [] } }],
        },
      ]);
      const html = await readFile(path, "utf8");
      expect(html).to.contain("<td>x &lt; y</td><td>1</td>");
      expect(html).to.contain("why &amp; how");
      const svg = await readFile(join(folder, "backtest-bars.svg"), "utf8");
      expect(svg).to.match(/^<svg/);
      expect(html).to.contain(svg.slice(0, 60));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
