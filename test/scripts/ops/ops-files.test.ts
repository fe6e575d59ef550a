import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createKeeperMetrics } from "../../../keeper/adapters/telemetry/keeper-metrics.ts";
import { createGossipRoom } from "../../../keeper/adapters/memory/gossip.ts";
import { loadKeeperConfig } from "../../../keeper/keeper-config.ts";
import { PROJECT_ROOT } from "../../../scripts/run-command.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { withFolder, writeKeeperFile } from "../../support/keeper-file.ts";
import { keeperStatus } from "../../support/keeper-status.ts";

const read = (file: string) => readFileSync(`${PROJECT_ROOT}${file}`, "utf8");
const ALERTS = read("ops/prometheus/keeper-alerts.yml");
const DASHBOARD = read("ops/grafana/keepers-dashboard.json");
const UNIT = read("ops/systemd/ballast-keeper@.service");
const DOCKERFILE = read("ops/docker/Dockerfile");
const GUIDE = read("docs/running-a-keeper.md");

/** Metrics that a text names; a histogram's series go under its own name. */
const namesIn = (text: string): readonly string[] => [
  ...new Set(
    text.match(/ballast_keeper_[a-z0-9_]+/g)?.map((name) => name.replace(/_(?:bucket|sum|count)$/, "")),
  ),
];

describe("what operators are given", () => {
  let exported: ReadonlySet<string>;
  let text = "";
  before(async () => {
    const metrics = createKeeperMetrics(() => Promise.resolve(keeperStatus()));
    metrics.countEvents(recordingTelemetry()).error("event");
    metrics
      .countMessages(createGossipRoom().join("0x"))
      .publish({ kind: "wish", epoch: 1n, newest: { epoch: 0n, round: 0 } });
    text = await metrics.text();
    exported = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  });

  it("names in alerts and dashboard only metrics that a keeper exports", () => {
    for (const name of [...namesIn(ALERTS), ...namesIn(DASHBOARD)]) expect(exported).to.include(name);
    expect(namesIn(DASHBOARD).length).to.be.greaterThan(10);
  });

  it("draws in each panel what a keeper exports, by labels that it carries", () => {
    const { panels } = JSON.parse(DASHBOARD) as {
      panels: { title: string; targets?: { expr: string; legendFormat?: string }[] }[];
    };
    const targets = panels.flatMap(({ title, targets: all = [] }) => all.map((each) => ({ title, ...each })));
    expect(targets.length).to.be.greaterThan(10);
    for (const { title, expr } of targets) {
      const names = namesIn(expr);
      expect(names, title).not.to.deep.equal([]);
      for (const name of names) expect(exported, title).to.include(name);
    }
  });

  it("asks for labels that the metrics carry", () => {
    const expressions = ALERTS + JSON.stringify(DASHBOARD).replaceAll("\\", "");
    let asked = 0;
    for (const [, name = "", labels = ""] of expressions.matchAll(/(ballast_keeper_\w+)\{([^}]*)\}/g)) {
      const [series = ""] = text.split("\n").filter((line) => line.startsWith(`${name}{`));
      for (const [, label = ""] of labels.matchAll(/(\w+)(?:=|!=|=~|!~)"/g)) {
        // Prometheus adds these two itself.
        if (label === "job" || label === "instance") continue;
        asked++;
        expect(series, name).to.include(`${label}="`);
      }
    }
    expect(asked).to.be.greaterThan(0);
  });

  it("shows of every keeper its last report's age, deviation, streaks, gas and the quorum's margin", () => {
    for (const name of [
      "last_report_age_seconds",
      "deviation_bps",
      "signed_streak",
      "missed_streak",
      "gas_balance_eth",
      "quorum_margin",
    ])
      expect(namesIn(DASHBOARD)).to.include(`ballast_keeper_${name}`);
  });

  it("has a dashboard whose panels have their own place and number", () => {
    const { panels } = JSON.parse(DASHBOARD) as {
      panels: { id: number; title: string; gridPos: { x: number; y: number } }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x}/${y}`)).size).to.equal(panels.length);
  });

  it("explains every alert in the operator's guide", () => {
    const alerts = [...ALERTS.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
    expect(alerts.length).to.be.greaterThan(10);
    for (const name of alerts) expect(GUIDE, name).to.match(new RegExp(`^#+ ${name}$`, "m"));
  });

  it("shows a configuration that a keeper takes", async () => {
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(GUIDE) ?? [];
    await withFolder((folder) => {
      const file = writeKeeperFile(folder, example.replaceAll("0x…", `0x${"ab".repeat(32)}`));
      expect(loadKeeperConfig(file).name).to.equal("keeper-1");
    });
  });

  it("runs without root and without a password on the command line", () => {
    expect(DOCKERFILE).to.match(/^USER [1-9][0-9]+$/m);
    expect(UNIT)
      .to.match(/^User=ballast$/m)
      .and.match(/^NoNewPrivileges=yes$/m)
      .and.match(/^KillSignal=SIGTERM$/m);
    for (const start of [DOCKERFILE, UNIT]) expect(start).to.include("keeper/cli/main.ts");
  });
});
