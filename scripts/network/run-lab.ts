// One measured run of a network of real keepers.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecorded } from "../../keeper/adapters/replay/open-recorded.ts";
import type { Replay } from "../../keeper/adapters/replay/replay.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { listingsOf } from "../../keeper/cli/keeper/listings.ts";
import type { Deployment } from "../../keeper/config.ts";
import { seededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import { findTwoReports } from "../../test/support/chaos-checks.ts";
import { fileURLToPath } from "node:url";
import { PROJECT_ROOT } from "../run-command.ts";
import { type KeeperNetwork, launchKeepers, type NetworkPlan, protocolInput } from "./keeper-network.ts";
import { labProtocol, type LabOptions } from "./lab-options.ts";
import type { Absence, LabRecord } from "./lab-verdict.ts";
import { type LiveHouse, nowSeconds, openLiveHouse } from "./live-house.ts";
import { writeMovedMarket } from "./moved-market.ts";
import { createNetworkLog, type NetworkLog } from "./network-log.ts";
import { acceptedOnChain, completedOf, finalsInStore } from "./network-truth.ts";
import { processorMs } from "./processor-time.ts";
import { findOutsideRecomputed, type OracleHistory, watchOracle } from "./oracle-history.ts";

const DATA_FOLDER = join(PROJECT_ROOT, "data");
const EPISODE = "2026-02";
/**
 * Two recorded moments, six hours and at most half a percent apart, between which no expiry's total volatility moves by more than 6 %: keepers see the
 * step some slots apart, and what is further off than they sign for would cost the slots between.
 */
const SNAPSHOTS = [20, 21] as const;
const STEP_SECONDS = 30;
const BLOCK_SECONDS = 1;
/** Snapshots lie at most so far apart. */
const MAX_DATA_AGE_SECONDS = 3_600;
/** For deploying and starting on a busy machine. */
const PREPARATION_SECONDS = 600;
const FIRST_REPORT_MS = 120_000;
/** Slots before the first that counts, and after the last. */
const WARM_UP_SLOTS = 3;
const LAST_SLOTS = 2;
const DOWN_SLOTS = 2;
const POLL_MS = 50;
const HOSTILE_KEEPER = fileURLToPath(new URL("lab-hostile.ts", import.meta.url));
const MILLISECONDS = 1_000;

/** @param folder takes keys, stores and logs, a folder for each keeper */
export async function runLab(options: LabOptions, folder: string): Promise<LabRecord> {
  const house = await openLiveHouse({
    keepers: options.keepers,
    protocol: labProtocol(options.slotSeconds),
    blockSeconds: BLOCK_SECONDS,
    market: { dataFolder: DATA_FOLDER, episode: EPISODE, snapshots: SNAPSHOTS, stepSeconds: STEP_SECONDS },
    marketFolder: join(folder, "market"),
    durationSeconds: options.rounds * options.slotSeconds + PREPARATION_SECONDS,
  });
  try {
    return await measure(options, house, folder);
  } finally {
    await house.close();
  }
}

/** What the parts of a measured run share. */
interface Lab {
  readonly options: LabOptions;
  readonly house: LiveHouse;
  readonly folder: string;
  readonly record: Deployment;
  readonly log: NetworkLog;
  readonly network: KeeperNetwork;
  readonly history: OracleHistory;
  /** The markets as the keepers see them, by their numbers. */
  readonly replays: readonly Replay[];
}

async function measure(options: LabOptions, house: LiveHouse, folder: string): Promise<LabRecord> {
  const { deployment, provider } = house;
  const record = writeDeploymentFile(join(folder, "deployment.json"), deployment.record);
  const history = await watchOracle(record.addresses, provider, listingsOf(record));
  const log = createNetworkLog();
  const views = deployment.keepers.map(({ name }, index) => {
    const ownFolder = join(folder, name, "market");
    writeMovedMarket(ownFolder, house.market, { lagSeconds: index, priceFactor: 1 });
    return ownFolder;
  });
  const replays = views.map((view) => openRecorded(view, EPISODE).replay);
  const network = await launchKeepers(planOf(options, house, folder, log), deployment.keepers);
  const lab = { options, house, folder, record, log, network, history, replays };
  try {
    const measured = await liveThrough(lab);
    const exitCodes = await network.stop();
    await history.stop();
    const { slotSeconds } = options;
    return {
      ...measured,
      quorum: (await history.chain.keeperSet()).quorum,
      slotSeconds,
      heartbeatSeconds: labProtocol(slotSeconds).heartbeatSeconds,
      hostile: deployment.keepers.slice(honestCount(options)).map(({ report }) => report.address),
      exitCodes,
      signed: log.signed,
      terms: log.terms(),
      peakBytes: log.peakBytes(),
      accepted: await acceptedOnChain(record.addresses.riskOracle, provider),
      ...(await judgeReports(lab, measured)),
    };
  } finally {
    await network.stop();
  }
}

/** The last keepers are the hostile ones. */
const honestCount = ({ keepers, hostile }: LabOptions): number => keepers - hostile;

function planOf(options: LabOptions, { node }: LiveHouse, folder: string, log: NetworkLog): NetworkPlan {
  return {
    folder,
    deploymentFile: join(folder, "deployment.json"),
    rpcUrls: [node.url],
    shared: {
      marketData: { kind: "replay", dataFolder: join(folder, "market"), episode: EPISODE },
      limits: { maxDataAgeSeconds: MAX_DATA_AGE_SECONDS },
      protocol: protocolInput(labProtocol(options.slotSeconds)),
    },
    own: ({ name, report }, index) => ({
      config: {
        marketData: { kind: "replay", dataFolder: join(folder, name, "market"), episode: EPISODE },
      },
      start: () => ({
        logFile: join(folder, `${name}.log`),
        heard: (line) => {
          log.hear(report.address, line);
        },
        ...(index < honestCount(options) ? {} : { program: HOSTILE_KEEPER }),
      }),
    }),
  };
}

type Measured = Pick<LabRecord, "firstRound" | "lastRound" | "killed" | "endSeconds" | "processorMsPerRound">;

/** Waits for the first report, then lives through the rounds that count, killing keepers on the way when asked to. */
async function liveThrough(lab: Lab): Promise<Measured> {
  const { options, history, house } = lab;
  const { slotSeconds, rounds, killEvery } = options;
  const slotNow = () => nowSeconds() / slotSeconds;
  await until("a first report", FIRST_REPORT_MS, () => (history.states.at(-1)?.header.round ?? 0) > 0);
  const firstRound = Math.floor(slotNow()) + WARM_UP_SLOTS;
  const lastRound = firstRound + rounds - 1;
  const killed: Absence[] = [];
  const random = seededRandom(options.seed);
  const sleepUntil = async (slot: number) => {
    while (slotNow() < slot) await sleep(POLL_MS);
  };
  await sleepUntil(firstRound);
  const before = processorTimes(lab);
  for (let slot = firstRound + killEvery; killEvery > 0 && slot <= lastRound - killEvery; slot += killEvery) {
    await sleepUntil(slot);
    killed.push(await killOne(lab, random.index(honestCount(options))));
  }
  await sleepUntil(lastRound + LAST_SLOTS);
  const after = processorTimes(lab);
  const processorMsPerRound = [...after].flatMap(([pid, ms]) => {
    const earlier = before.get(pid);
    return earlier === undefined ? [] : [Math.round((ms - earlier) / (rounds + LAST_SLOTS))];
  });
  for (let index = 0; index < options.keepers; index++) notePeak(lab, index);
  const endSeconds = (await house.provider.getBlock("latest"))?.timestamp ?? 0;
  return { firstRound, lastRound, killed, endSeconds, processorMsPerRound };
}

/** Of the keepers that run, by process, ms. */
function processorTimes({ network, options }: Lab): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (let index = 0; index < options.keepers; index++) {
    if (!network.isRunning(index)) continue;
    const { pid } = network.keeper(index);
    const ms = processorMs(pid);
    if (ms !== null) times.set(pid, ms);
  }
  return times;
}

