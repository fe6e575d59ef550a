// A network of keeper processes on a real chain, with everything between them and their surroundings in a test's hand.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecorded } from "../../keeper/adapters/replay/open-recorded.ts";
import type { Replay } from "../../keeper/adapters/replay/replay.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { listingsOf } from "../../keeper/cli/keeper/listings.ts";
import type { Deployment } from "../../keeper/config.ts";
import { DEFAULT_PARAMETERS, type ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";
import {
  type KeeperNetwork,
  launchKeepers,
  type LocalKeeper,
  protocolInput,
} from "../../scripts/network/keeper-network.ts";
import type { KeeperLogLine, StartChoice } from "../../scripts/network/keeper-process.ts";
import { type LiveHouse, openLiveHouse } from "../../scripts/network/live-house.ts";
import { writeMovedMarket } from "../../scripts/network/moved-market.ts";
import { createNetworkLog, type NetworkLog } from "../../scripts/network/network-log.ts";
import { type OracleHistory, watchOracle } from "../../scripts/network/oracle-history.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import type { FaultyKeeper, KillPoint, StormPlan } from "./storm-plan.ts";
import { startTcpWeather, type TcpWeather } from "./tcp-weather.ts";
import { startUnrulyNode, type UnrulyNode } from "./unruly-node.ts";

/** Short slots and terms, so that a storm sees many leaders. */
export const STORM_PROTOCOL: ProtocolParameters = {
  ...DEFAULT_PARAMETERS,
  slotSeconds: 3,
  slotsPerEpoch: 4,
  progressMs: 2_000,
  resendMs: 300,
  graceMs: 100,
  maxClockOffsetSeconds: 1,
  stageMs: 1_200,
  heartbeatSeconds: 3,
  transmissionSeconds: 20,
};
const EPISODE = "2026-02";
/** The fall and the rebound of 5 to 7 February 2026: steps of up to 7 %. */
const SNAPSHOTS = Array.from({ length: 11 }, (_, index) => 27 + index);
const STEP_SECONDS = 12;
const BLOCK_SECONDS = 1;
/** Deeper than any reorganisation of the storm. */
const FINALITY_BLOCKS = 16;
const CONFIRMATIONS = 2;
const MAX_DATA_AGE_SECONDS = 3_600;
const SPARE_SECONDS = 900;
const RESTART_MS = 300;
const CLOCK_RIGHT_MS = 20_000;
const CLOCK_WRONG_MS = 20_000;

/** A process of the storm that ended. */
export interface Ending {
  readonly index: number;
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** What it said of it. */
  readonly said: string;
}

export interface StormWorld {
  readonly plan: StormPlan;
  readonly folder: string;
  readonly house: LiveHouse;
  readonly keepers: readonly LocalKeeper[];
  readonly record: Deployment;
  readonly weather: TcpWeather;
  /** The nodes of each keeper that may misbehave. */
  readonly nodes: readonly (readonly UnrulyNode[])[];
  readonly network: KeeperNetwork;
  readonly history: OracleHistory;
  readonly log: NetworkLog;
  /** The markets as the keepers see them. */
  readonly replays: readonly Replay[];
  /** What evil keepers signed a second time. */
  readonly twins: readonly KeeperLogLine[];
  /** Every end of a process that nobody asked for. */
  readonly endings: readonly Ending[];
  /** Where each keeper dies in its next life. */
  readonly doom: Map<number, KillPoint>;
  /** Those whose present life is to end at a write, and has not yet. */
  readonly doomed: ReadonlySet<number>;
  /** From now on nobody is started again. */
  rest(): void;
  close(): Promise<void>;
}

export const isWell = ({ faulty }: StormPlan, index: number): boolean =>
  !faulty.some((each) => each.index === index);

/** Deploys, opens proxies and nodes, starts every keeper, and starts again whoever ends. */
export async function openStormWorld(
  plan: StormPlan,
  folder: string,
  keepers: number,
  seconds: number,
): Promise<StormWorld> {
  mkdirSync(folder, { recursive: true });
  const house = await openLiveHouse({
    keepers,
    protocol: STORM_PROTOCOL,
    blockSeconds: BLOCK_SECONDS,
    market: {
      dataFolder: join(PROJECT_ROOT, "data"),
      episode: EPISODE,
      snapshots: SNAPSHOTS,
      stepSeconds: STEP_SECONDS,
    },
    marketFolder: join(folder, "market"),
    durationSeconds: seconds + SPARE_SECONDS,
    stateFile: join(folder, "chain.json"),
  });
  const { deployment } = house;
  const record = writeDeploymentFile(join(folder, "deployment.json"), deployment.record);
  const weather = await startTcpWeather(deployment.keepers.map(({ listen }) => portIn(listen)));
  const nodes = await Promise.all(
    deployment.keepers.map((_keeper, index) =>
      Promise.all(Array.from({ length: badNodesOf(plan, index) }, () => startUnrulyNode(house.node.url))),
    ),
  );
  const history = await watchOracle(record.addresses, house.provider, listingsOf(record));
  const parts = { plan, folder, house, record, weather, nodes, history, keepers: deployment.keepers };
  return startAll(parts);
}

type Parts = Pick<
  StormWorld,
  "plan" | "folder" | "house" | "record" | "weather" | "nodes" | "history" | "keepers"
>;

async function startAll(parts: Parts): Promise<StormWorld> {
  const { plan, folder, house, weather, nodes, history, keepers } = parts;
  const log = createNetworkLog();
  const twins: KeeperLogLine[] = [];
  const endings: Ending[] = [];
  const doom = new Map<number, KillPoint>();
  const doomed = new Set<number>();
  const resting = new AbortController();
  const openedMs = Date.now();
  const replays = keepers.map(({ name }, index) => {
    const own = join(folder, name, "market");
    const priceFactor = faultOf(plan, index, "lying")?.priceFactor ?? 1;
    writeMovedMarket(own, house.market, { lagSeconds: index % 2, priceFactor });
    return openRecorded(own, EPISODE).replay;
  });
  const startOf = (index: number, { name, report }: LocalKeeper): StartChoice => {
    const point = doom.get(index);
    doom.delete(index);
    if (point === undefined) doomed.delete(index);
    else doomed.add(index);
    return {
      ...disguiseOf(plan, index, weather, openedMs, point),
      logFile: join(folder, `${name}.log`),
      heard: (line) => {
        log.hear(report.address, line);
        if (line["event"] === "signed-twice") twins.push(line);
      },
    };
  };
  const network = await launchKeepers(
    {
      folder,
      deploymentFile: join(folder, "deployment.json"),
      rpcUrls: [house.node.url],
      shared: {
        marketData: { kind: "replay", dataFolder: join(folder, "market"), episode: EPISODE },
        limits: { maxDataAgeSeconds: MAX_DATA_AGE_SECONDS },
        protocol: protocolInput(STORM_PROTOCOL),
        transactions: { confirmations: CONFIRMATIONS, finalityBlocks: FINALITY_BLOCKS },
      },
      own: (keeper, index) => ({
        config: {
          rpcUrls: [...urlsOf(house.node.url, nodes[index] ?? [], index)],
          marketData: { kind: "replay", dataFolder: join(folder, keeper.name, "market"), episode: EPISODE },
        },
        start: () => startOf(index, keeper),
      }),
    },
    keepers,
  );
  const lives = [...keepers.keys()].map((index) =>
    keepAlive(network, index, resting.signal, (code, said) => endings.push({ index, code, said })),
  );
  return {
    ...parts,
    network,
    log,
    replays,
    twins,
    endings,
    doom,
    doomed,
    rest: () => {
      resting.abort();
    },
    close: async () => {
      resting.abort();
      await network.stop();
      // One may have been starting.
      await Promise.all(lives);
      await network.stop();
      await history.stop();
      await Promise.all([weather.close(), ...nodes.flat().map((node) => node.close())]);
      await house.close();
    },
  };
}

/** Starts the process again whenever it ends, as a service manager does. */
async function keepAlive(
  network: KeeperNetwork,
  index: number,
  resting: AbortSignal,
  ended: (code: number | null, said: string) => void,
): Promise<void> {
  const isOver = () => resting.aborted;
  while (!isOver()) {
    if (network.isRunning(index)) {
      const life = network.keeper(index);
      const code = await life.ended;
      if (!isOver()) ended(code, life.output());
    }
    await sleep(RESTART_MS, undefined, { signal: resting }).catch(() => undefined);
    // One that dies while it starts, or finds no node, is started again.
    if (!isOver()) await network.restart(index).catch(() => undefined);
  }
}

const faultOf = ({ faulty }: StormPlan, index: number, conduct: FaultyKeeper["conduct"]) =>
  faulty.find((each) => each.index === index && each.conduct === conduct);

const NODES = 3;
const badNodesOf = (plan: StormPlan, index: number): number =>
  faultOf(plan, index, "bad-node") === undefined ? 1 : NODES;

/** The keeper's three nodes: those that may misbehave, then the chain's own under two names. Who comes first differs from keeper to keeper. */
function urlsOf(nodeUrl: string, unruly: readonly UnrulyNode[], index: number): readonly string[] {
  const direct = [nodeUrl, nodeUrl.replace("127.0.0.1", "localhost")];
  const urls = [...unruly.map(({ url }) => url), ...direct].slice(0, NODES);
  const first = index % NODES;
  return [...urls.slice(first), ...urls.slice(0, first)];
}

/** What stands between a process and its surroundings: its own doors to the others, a wrong clock, an evil voice, its death. */
function disguiseOf(
  plan: StormPlan,
  index: number,
  weather: TcpWeather,
  openedMs: number,
  point: KillPoint | undefined,
): Pick<StartChoice, "imports" | "program"> {
  const doors = [...weather.doorsOf(index)].map(([port, door]) => [port.toString(), door.toString()]);
  const fault = plan.faulty.find((each) => each.index === index);
  const imports = [moduleUrl("redirected-dials.ts", Object.fromEntries(doors) as Record<string, string>)];
  if (point !== undefined)
    imports.push(moduleUrl("kill-at-write.ts", { ...point, nth: point.nth.toString() }));
  if (fault?.conduct === "skewed") imports.push(moduleUrl("wrong-clock.ts", clockOf(fault, openedMs)));
  if (fault?.conduct === "equivocating" || fault?.conduct === "replaying")
    imports.push(moduleUrl("evil-keeper.ts", { conduct: fault.conduct, seed: index.toString() }));
  return fault?.conduct === "malformed"
    ? { imports, program: join(PROJECT_ROOT, "scripts", "network", "lab-hostile.ts") }
    : { imports };
}

/** Wrong always, or from some time after the world was opened on, for as long. */
function clockOf(
  { clockOffsetSeconds, clockJumps }: FaultyKeeper,
  openedMs: number,
): Readonly<Record<string, string>> {
  const offset = clockOffsetSeconds.toString();
  if (!clockJumps) return { offset };
  const fromMs = openedMs + CLOCK_RIGHT_MS;
  return { offset, from: fromMs.toString(), to: (fromMs + CLOCK_WRONG_MS).toString() };
}

function moduleUrl(name: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(name, import.meta.url);
  url.search = new URLSearchParams(parameters).toString();
  return url.href;
}

function portIn(multiaddr: string): number {
  return Number(multiaddr.split("/").at(-1));
}
