import { expect } from "chai";
import { MAX_TABLE_ACCOUNTS, readAccountRiskTable } from "../../../keeper/services/account-risk-table.ts";
import {
  accountRiskDouble,
  keccak,
  marginAt,
  treeOf,
  type AccountRiskDouble,
} from "../../support/account-risk-double.ts";

const REPORT = { epoch: 3n, round: 7 };
const BLOCK = 50n;

const readWith = ({ chain }: AccountRiskDouble, nowMs: () => number = () => 0) =>
  readAccountRiskTable({ chain, timer: { nowMs }, keccak256: keccak }, REPORT, new AbortController().signal);

const refusal = (double: AccountRiskDouble, nowMs?: () => number) =>
  readWith(double, nowMs).then(
    () => "read",
    (error: unknown) => String(error),
  );

describe("the account-risk table of a report", () => {
  it("has a row of every account in the state of the block that accepted the report", async () => {
    for (const accounts of [1n, 15n, 16n, 17n, 33n]) {
      const double = accountRiskDouble(accounts);
      const table = await readWith(double);
      const rows = Array.from({ length: Number(accounts) }, (_, i) => ({
        ...REPORT,
        ...marginAt(BigInt(i + 1), BLOCK),
      }));
      expect(table.rows).to.deep.equal(rows);
      expect(table.tree?.root).to.equal(treeOf(rows).root);
      expect(double.asked.map(([, , block]) => block)).to.deep.equal(double.asked.map(() => BLOCK));
    }
  });

  it("is read a few accounts at a time, one question after the other", async () => {
    const double = accountRiskDouble(40n);
    let open = 0;
    double.beforeMargins = async () => {
      open++;
      expect(open).to.equal(1);
      await Promise.resolve();
      open--;
    };
    await readWith(double);
    expect(double.asked).to.deep.equal([
      [1n, 16n, BLOCK],
      [17n, 16n, BLOCK],
      [33n, 16n, BLOCK],
    ]);
  });

  it("is empty, without a tree, while there are no accounts", async () => {
    expect(await readWith(accountRiskDouble(0n))).to.deep.include({ rows: [], tree: null });
  });

  it("is none of more accounts than it may have, and nobody is asked for one of them", async () => {
    const double = accountRiskDouble(MAX_TABLE_ACCOUNTS + 1n);
    expect(await refusal(double)).to.match(/3\/7: there are 2049 accounts, at most 2048/);
    expect(double.asked).to.deep.equal([]);
  });

  it("is given up when it takes too long", async () => {
    const double = accountRiskDouble(100n);
    let now = 0;
    double.beforeMargins = () => {
      now += 25_000;
      return Promise.resolve();
    };
    expect(await refusal(double, () => now)).to.match(/after 60000 ms only 48 of 100/);
  });

  it("is none when the block was replaced while it was read, or does not show the report", async () => {
    const replaced = accountRiskDouble(3n);
    replaced.beforeMargins = () => {
      replaced.state.fork++;
      return Promise.resolve();
    };
    expect(await refusal(replaced)).to.include("block 50 was replaced meanwhile");
    const unseen = accountRiskDouble(3n);
    unseen.state.isAccepted = false;
    expect(await refusal(unseen)).to.include("do not show its acceptance");
  });

  it("stops between two questions when it is told to", async () => {
    const double = accountRiskDouble(100n);
    const stop = new AbortController();
    double.beforeMargins = () => {
      stop.abort(new Error("told to end"));
      return Promise.resolve();
    };
    const { chain } = double;
    const reading = readAccountRiskTable(
      { chain, timer: { nowMs: () => 0 }, keccak256: keccak },
      REPORT,
      stop.signal,
    );
    expect(await reading.then(String, String)).to.include("told to end");
    expect(double.asked).to.have.length(1);
  });
});
