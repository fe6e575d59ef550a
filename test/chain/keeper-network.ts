import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { HDNodeWallet, ZeroHash } from "ethers";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { hashParameters } from "../../keeper/adapters/ethers/config-digest.ts";
import { DEFAULT_PARAMETERS } from "../../keeper/core/protocol/parameters.ts";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import { launchKeepers, type KeeperNetwork } from "../../scripts/network/keeper-network.ts";
import { peakMemoryBytes } from "../../scripts/network/peak-memory.ts";
import { registeredKeepers, withFreePorts } from "../../scripts/network/registered-keepers.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import type { AccountRiskStruct } from "../../types/ethers-contracts/periphery/AccountRiskVerifier.ts";
import { runBallast } from "../support/run-ballast.ts";
import { selectorsIn } from "../support/metric-selectors.ts";
import { DATA_FOLDER, EPISODE, openReplayChain, type ReplayChain } from "../support/replay-chain.ts";

const KEEPERS = 4;
const ACCOUNTS = 3;
/** Of each process, at any time. */
const MEMORY_BAR_BYTES = 200_000_000;
/** Hardhat's accounts come from its well-known phrase: report keys as registered, transmitters with money for gas. */
const PHRASE = "test test test test test test test test test test test junk";
const FIRST_TRANSMITTER = 15;
const PROVER_ACCOUNT = "9";
const REPORT_MS = 45_000;
const POLL_MS = 100;
const STOP_MS = 8_000;
const PROTOCOL = {
  slotSeconds: 3,
  progressMs: 2_000,
  resendMs: 300,
  maxClockOffsetSeconds: 1,
  stageMs: 1_000,
} as const;
const AGREED_HASH = hashParameters({ ...DEFAULT_PARAMETERS, ...PROTOCOL });
const OTHER_HASH = `0x${"ab".repeat(32)}`;

