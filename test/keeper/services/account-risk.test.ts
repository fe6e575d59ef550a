import { expect } from "chai";
import { accountRiskLeaf } from "../../../keeper/core/report/account-risk.ts";
import { NO_ACCOUNT_ROOT } from "../../../keeper/core/report/account-root.ts";
import { merkleTree } from "../../../keeper/core/report/merkle-tree.ts";
import { createAccountRisk } from "../../../keeper/services/account-risk.ts";
import { accountRiskDouble, keccak, marginAt } from "../../support/account-risk-double.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const LOOK_MS = 3_000;
const START_SECONDS = 1_770_000_000;

function keeping(accounts = 20n) {
  const double = accountRiskDouble(accounts);
  const time = virtualTime(START_SECONDS);
  const telemetry = recordingTelemetry();
  const { chain } = double;
  const tables = createAccountRisk({
    chain,
    timer: time.timer,
    telemetry,
    keccak256: keccak,
    lookMs: LOOK_MS,
  });
  const stop = new AbortController();
  const ended = tables.follow(stop.signal);
  /** The chain accepts the next report, which carries what this keeper names. */
  const accept = async () => {
    double.state.accountRoot = tables.root();
    double.state.epoch++;
    double.state.blockNumber += 5n;
    await time.run(LOOK_MS);
  };
  const lines = (name: string) => telemetry.lines.filter(({ event }) => event === name);
  return { ...double, double, time, tables, stop, ended, accept, lines };
}

describe("a keeper's account-risk tables", () => {
  it("name the root of the table of the chain's last report, made once", async () => {
    const { tables, time, asked, lines, state } = keeping();
    expect(tables.root()).to.equal(NO_ACCOUNT_ROOT);
    await time.run(5 * LOOK_MS);
    const leaves = Array.from({ length: 20 }, (_, i) =>
      accountRiskLeaf({ epoch: 3n, round: 7, ...marginAt(BigInt(i + 1), state.blockNumber) }, keccak),
    );
    expect(tables.root()).to.equal(merkleTree(leaves, keccak).root);
    expect(asked).to.have.length(2);
    expect(lines("account-risk-computed").map(({ fields }) => fields)).to.deep.equal([
      { report: "3/7", accounts: 20, root: tables.root(), tookMs: 0 },
    ]);
  });

  it("prove an account under the root that the chain's last report carries, which is the table before the newest", async () => {
    const { tables, accept, time } = keeping();
    await time.run(0);
    const first = tables.root();
    await accept();
    expect(tables.root()).not.to.equal(first);
    const answer = tables.proof(2n);
    if (answer.kind !== "proven") throw new Error(answer.kind);
    expect(answer.accountRoot).to.equal(first);
    expect(answer.row).to.deep.equal({ epoch: 3n, round: 7, ...marginAt(2n, 50n) });
    const walked = answer.proof.reduce(
      (node, sibling) => merkleTree([node, sibling], keccak).root,
      answer.leaf,
    );
    expect(walked).to.equal(first);
  });

  it("say why they prove nothing", async () => {
    const { tables, accept, time, state } = keeping();
    await time.run(0);
    expect(tables.proof(1n)).to.deep.equal({ kind: "no-root" });
    await accept();
    expect(tables.proof(21n)).to.deep.equal({ kind: "no-account", accounts: 20 });
    state.accountRoot = keccak("0x01");
    await time.run(LOOK_MS);
    expect(tables.proof(1n)).to.deep.equal({ kind: "unknown-root", accountRoot: state.accountRoot });
  });

  it("are kept for four reports and no longer", async () => {
    const { tables, accept, time, state } = keeping();
    await time.run(0);
    const first = tables.root();
    for (let reports = 0; reports < 3; reports++) await accept();
    state.accountRoot = first;
    await time.run(LOOK_MS);
    expect(tables.proof(1n).kind).to.equal("proven");
    await accept();
    state.accountRoot = first;
    await time.run(LOOK_MS);
    expect(tables.proof(1n).kind).to.equal("unknown-root");
  });

  it("name the older root while the next table is being made, for nobody waits for it", async () => {
    const { double, tables, time, accept } = keeping();
    await time.run(0);
    const first = tables.root();
    const next = Promise.withResolvers<undefined>();
    double.beforeMargins = () => next.promise;
    await accept();
    expect(tables.root()).to.equal(first);
    next.resolve(undefined);
    await time.run(0);
    expect(tables.root()).not.to.equal(first);
  });

  it("name none when a table cannot be made, after three attempts, and the next report's again", async () => {
    const { tables, time, accept, state, asked, lines } = keeping();
    await time.run(0);
    const before = asked.length;
    state.trouble = new Error("missing trie node");
    await accept();
    expect(tables.root()).to.equal(NO_ACCOUNT_ROOT);
    await time.run(10 * LOOK_MS);
    expect(asked.length - before).to.equal(3);
    expect(lines("account-risk-not-computed")).to.have.length(3);
    expect(String(lines("account-risk-not-computed")[0]?.fields["reason"])).to.include("missing trie node");
    state.trouble = null;
    await accept();
    expect(tables.root()).not.to.equal(NO_ACCOUNT_ROOT);
  });

  it("are made anew when the block that accepted the report was replaced", async () => {
    const { tables, time, state } = keeping();
    await time.run(0);
    const first = tables.root();
    state.fork++;
    state.blockNumber += 1n;
    await time.run(LOOK_MS);
    expect(tables.root()).not.to.equal(first);
  });

  it("are none before the first report, and while there are no accounts", async () => {
    const early = keeping();
    early.state.observedAtSeconds = 0;
    await early.time.run(LOOK_MS);
    expect([early.tables.root(), early.asked.length]).to.deep.equal([NO_ACCOUNT_ROOT, 0]);
    const empty = keeping(0n);
    await empty.time.run(LOOK_MS);
    expect(empty.tables.root()).to.equal(NO_ACCOUNT_ROOT);
    expect(empty.lines("account-risk-not-computed")).to.deep.equal([]);
  });

  it("end when they are told to, and say nothing of it", async () => {
    const { stop, ended, time, lines, asked } = keeping();
    await time.run(0);
    stop.abort(new Error("the end"));
    await ended;
    const before = asked.length;
    await time.run(10 * LOOK_MS);
    expect([asked.length, lines("account-risk-not-computed")]).to.deep.equal([before, []]);
  });
});
