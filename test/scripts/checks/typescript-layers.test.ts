import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROJECT_ROOT, localBin, runCommand } from "../../../scripts/run-command.ts";

/** Runs the layer check over a small project made of `files`, where each file holds the imports listed. */
const checkLayers = async (files: Readonly<Record<string, readonly string[]>>) => {
  const folder = mkdtempSync(join(tmpdir(), "ballast-layers-"));
  try {
    writeFileSync(join(folder, "tsconfig.json"), "{}");
    for (const [path, imports] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const lines = imports.map((imported) => `import "${imported}";\n`);
      writeFileSync(join(folder, path), `${lines.join("")}export const thing = 1;\n`);
    }
    const config = join(PROJECT_ROOT, ".dependency-cruiser.mjs");
    const args = ["--config", config, "--output-type", "err", "keeper"];
    return await runCommand(localBin("depcruise"), args, { echo: false, cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe("typescript layers", () => {
  it("accept imports in the order core <- ports <- services <- keeper <- main", async () => {
    const { exitCode, output } = await checkLayers({
      "keeper/core/price.ts": [],
      "keeper/ports/clock.ts": ["../core/price.ts"],
      "keeper/services/report.ts": ["../ports/clock.ts", "../core/price.ts"],
      "keeper/adapters/system-clock.ts": ["../ports/clock.ts", "node:timers"],
      "keeper/keeper.ts": ["./services/report.ts"],
      "keeper/main.ts": ["./keeper.ts", "./adapters/system-clock.ts"],
    });
    expect(exitCode, output).to.equal(0);
  });

  for (const [rule, from, imported] of [
    ["core-is-pure", "core/price.ts", "node:fs"],
    ["core-is-pure", "core/price.ts", "../ports/other.ts"],
    ["ports-on-core", "ports/clock.ts", "../services/other.ts"],
    ["services-on-ports", "services/report.ts", "../adapters/other.ts"],
    ["services-on-ports", "services/report.ts", "node:fs"],
    ["adapters-on-ports", "adapters/chain.ts", "../services/other.ts"],
    ["keeper-on-services", "keeper.ts", "./adapters/other.ts"],
    ["config-stands-alone", "config.ts", "./services/other.ts"],
    ["only-main-knows-adapters", "services/report.ts", "../adapters/other.ts"],
    ["keeper-stands-alone", "services/report.ts", "../../scripts/other.ts"],
    ["no-unresolvable", "adapters/chain.ts", "./absent.ts"],
  ] as const) {
    it(`refuse ${from} importing ${imported}: ${rule}`, async () => {
      const { exitCode, output } = await checkLayers({
        "keeper/core/other.ts": [],
        "keeper/ports/other.ts": [],
        "keeper/services/other.ts": [],
        "keeper/adapters/other.ts": [],
        "scripts/other.ts": [],
        [`keeper/${from}`]: [imported],
      });
      expect(exitCode, output).to.not.equal(0);
      expect(output).to.contain(rule);
    });
  }

  it("refuse files that import each other", async () => {
    const { exitCode, output } = await checkLayers({
      "keeper/core/a.ts": ["./b.ts"],
      "keeper/core/b.ts": ["./a.ts"],
    });
    expect(exitCode, output).to.not.equal(0);
    expect(output).to.contain("no-circle");
  });
});
