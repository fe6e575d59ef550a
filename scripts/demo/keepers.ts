import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Provider } from "ethers";
import type { EpisodeId } from "../../keeper/adapters/replay/episodes.ts";
import { type DeploymentRecord, writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import type { RiskOracle } from "../../types/ethers-contracts/oracle/RiskOracle.ts";
import type { ScenarioStore } from "../../types/ethers-contracts/oracle/ScenarioStore.ts";
import {
  launchKeepers,
  protocolInput,
  type KeeperNetwork,
  type LocalKeeper,
  type NetworkPlan,
} from "../network/keeper-network.ts";
import { type PostedReport, readNewestReport } from "./posted-report.ts";
import { REPLAY_PROTOCOL } from "./protocol.ts";

/** A report with the names of the keepers in place of their addresses. */
export interface AwaitedReport extends PostedReport {
  /** From the clock's move until the report stood on the chain. */
  readonly waitedMs: number;
}

/** What became of the keeper that was killed on the way. Counts are of reports. */
export interface KilledKeeper {
  readonly name: string;
  readonly after: number;
  /** Null while it is away. */
  readonly returnedAfter: number | null;
}

export interface DemoKeepersParts {
  readonly provider: Provider;
  readonly nodeUrl: string;
  readonly dataFolder: string;
  readonly episode: EpisodeId;
  readonly record: DeploymentRecord;
  readonly keepers: readonly LocalKeeper[];
  readonly oracle: RiskOracle;
  readonly scenarios: ScenarioStore;
}

/** Reports and scenario sets come within seconds; this is how long the replay waits before it gives up. */
const PATIENCE_MS = 60_000;
const POLL_MS = 25;
const MILLISECONDS = 1_000;
/** The one that is killed and comes back. */
const VICTIM = 1;
/** Snapshots lie at most so far apart. */
const MAX_DATA_AGE_SECONDS = 86_400;
const SHOWN_WARNINGS = 3;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts every keeper as a process of its own: keys, configuration and store in a folder that goes when they stop. */
export async function startKeepers(parts: DemoKeepersParts): Promise<DemoKeepers> {
  const folder = mkdtempSync(join(tmpdir(), "ballast-keepers-"));
  const removeFolder = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", removeFolder);
  const deploymentFile = join(folder, "deployment.json");
  writeDeploymentFile(deploymentFile, parts.record);
  const network = await launchKeepers(planOf(parts, folder, deploymentFile), parts.keepers);
  return new DemoKeepers(parts, network, removeFolder);
}

function planOf(
  { nodeUrl, dataFolder, episode }: DemoKeepersParts,
  folder: string,
  deploymentFile: string,
): NetworkPlan {
  return {
    folder,
    deploymentFile,
    rpcUrls: [nodeUrl],
    shared: {
      clock: "chain",
      marketData: { kind: "replay", dataFolder, episode },
      limits: { maxDataAgeSeconds: MAX_DATA_AGE_SECONDS },
      protocol: protocolInput(REPLAY_PROTOCOL),
    },
  };
}

/** The keepers' processes as the replay sees them. They work by the chain's clock and post by themselves. */
export class DemoKeepers {
  readonly #parts: DemoKeepersParts;
  readonly #network: KeeperNetwork;
  readonly #removeFolder: () => void;
  readonly #names: ReadonlyMap<string, string>;
  readonly #reports: AwaitedReport[] = [];
  #killed: KilledKeeper | null = null;
  #setId = 0n;

  constructor(parts: DemoKeepersParts, network: KeeperNetwork, removeFolder: () => void) {
    this.#parts = parts;
    this.#network = network;
    this.#removeFolder = removeFolder;
    this.#names = new Map(
      parts.keepers.flatMap(({ name, transmitter, report }) => [
        [transmitter.address, name],
        [report.address, name],
      ]),
    );
  }

  get names(): readonly string[] {
    return this.#parts.keepers.map(({ name }) => name);
  }

  get pids(): readonly number[] {
    return this.#parts.keepers.map((_keeper, index) => this.#network.keeper(index).pid);
  }

  /** Where each keeper that runs shows its status: a page for people, and what `ballast keeper status` reads. */
  statusUrl(index: number): string {
    return this.#network.keeper(index).url;
  }

  /** Every report waited for so far. */
  get reports(): readonly AwaitedReport[] {
    return this.#reports;
  }

  get killed(): KilledKeeper | null {
    return this.#killed;
  }

  /** Waits for a report on what is known at a time or later. */
  async awaitReport(sinceSeconds: number): Promise<AwaitedReport> {
    const { oracle, provider } = this.#parts;
    const startMs = performance.now();
    await this.#until("report", async () => (await oracle.header()).observedAt >= BigInt(sinceSeconds));
    const waitedMs = Math.round(performance.now() - startMs);
    const { gasUsed, signers, isRooted, transmitter } = await readNewestReport(oracle, provider);
    const named = {
      signers: signers.map((each) => this.#nameOf(each)),
      transmitter: this.#nameOf(transmitter),
    };
    const report = { gasUsed, isRooted, ...named, waitedMs };
    this.#reports.push(report);
    return report;
  }

  /** Waits until the chain holds a newer scenario set than the one waited for last. */
  async awaitScenarios(): Promise<void> {
    const newest = async () => (await this.#parts.scenarios.current()).setId;
    await this.#until("scenario set", async () => (await newest()) > this.#setId);
    this.#setId = await newest();
  }

  /** Ends one keeper without warning. */
  async kill(): Promise<void> {
    await this.#network.kill(VICTIM);
    this.#killed = { name: this.names[VICTIM] ?? "", after: this.#reports.length, returnedAfter: null };
  }

  /** Starts the killed keeper again, from what its store kept. */
  async restart(): Promise<void> {
    if (this.#killed === null) throw new Error("no keeper was killed");
    await this.#network.restart(VICTIM);
    this.#killed = { ...this.#killed, returnedAfter: this.#reports.length };
  }

  async stop(): Promise<void> {
    await this.#network.stop();
    process.off("exit", this.#removeFolder);
    this.#removeFolder();
  }

  #nameOf(address: string): string {
    return this.#names.get(address) ?? address;
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > deadline)
        throw new Error(
          `no ${what} within ${PATIENCE_MS / MILLISECONDS} s; the keepers' last warnings:\n${this.#lastWarnings()}`,
        );
      await pause(POLL_MS);
    }
  }

  #lastWarnings(): string {
    const isAway = this.#killed !== null && this.#killed.returnedAfter === null;
    return this.#parts.keepers
      .flatMap((_keeper, index) => (isAway && index === VICTIM ? [] : [this.#network.keeper(index)]))
      .flatMap(({ log }) => log.filter(({ level }) => level !== "info").slice(-SHOWN_WARNINGS))
      .map((line) => JSON.stringify(line))
      .join("\n");
  }
}
