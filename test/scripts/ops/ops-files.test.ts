import { readFileSync } from "node:fs";
import { expect } from "chai";
import { createKeeperMetrics } from "../../../keeper/adapters/telemetry/keeper-metrics.ts";
import { createWatchMetrics } from "../../../keeper/adapters/telemetry/watch-metrics.ts";
import { createGossipRoom } from "../../../keeper/adapters/memory/gossip.ts";
import { loadKeeperConfig } from "../../../keeper/keeper-config.ts";
import { ALLOCATOR, COMPILE_CACHE, KEEPER_FLAGS } from "../../../scripts/network/keeper-process.ts";
import { PROJECT_ROOT } from "../../../scripts/run-command.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { withFolder, writeKeeperFile } from "../../support/keeper-file.ts";
import { selectorsIn } from "../../support/metric-selectors.ts";
import { sourcesOf } from "../../support/source-files.ts";
import { watchFigures } from "../../support/watch-figures.ts";
import { keeperStatus } from "../../support/keeper-status.ts";

const read = (file: string) => readFileSync(`${PROJECT_ROOT}${file}`, "utf8");
const ALERTS = read("ops/prometheus/keeper-alerts.yml");
const DASHBOARD = read("ops/grafana/keepers-dashboard.json");
const UNIT = read("ops/systemd/ballast-keeper@.service");
const DOCKERFILE = read("ops/docker/Dockerfile");
const GUIDE = read("docs/running-a-keeper.md");
const WATCH_ALERTS = read("ops/prometheus/watchtower-alerts.yml");
const WATCH_UNIT = read("ops/systemd/ballast-watchtower.service");
const WATCH_GUIDE = read("docs/watchtower.md");

