import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { PROJECT_ROOT } from "../../../../scripts/run-command.ts";
import type { KeeperStatus } from "../../../../keeper/ports/keeper-status.ts";
import { keeperStatus, memberStatus } from "../../../support/keeper-status.ts";

const PAGE = readFileSync(`${PROJECT_ROOT}keeper/adapters/http/status-page.html`, "utf8");
const [, SCRIPT = ""] = /<script>([\s\S]*?)<\/script>/.exec(PAGE) ?? [];
const HEADINGS = [...PAGE.matchAll(/<th scope="col">([^<]*)</g)].map(([, text = ""]) => text);

/** As much of an element as the page's script uses. */
interface Node {
  textContent: string;
  className: string;
  children: Node[];
  append(...nodes: Node[]): void;
  replaceChildren(...nodes: Node[]): void;
}

function node(): Node {
  const made: Node = {
    textContent: "",
    className: "",
    children: [],
    append: (...nodes) => made.children.push(...nodes),
    replaceChildren: (...nodes) => (made.children = nodes),
  };
  return made;
}

/** Runs the page's script on what a keeper's status.json answers. */
async function shown(status: KeeperStatus | null) {
  const nodes = new Map<string, Node>();
  const getElementById = (id: string) => {
    const known = nodes.get(id) ?? node();
    nodes.set(id, known);
    return known;
  };
  const text = JSON.stringify(status, (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  runInNewContext(SCRIPT, {
    document: { getElementById, createElement: node, title: "" },
    fetch: () =>
      Promise.resolve({ ok: status !== null, status: 503, json: () => Promise.resolve(JSON.parse(text)) }),
    setTimeout: () => undefined,
  });
  await new Promise(setImmediate);
  const rows = getElementById("members").children.map(({ children }) => children);
  const figures = getElementById("figures").children.map(({ children }) =>
    children.map((each) => each.textContent),
  );
  return {
    rows,
    figures: new Map(figures.map(([name = "", value = ""]) => [name, value])),
    state: getElementById("state").textContent,
    checks: getElementById("checks").children.map(({ textContent }) => textContent),
  };
}

describe("the status page", () => {
  it("shows of each keeper its last report and age, deviation, streaks and gas balance", async () => {
    const other = memberStatus(1, {
      connected: false,
      lastReport: null,
      deviationBps: null,
      signedStreak: 0,
      missedStreak: 3,
      balanceWei: null,
    });
    const { rows } = await shown(keeperStatus({ members: [memberStatus(0, { deviationBps: 1.25 }), other] }));
    const textOf = (index: number) => rows[index]?.map(({ textContent }) => textContent);
    expect(HEADINGS).to.deep.equal([
      "Keeper",
      "Reachable",
      "Last report signed",
      "Age",
      "From the median",
      "Signed in a row",
      "Missed in a row",
      "Gas balance",
    ]);
    expect(textOf(0)?.slice(1)).to.deep.equal([
      "yes",
      "epoch 12, round 1",
      "10 s",
      "+1.25 bps",
      "7",
      "0",
      "1.5000 ETH",
    ]);
    expect(textOf(0)?.[0]).to.include("(this one)");
    expect(textOf(1)?.slice(1)).to.deep.equal(["no", "none", "–", "–", "0", "3", "–"]);
    expect(rows[1]?.[6]?.className).to.equal("bad");
  });

  it("shows the chain's report, its age and the quorum's margin", async () => {
    const { figures, state } = await shown(
      keeperStatus({ quorum: { members: 4, required: 3, reachable: 2, margin: -1 } }),
    );
    expect(figures.get("Last report")).to.equal("epoch 12, round 1");
    expect(figures.get("Its age")).to.equal("10 s");
    expect(figures.get("Reachable keepers")).to.equal("2 of 4");
    expect(figures.get("Quorum margin")).to.equal("-1");
    expect(state).to.equal("Ready");
  });

  it("says why a keeper is not ready, and that there is no status when there is none", async () => {
    const checks = [{ name: "store", ok: false, detail: "closed" }];
    const ill = await shown(keeperStatus({ ready: false, checks }));
    expect(ill.state).to.include("Not ready");
    expect(ill.checks).to.deep.equal(["✗ store: closed"]);
    expect((await shown(null)).state).to.include("No status: status.json answered 503");
  });
});