async function killOne(lab: Lab, index: number): Promise<Absence> {
  const { network, options, house } = lab;
  notePeak(lab, index);
  const fromMs = Date.now();
  await network.kill(index);
  await sleep(DOWN_SLOTS * options.slotSeconds * MILLISECONDS);
  await network.restart(index);
  const keeper = house.deployment.keepers[index]?.report.address ?? "";
  return { keeper, fromMs, toMs: Date.now() };
}

function notePeak({ network, log }: Lab, index: number): void {
  if (network.isRunning(index)) log.notePeak(network.keeper(index));
}

/** Compares the reports in all stores with each other and with what honest keepers could observe. */
async function judgeReports(
  lab: Lab,
  { firstRound, lastRound }: Measured,
): Promise<Pick<LabRecord, "conflicts" | "outOfRange">> {
  const { options, house, folder, record, history, replays } = lab;
  const domain = await history.chain.oracleDomain();
  const owner = { chainId: BigInt(record.chainId), registry: record.addresses.keeperRegistry };
  const honest = house.deployment.keepers.slice(0, honestCount(options));
  const finals: SignedReport[] = [];
  for (const { name, report } of honest)
    finals.push(
      ...(await finalsInStore(join(folder, name, "keeper.sqlite"), { ...owner, reportKey: report.address })),
    );
  const completed = completedOf(finals, domain);
  const counted = completed.filter(({ report }) => report.round >= firstRound && report.round <= lastRound);
  const markets = { listings: listingsOf(record), replays: replays.slice(0, honest.length) };
  return {
    conflicts: findTwoReports(completed),
    outOfRange: await findOutsideRecomputed(history, markets, counted),
  };
}

async function until(what: string, timeoutMs: number, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${timeoutMs / MILLISECONDS} s`);
    await sleep(POLL_MS);
  }
}
