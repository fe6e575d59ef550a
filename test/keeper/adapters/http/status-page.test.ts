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
  hidden: boolean;
  children: Node[];
  append(...nodes: Node[]): void;
  replaceChildren(...nodes: Node[]): void;
}

function node(): Node {
  const made: Node = {
    textContent: "",
    className: "",
    hidden: true,
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
  const figures = getElementById("figures").children.map(
    ({ children: [name, value] }) =>
      [name?.textContent ?? "", { text: value?.textContent, mark: value?.className }] as const,
  );
  return {
    rows,
    figures: new Map(figures),
    sources: getElementById("sources").children.map(({ textContent }) => textContent),
    nodes: getElementById("nodes").children.map(({ textContent }) => textContent),
    isShown: !getElementById("main").hidden,
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
    expect(figures.get("Last report")?.text).to.equal("epoch 12, round 1");
    expect(figures.get("Its age")?.text).to.equal("10 s");
    expect(figures.get("Reachable keepers")?.text).to.equal("2 of 4, 3 needed");
    expect(figures.get("Quorum margin")).to.deep.equal({ text: "-1", mark: "bad" });
    expect(state).to.equal("Ready");
  });

  it("marks that no keeper more may fail", async () => {
    const last = await shown(keeperStatus({ quorum: { members: 4, required: 3, reachable: 3, margin: 0 } }));
    expect(last.figures.get("Quorum margin")).to.deep.equal({ text: "0", mark: "warn" });
  });

  it("shows what is known while the chain is away, and what is wrong with each node", async () => {
    const { figures, rows, nodes, sources, state } = await shown(
      keeperStatus({
        chain: null,
        heartbeatSeconds: null,
        transactions: null,
        nodes: [{ name: "http://node", problem: "no-answer: connect ECONNREFUSED" }],
        sources: [
          { market: "BTC", source: "kraken", refusal: null, ageSeconds: 2 },
          { market: "BTC", source: "okx", refusal: "stale", ageSeconds: 300 },
        ],
        ready: false,
        checks: [{ name: "nodes", ok: false, detail: "the chain cannot be read" }],
      }),
    );
    expect(state).to.equal("Not ready: nodes");
    expect(figures.get("Block")).to.deep.equal({ text: "not readable", mark: "bad" });
    expect(figures.get("Its age")?.text).to.equal("10 s");
    expect(rows).to.have.length(4);
    expect(sources).to.deep.equal(["✓ BTC kraken: counts, 2 s old", "✗ BTC okx: stale, 5 min old"]);
    expect(nodes).to.deep.equal(["✗ http://node: no-answer: connect ECONNREFUSED"]);
  });

  it("shows no quorum and nobody's reachability in a dry run", async () => {
    const members = [memberStatus(0, { isSelf: false, connected: null })];
    const { figures, rows } = await shown(keeperStatus({ mode: "dry-run", quorum: null, members }));
    expect([...figures.keys()]).not.to.include.members(["Quorum margin"]);
    expect(rows[0]?.[1]?.textContent).to.equal("–");
    expect(rows[0]?.[1]?.className).to.equal("");
  });

  it("says why a keeper is not ready, and that there is no status when there is none", async () => {
    const checks = [{ name: "store", ok: false, detail: "closed" }];
    const ill = await shown(keeperStatus({ ready: false, checks }));
    expect(ill.state).to.include("Not ready");
    expect(ill.checks).to.deep.equal(["✗ store: closed"]);
    const silent = await shown(null);
    expect(silent.state).to.include("No answer from the keeper: status.json answered 503");
    expect(silent.isShown).to.equal(false);
  });
});
