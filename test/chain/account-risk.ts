// The account-risk table from the chain and back: keepers make it, agree on its root, post it, and the contract believes its rows.
import { expect } from "chai";
import type { AccountRisk } from "../../keeper/core/report/account-risk.ts";
import { NO_ACCOUNT_ROOT } from "../../keeper/core/report/account-root.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import type { RootedReport } from "../../keeper/ports/account-risk-chain.ts";
import type { AccountRiskTables } from "../../keeper/services/account-risk.ts";
import { treeOf } from "../support/account-risk-double.ts";
import { joinRiskKeepers, keptBy, type RiskKeepers } from "../support/account-risk-keepers.ts";
import { BTC, openDesk, UNIT_E8, USD, type Desk } from "../support/ballast-desk.ts";

const KEEPERS = [4, 5, 6, 7, 16, 17, 18];
const FAULTS = 2;
const LAGGARD = 5;
const LIAR = 6;
/** After the reports that the desk itself posts. */
const EPOCH = 9n;
const ACCOUNTS = 19n;
const TABLE_MS = 20_000;
const POLL_MS = 20;

describe("seven keepers of accounts' risk, one of whom lies and one lags", () => {
  let desk: Desk;
  let keepers: RiskKeepers;
  let honest: readonly AccountRiskTables[];
  /** What the laggard takes for the chain's last report. */
  let stuck: RootedReport | null = null;

  /** Waits until every honest keeper has the table of a report. */
  const tablesAfter = async (roots: readonly string[]) => {
    for (const end = performance.now() + TABLE_MS; performance.now() < end;) {
      const named = honest.map((tables) => tables.root());
      if (named.every((root) => root === named[0] && root !== NO_ACCOUNT_ROOT && !roots.includes(root)))
        return named[0] ?? NO_ACCOUNT_ROOT;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`the keepers have no table: ${honest.map((tables) => tables.root()).join(" ")}`);
  };
  /** Waits until a keeper has seen the root that the chain carries. */
  const provenBy = async (tables: AccountRiskTables, account: bigint, accountRoot: string) => {
    for (const end = performance.now() + TABLE_MS; performance.now() < end;) {
      const answer = tables.proof(account);
      if (answer.kind === "proven" && answer.accountRoot === accountRoot) return answer;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`no proof: ${tables.proof(account).kind}`);
  };
  const post = async ({ report, signatures }: SignedReport) => {
    const call = { ...report, markets: [...report.markets], smiles: [...report.smiles] };
    const sent = await desk.ballast.oracle.submit(call, [...signatures]);
    return (await sent.wait())?.blockNumber ?? 0;
  };
  const verify = (row: AccountRisk, proof: readonly string[]) =>
    desk.ballast.accountRisk.verifyAccountRisk(row, [...proof]);

  before(async () => {
    desk = await openDesk(KEEPERS, keptBy(KEEPERS, FAULTS));
    const [buyer, seller] = [await desk.openAccount(500_000n * USD), await desk.openAccount(500_000n * USD)];
    for (let account = 3n; account <= ACCOUNTS; account++)
      await desk.ballast.house.openAccount(buyer.owner.address);
    const call = await desk.list(BTC, "call", 95_000n);
    await desk.trade(buyer, seller, call, UNIT_E8, 4_000n * UNIT_E8);
    await desk.report();
    keepers = await joinRiskKeepers(desk, KEEPERS, EPOCH, {
      [LAGGARD]: {
        sees: (chain) => ({
          ...chain,
          lastReport: async () => stuck ?? (await chain.lastReport()),
        }),
      },
      [LIAR]: { names: () => treeOf([lie(EPOCH)]).root },
    });
    honest = keepers.tables.filter((_tables, index) => index !== LAGGARD && index !== LIAR);
  });
  after(() => {
    keepers.stop();
  });

  /** The first account as rich as a liar would have it. */
  const lie = (epoch: bigint): AccountRisk => ({
    epoch,
    round: 1,
    account: 1n,
    equityE6: 10n ** 15n,
    initialE6: 0n,
    maintenanceE6: 0n,
  });

  it("publish the table of the report before, and the chain believes its rows and no other", async () => {
    const first = await tablesAfter([]);
    const header = await desk.ballast.oracle.header();
    stuck = {
      epoch: header.epoch,
      round: Number(header.round),
      observedAtSeconds: Number(header.observedAt),
      accountRoot: NO_ACCOUNT_ROOT,
    };
    const early = await keepers.nextReport();
    expect(early.report.accountRoot).to.equal(first);
    const acceptedIn = await post(early);
    const second = await tablesAfter([first]);
    // What happens after the acceptance is not in the table.
    const trader = { owner: desk.signers[10]!, account: 1n };
    await desk.depositCash(trader, 1_000n * USD);

    const late = await keepers.nextReport();
    expect(late.report.accountRoot).to.equal(second);
    await post(late);
    expect(await desk.ballast.oracle.accountRoot()).to.equal(second);

    for (const account of [1n, 2n, ACCOUNTS]) {
      const { row, proof, leaf } = await provenBy(honest[0]!, account, second);
      const at = { blockTag: acceptedIn };
      const [view] = await desk.ballast.lens.health(account, 1n, at);
      expect(row).to.deep.equal({
        epoch: early.report.epoch,
        round: early.report.round,
        account,
        equityE6: view?.margin.equityE6,
        initialE6: view?.margin.initialE6,
        maintenanceE6: view?.margin.maintenanceE6,
      });
      expect(await desk.ballast.accountRisk.hashAccountRisk(row)).to.equal(leaf);
      expect(await verify(row, proof)).to.equal(true);
      expect(await verify({ ...row, equityE6: row.equityE6 + 1n }, proof)).to.equal(false);
      expect(await verify(lie(early.report.epoch), proof)).to.equal(false);
      expect(await verify(lie(EPOCH), [])).to.equal(false);
    }
  });

  it("leave the laggard's row behind, whose table is older, and serve no proof under a root they do not know", async () => {
    const accountRoot = await desk.ballast.oracle.accountRoot();
    const lagging = keepers.tables[LAGGARD]!;
    expect(lagging.root()).not.to.equal(accountRoot);
    expect(lagging.proof(1n)).to.deep.equal({ kind: "no-root" });
    stuck = { ...stuck!, accountRoot: lagging.root() };
    const { row, proof } = await provenBy(lagging, 1n, lagging.root());
    expect(await verify(row, proof)).to.equal(false);
  });
});