const CHECKS = ["nodes", "chain", "store", "peers", "market data BTC", "market history"].map((name) => ({
  name,
  ok: true,
  detail: "",
}));

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
    const metrics = createKeeperMetrics();
    metrics.countEvents(recordingTelemetry()).error("event");
    metrics
      .countMessages(createGossipRoom().join("0x"))
      .publish({ kind: "wish", epoch: 1n, newest: { epoch: 0n, round: 0 } });
    text = await metrics.text(keeperStatus({ checks: CHECKS }), 0);
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

  it("asks for labels and values that the metrics carry", () => {
    const expressions = ALERTS + JSON.stringify(DASHBOARD).replaceAll("\\", "");
    const selectors = selectorsIn(expressions, text).filter(({ matchers }) => matchers > 0);
    expect(selectors.length).to.be.greaterThan(5);
    for (const { text: asked, series } of selectors) expect(series, asked).not.to.deep.equal([]);
  });

  it("shows of every keeper its last report's age, deviation, streaks, gas and the quorum's margin", () => {
    for (const name of [
      "last_report_timestamp_seconds",
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

  it("gives a watchtower alerts on metrics that it exports, each explained, and a unit of its own", async () => {
    const metrics = createWatchMetrics();
    metrics.countEvents(recordingTelemetry()).error("event");
    const shown = await metrics.text(watchFigures());
    const names = new Set(WATCH_ALERTS.match(/ballast_watchtower_[a-z0-9_]+/g));
    expect(names.size).to.be.greaterThan(5);
    for (const name of names) expect(shown).to.include(`# TYPE ${name} `);
    for (const [, judgement = ""] of WATCH_ALERTS.matchAll(/judgement="([a-z-]+)"/g))
      expect(shown).to.include(`accepted_reports_total{judgement="${judgement}"}`);
    const alerts = [...WATCH_ALERTS.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
    for (const name of alerts) expect(WATCH_GUIDE, name).to.match(new RegExp(`^### ${name}$`, "m"));
    expect(WATCH_UNIT)
      .to.match(/^User=ballast$/m)
      .and.match(/^NoNewPrivileges=yes$/m);
  });

  it("shows a configuration that a keeper takes", async () => {
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(GUIDE) ?? [];
    await withFolder((folder) => {
      const file = writeKeeperFile(folder, example.replaceAll("0x…", `0x${"ab".repeat(32)}`));
      expect(loadKeeperConfig(file).name).to.equal("keeper-1");
    });
  });

  it("goes on starting while the chain is away, and examines before a start what a wait does not mend", () => {
    expect(UNIT)
      .to.match(/^StartLimitIntervalSec=0$/m)
      .and.match(/^ExecStartPre=.* keeper doctor --config-only --config \/etc\/ballast\/%i\/keeper\.json$/m)
      .and.match(/^Restart=always$/m)
      .and.match(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
  });

  it("puts the store of the guide's example where the unit lets the keeper write, and nothing else there", () => {
    const [, state = ""] = /^StateDirectory=(.*)$/m.exec(UNIT) ?? [];
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(GUIDE) ?? [];
    const { name, store } = JSON.parse(example) as { name: string; store: { file: string } };
    const writable = `/var/lib/${state.replace("%i", name)}`;
    expect(store.file).to.equal(`${writable}/keeper.sqlite`);
    expect(GUIDE).to.include(`/etc/ballast/${name} ${writable}`);
    expect(UNIT)
      .to.match(/^ProtectSystem=strict$/m)
      .and.match(/^User=ballast$/m);
  });

  it("has an image that runs the whole command line, is watched at the port it was told of, and holds no second Node", () => {
    expect(DOCKERFILE)
      .to.match(/^ENTRYPOINT \[.*"keeper\/cli\/main\.ts"\]$/m)
      .and.match(/^CMD \["keeper", "start"\]$/m)
      .and.match(/HEALTHCHECK[^]*BALLAST_KEEPER_HTTP_PORT/)
      .and.match(/npm prune --omit=dev --omit=optional/);
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    for (const name of ["node", "echarts"]) expect(dependencies).not.to.have.property(name);
    const imports = /from "([^."][^"]*)"/g;
    const used = [...sourcesOf("keeper").matchAll(imports)].map(([, name = ""]) => name);
    expect(used).not.to.include("echarts");
  });

  it("keeps a keeper's secrets and state out of images and commits", () => {
    for (const file of [".dockerignore", ".gitignore"])
      for (const kept of ["keys*", "password", "keeper*.json", "*.sqlite"])
        expect(read(file), `${file}: ${kept}`).to.include(kept);
  });

  it("runs without root and without a password on the command line", () => {
    expect(DOCKERFILE).to.match(/^USER [1-9][0-9]+$/m);
    expect(UNIT)
      .to.match(/^User=ballast$/m)
      .and.match(/^NoNewPrivileges=yes$/m)
      .and.match(/^KillSignal=SIGTERM$/m);
    for (const start of [DOCKERFILE, UNIT]) expect(start).to.include("keeper/cli/main.ts");
  });

  it("starts a keeper everywhere with the flags that its memory is measured with", () => {
    const program = "keeper/cli/main.ts";
    expect(UNIT).to.include(`${KEEPER_FLAGS.join(" ")} ${program} keeper start`);
    expect(DOCKERFILE).to.include([...KEEPER_FLAGS, program].map((word) => `"${word}"`).join(", "));
    expect(read("scripts/ballast")).to.include(`flags=(${KEEPER_FLAGS.join(" ")})`);
  });

  it("give all threads of a keeper one pool of memory, from which large pieces go back at once", () => {
    const variables = ALLOCATOR.join(" ");
    expect(UNIT).to.match(new RegExp(`^Environment=${variables}$`, "m"));
    expect(DOCKERFILE).to.match(new RegExp(`^ENV .*${variables}$`, "m"));
    expect(read("scripts/ballast")).to.include(`export ${variables}\n`);
  });

  it("let Node keep what it made of the sources, in folders that the keeper may write", () => {
    expect(read("scripts/ballast")).to.include(`$project/${COMPILE_CACHE}`);
    expect(UNIT).to.match(/^Environment=NODE_COMPILE_CACHE=\/var\/cache\/ballast$/m);
    expect(UNIT).to.match(/^CacheDirectory=ballast$/m);
    const kept = /NODE_COMPILE_CACHE=(\S+)/.exec(DOCKERFILE)?.[1];
    expect(kept).to.equal("/opt/ballast/compiled");
    // The engine takes only what was compiled with the same flags.
    const compile = [...KEEPER_FLAGS, "keeper/cli/main.ts", "keeper", "compile"];
    const inImage = DOCKERFILE.indexOf(`RUN [${["node", ...compile].map((word) => `"${word}"`).join(", ")}]`);
    expect(inImage).to.be.within(
      DOCKERFILE.indexOf("COPY --from=build /build/data"),
      DOCKERFILE.indexOf("USER 10001"),
    );
    expect(UNIT).to.include(`ExecStartPre=/opt/ballast/node_modules/.bin/node ${compile.join(" ")}\n`);
    expect(read("scripts/ballast")).to.include('"$node" "${flags[@]}" "$main" keeper compile');
  });
});