const account = (index: number) => HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`);

describe("four keepers as processes", function () {
  let chain: ReplayChain;
  let network: KeeperNetwork;
  let epochRound = { epoch: 0n, round: 0n };

  before(async () => {
    const parameters = await withFreePorts(await loadParameters("replay"));
    chain = await openReplayChain(() => ({
      ...parameters,
      keepers: { ...parameters.keepers, parametersHash: AGREED_HASH },
    }));
    for (let opened = 0; opened < ACCOUNTS; opened++)
      await chain.ballast.house.openAccount(account(FIRST_TRANSMITTER).address);
    const shared = {
      clock: "chain",
      marketData: { kind: "replay", dataFolder: DATA_FOLDER, episode: EPISODE },
      limits: { maxDataAgeSeconds: 86_400 },
      protocol: PROTOCOL,
    } as const;
    const plan = {
      folder: chain.folder,
      deploymentFile: chain.deploymentFile,
      rpcUrls: [chain.url],
      shared,
    };
    network = await launchKeepers(plan, registeredKeepers(chain.parameters, account, FIRST_TRANSMITTER));
    await chain.tick();
  });
  after(async () => {
    await network.stop();
    await chain.close();
  });

  /** Waits for a report after the last one seen. */
  const nextReport = async () => {
    const deadline = performance.now() + REPORT_MS;
    while (performance.now() < deadline) {
      const { epoch, round, observedAt } = await chain.ballast.oracle.header();
      if (epoch > epochRound.epoch || (epoch === epochRound.epoch && round > epochRound.round)) {
        epochRound = { epoch, round };
        return Number(observedAt);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const log = network
      .keeper(0)
      .log.slice(-40)
      .map((line) => JSON.stringify(line));
    throw new Error(`no report within ${REPORT_MS} ms; the first keeper's log:\n${log.join("\n")}`);
  };

  it("agree on a report, sign it and post it", async () => {
    expect(await nextReport()).to.be.greaterThan(0);
    const ready = await fetch(`${network.keeper(0).url}/readyz`);
    expect(ready.status, await ready.text()).to.equal(200);
  });

  it("are owed a share for each signature, and the carrier its own", async () => {
    const { rewards, keepers, oracle } = chain.ballast;
    const owed = await Promise.all((await keepers.keepers()).map((key) => rewards.owedUnits(key)));
    const unit = await rewards.unitsPerSignature();
    const reports = BigInt((await oracle.queryFilter(oracle.filters.ReportAccepted)).length);
    const perReport = (await keepers.quorum()) + (await rewards.carriageShares());
    expect(owed.reduce((sum, units) => sum + units, 0n)).to.equal(await rewards.totalOwedUnits());
    expect(await rewards.totalOwedUnits()).to.equal(reports * perReport * unit);
  });

  it("show the observations behind it, from which a watchtower computes the same report", async () => {
    const shown = [0, 1, 2, 3].flatMap((index) => ["--keeper", network.keeper(index).url]);
    const [config = ""] = network.configFiles;
    const run = await runBallast(null, [
      ...["watchtower", "--once", "--json", "--config", config, "--dev-account", PROVER_ACCOUNT],
      ...[...shown, "--from-block", "0", "--store", join(chain.folder, "watchtower.sqlite")],
    ]);
    expect(run.code, run.err).to.equal(0);
    expect(JSON.parse(run.out)).to.include({ recomputed: 1, miscomputed: 0, notRecomputed: 0 });
  });

  it("report again when the market has moved on", async () => {
    const before = epochRound;
    await chain.moveTo(1);
    await nextReport();
    expect(epochRound).not.to.deep.equal(before);
  });

  it("carry the root of the account-risk table, and serve rows that the chain believes", async () => {
    const { oracle, accountRisk } = chain.ballast;
    const report = nameOfRound({ epoch: epochRound.epoch, round: Number(epochRound.round) });
    const computed = chain.parameters.keepers.entries.map((_, index) =>
      network.keeper(index).logged("account-risk-computed", REPORT_MS, (line) => line["report"] === report),
    );
    for (const { accounts } of await Promise.all(computed)) expect(accounts).to.equal(ACCOUNTS);
    await chain.moveTo(2);
    await nextReport();
    expect(await oracle.accountRoot()).not.to.equal(ZeroHash);
    // The keeper may not have seen the newest report yet, and its row is of the root before.
    const ask = async () =>
      (await (await fetch(`${network.keeper(0).url}/account-risk/2`)).json()) as {
        accountRoot?: string;
        row: AccountRiskStruct;
        proof: string[];
      };
    let answer = await ask();
    for (const end = performance.now() + REPORT_MS; performance.now() < end; answer = await ask()) {
      if (answer.accountRoot === (await oracle.accountRoot())) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const { row, proof } = answer;
    expect(row).to.include({ account: "2", equityE6: "0" });
    expect(await accountRisk.verifyAccountRisk(row, proof)).to.equal(true);
    expect(await accountRisk.verifyAccountRisk({ ...row, equityE6: 1n }, proof)).to.equal(false);
  });

  it("show each other's streaks and deviations, and each its own balance", async () => {
    const ask = async () =>
      (await (await fetch(`${network.keeper(1).url}/status.json`)).json()) as {
        quorum: { reachable: number; margin: number };
        members: { isSelf: boolean; lastReport: unknown; balanceWei: string | null }[];
      };
    let status = await ask();
    // A connection may be on its way.
    for (const deadline = performance.now() + REPORT_MS; performance.now() < deadline; status = await ask())
      if (status.quorum.reachable === KEEPERS) break;
    expect(status.quorum).to.deep.include({ reachable: 4, margin: 1 });
    expect(status.members).to.have.length(KEEPERS);
    expect(status.members.filter(({ lastReport }) => lastReport !== null).length).to.be.greaterThan(2);
    for (const { isSelf, balanceWei } of status.members)
      expect(balanceWei !== null && BigInt(balanceWei) > 0n).to.equal(isSelf);
  });

  it("serve every series that the alerts ask for", async () => {
    const metrics = await (await fetch(`${network.keeper(0).url}/metrics`)).text();
    const rules = readFileSync(`${PROJECT_ROOT}ops/prometheus/keeper-alerts.yml`, "utf8");
    // A recording has no sources.
    const asked = selectorsIn(rules, metrics).filter(
      ({ text }) => !text.startsWith("ballast_keeper_source_"),
    );
    expect(asked.length).to.be.greaterThan(15);
    for (const { text, series } of asked) expect(series, text).not.to.deep.equal([]);
  });

  it("measure how long after its slot's beginning a report is signed", async () => {
    const { sinceSlotMs } = await network.keeper(0).logged("report-signed", REPORT_MS);
    expect(Number(sinceSlotMs)).to.be.greaterThan(0);
  });

  it("go on reporting when one is killed, and take it back when it returns", async () => {
    await network.kill(2);
    await chain.moveTo(3);
    await nextReport();
    await network.restart(2);
    await chain.moveTo(4);
    await nextReport();
    await network.keeper(2).logged("keeper-started", REPORT_MS);
  });

  it("sign nothing once governance agrees to parameters that are not theirs, and say which", async () => {
    await chain.agreeOn(OTHER_HASH);
    await chain.moveTo(5);
    const refused = await Promise.any(
      chain.parameters.keepers.entries.map((_, index) =>
        network
          .keeper(index)
          .logged("round-message-failed", REPORT_MS, ({ reason }) =>
            String(reason).includes(`the chain says ${OTHER_HASH}`),
          ),
      ),
    );
    expect(refused["reason"]).to.include("ChainDisagrees").and.include("protocol parameters");
  });

  it("report under the new configuration once it is theirs again", async () => {
    const replaced = await chain.ballast.keepers.configDigest();
    await chain.moveTo(6);
    await chain.agreeOn(AGREED_HASH);
    const digest = await chain.ballast.keepers.configDigest();
    expect(digest).not.to.equal(replaced);
    await chain.moveTo(7);
    await nextReport();
    const followed = chain.parameters.keepers.entries.map((_, index) =>
      network.keeper(index).logged("peers-changed", REPORT_MS, (line) => line["configDigest"] === digest),
    );
    await Promise.all(followed);
  });

  it("have never held more memory than a keeper may", () => {
    for (let index = 0; index < KEEPERS; index++)
      expect(peakMemoryBytes(network.keeper(index).pid) ?? 0, `keeper ${index}`).to.be.below(
        MEMORY_BAR_BYTES,
      );
  });

  it("end with 0 within seconds when told to", async () => {
    const asked = performance.now();
    expect(await network.stop()).to.deep.equal([0, 0, 0, 0]);
    expect(performance.now() - asked).to.be.lessThan(STOP_MS);
  });
});
