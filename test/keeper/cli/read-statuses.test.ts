import { expect } from "chai";
import { startStatusServer, type StatusServer } from "../../../keeper/adapters/http/status-server.ts";
import { readStatuses, statusLines } from "../../../keeper/cli/keeper/read-statuses.ts";
import type { KeeperStatus } from "../../../keeper/ports/keeper-status.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { keeperStatus, memberStatus } from "../../support/keeper-status.ts";

const metrics = { contentType: "text/plain", text: () => Promise.resolve("") };
const COLUMNS = [
  "keeper",
  "ready",
  "chain's report",
  "age",
  "last signed",
  "age",
  "from median",
  "signed",
  "missed",
  "gas balance",
  "quorum margin",
  "peers",
];
const cells = (line: string) => line.trim().split(/ {2,}/);

describe("ballast keeper status", () => {
  const servers: StatusServer[] = [];
  const serving = async (status: () => KeeperStatus): Promise<string> => {
    const where = { host: "127.0.0.1", port: 0 };
    const server = await startStatusServer({
      ...where,
      status,
      evidence: () => [],
      observations: () => null,
      metrics,
      accountRisk: null,
      telemetry: recordingTelemetry(),
    });
    servers.push(server);
    return server.url;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it("shows of each keeper its reports and their ages, deviation, streaks, gas and quorum margin", async () => {
    const self = memberStatus(0, {
      lastReport: { epoch: 11n, round: 9, observedAtSeconds: 1_769_999_970 },
      deviationBps: -3.456,
      signedStreak: 0,
      missedStreak: 2,
    });
    const url = await serving(() => keeperStatus({ members: [memberStatus(1, { isSelf: false }), self] }));
    const [head = "", , row = ""] = statusLines(await readStatuses([url]));
    expect(cells(head)).to.deep.equal(COLUMNS);
    const shown = cells(row);
    expect(shown[0]).to.equal("keeper-1 0xa1a1a1a1");
    expect(shown[2]).to.match(/^12\/1 /);
    expect(shown[4]).to.match(/^11\/9 /);
    expect([shown[1], shown[3], ...shown.slice(5)]).to.deep.equal([
      "yes",
      "10 s",
      "40 s",
      "-3.46 bps",
      "0",
      "2",
      "1.5000 ETH",
      "1",
      "4/4",
    ]);
  });

  it("shows a keeper that is not ready with what keeps it, beside one that does not answer", async () => {
    const checks = [
      { name: "store", ok: true, detail: "open" },
      { name: "peers", ok: false, detail: "1 of 4 keepers reachable, 3 needed" },
    ];
    const ill = await serving(() => keeperStatus({ ready: false, checks, report: null, members: [] }));
    const blind = await serving(() => {
      throw new Error("a defect");
    });
    const answers = await readStatuses([ill, blind, "http://127.0.0.1:1"]);
    const lines = statusLines(answers).join("\n");
    expect(lines)
      .to.include("NO")
      .and.include("keeper-1 is not ready: peers: 1 of 4 keepers reachable, 3 needed")
      .and.include("it answers 500")
      .and.include("no answer")
      .and.not.include("store: open");
    expect(answers.map(({ status }) => status === null)).to.deep.equal([false, true, true]);
  });

  it("takes no other program for a keeper", async () => {
    const url = await serving(() => keeperStatus({ members: null as unknown as [] }));
    expect((await readStatuses([`${url}/`]))[0]?.problem).to.include("no keeper's status");
  });
});
