// Keeper processes through a storm drawn from one seed, and the calm after it.
import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KeeperLogLine } from "../../scripts/network/keeper-process.ts";
import { nowSeconds } from "../../scripts/network/live-house.ts";
import { PROJECT_ROOT } from "../../scripts/run-command.ts";
import { RiskOracle__factory } from "../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import type { RiskReportStruct } from "../../types/ethers-contracts/oracle/RiskOracle.ts";
import { NODE_CONDUCTS } from "./node-conducts.ts";
import { drawStorm, MAX_REORGANISATION, type StormPlan, type Turn } from "./storm-plan.ts";
import { gatherStorm, HEALING_SECONDS, judgeStorm, readStakes, type StormFacts } from "./storm-truth.ts";
import { isWell, openStormWorld, STORM_PROTOCOL, type StormWorld } from "./storm-world.ts";
import { CALM_LINK } from "./tcp-weather.ts";

export interface StormChoice {
  readonly seed: number;
  /** 4, 7 ... */
  readonly keepers: number;
  /** Of storm; starting, healing and judging come on top. */
  readonly seconds: number;
  /** Takes the plan, keys, stores and logs. */
  readonly folder: string;
  /** Is told what happens. */
  readonly say: (line: string) => void;
}

export interface StormResult {
  readonly plan: StormPlan;
  readonly facts: StormFacts;
  /** One line for each promise broken. */
  readonly broken: readonly string[];
}

const TURN_SECONDS = 8;
const FIRST_REPORT_MS = 180_000;
const RUNNING_MS = 60_000;
const POLL_MS = 100;
const MILLISECONDS = 1_000;
const TWIN_GAS = 3_000_000n;
/** An account of the local chain that plays no other part. */
const PROVER_ACCOUNT = "15";
const WATCH_SECONDS = "2";
const INDENT = 2;

export async function liveThroughStorm(choice: StormChoice): Promise<StormResult> {
  const { seed, keepers, seconds, say } = choice;
  const folder = resolve(choice.folder);
  mkdirSync(folder, { recursive: true });
  const plan = drawStorm({ seed, keepers, turns: Math.ceil(seconds / TURN_SECONDS) });
  writeFileSync(join(folder, "storm.json"), JSON.stringify(plan, null, INDENT));
  say(`faulty: ${plan.faulty.map(({ index, conduct }) => `keeper-${index + 1} ${conduct}`).join(", ")}`);
  const world = await openStormWorld(plan, folder, keepers, seconds);
  const watchtower = startWatchtower(world);
  try {
    const stakes = await readStakes(world);
    const builtAt = await world.house.provider.getBlockNumber();
    await until("a first report", FIRST_REPORT_MS, () => hasReport(world));
    // A reorganisation that took a keeper's stake back would look like a slashing.
    await until("blocks above those of the house", FIRST_REPORT_MS, async () => {
      return (await world.house.provider.getBlockNumber()) >= builtAt + MAX_REORGANISATION;
    });
    say("first report; the storm begins");
    const carried = carryTwins(world);
    quiet(world, "SIGSTOP");
    for (const turn of plan.turns) await liveThroughTurn(world, turn, say);
    const healedAt = await heal(world);
    say("healed");
    // Whether they came in time is judged by what is found.
    await until(
      "report after the healing",
      HEALING_SECONDS * MILLISECONDS * 2,
      () => hasReport(world, healedAt) && haveSignedSince(world, healedAt),
    ).catch(() => undefined);
    const carrying = await carried.stop();
    quiet(world, "SIGCONT");
    const facts = await gatherStorm({ world, stakes, healedAt, equivocating: carrying, watchtower });
    return { plan, facts, broken: judgeStorm(facts) };
  } finally {
    watchtower.kill("SIGKILL");
    quiet(world, "SIGCONT");
    await world.close();
  }
}

function hasReport({ history }: StormWorld, sinceSeconds = 1): boolean {
  return history.states.some(({ header }) => header.observedAtSeconds >= sinceSeconds);
}

/** Stops the silent keepers, or lets them go on. */
function quiet({ plan, network }: StormWorld, signal: "SIGSTOP" | "SIGCONT"): void {
  for (const { index, conduct } of plan.faulty)
    if (conduct === "silent" && network.isRunning(index)) process.kill(network.keeper(index).pid, signal);
}

async function liveThroughTurn(world: StormWorld, turn: Turn, say: (line: string) => void): Promise<void> {
  const { house, network, doom, weather } = world;
  const { kill, reorganise, restartNode, drops } = turn;
  applyWeather(world, turn);
  say(describeTurn(turn));
  if (kill !== null && network.isRunning(kill.keeper)) {
    doom.set(kill.keeper, kill.then);
    world.log.notePeak(network.keeper(kill.keeper));
    process.kill(network.keeper(kill.keeper).pid, "SIGKILL");
  }
  const endMs = performance.now() + TURN_SECONDS * MILLISECONDS;
  if (reorganise > 0) {
    // What the oracle said until now, and in between, honest keepers may have gone by.
    await world.history.note();
    await house.node.reorganise(reorganise);
    await world.history.note();
    // The blocks in place of the old ones are dated close together: the chain's clock is set right again.
    await house.node.mineAt(nowSeconds());
  }
  if (restartNode) await house.node.restart();
  for (const [a, b] of drops) {
    await sleep((TURN_SECONDS * MILLISECONDS) / (drops.length + 1));
    weather.drop(a, b);
  }
  notePeaks(world);
  await sleep(Math.max(0, endMs - performance.now()));
}

function describeTurn({ sky, kill, nodes, reorganise, restartNode }: Turn): string {
  const parts = [sky, ...nodes.map(({ keeper, conduct }) => `a node of keeper-${keeper + 1} ${conduct}`)];
  if (kill !== null) {
    const { moment, nth, table } = kill.then;
    parts.push(`kill keeper-${kill.keeper + 1}, then again ${moment} write ${nth} to ${table}`);
  }
  if (reorganise > 0) parts.push(`${reorganise} blocks replaced`);
  if (restartNode) parts.push("the node restarts");
  return parts.join("; ");
}

function applyWeather({ weather, keepers, nodes }: StormWorld, turn: Turn | null): void {
  for (const from of keepers.keys())
    for (const to of keepers.keys()) {
      const link = turn?.links.find((each) => each.from === from && each.to === to);
      if (from !== to) weather.set(from, to, link?.weather ?? CALM_LINK);
    }
  for (const [keeper, own] of nodes.entries()) {
    const name = turn?.nodes.find((each) => each.keeper === keeper)?.conduct;
    const conduct = name === undefined ? undefined : NODE_CONDUCTS[name];
    for (const node of own) node.conduct = conduct ?? (() => null);
  }
}

function notePeaks({ keepers, network, log }: StormWorld): void {
  for (const index of keepers.keys()) if (network.isRunning(index)) log.notePeak(network.keeper(index));
}

/** Calm everywhere; resolves to the time at which every keeper runs again, and none is to die at a write any more. */
async function heal(world: StormWorld): Promise<number> {
  const { doom, doomed, network, keepers, log, plan } = world;
  applyWeather(world, null);
  doom.clear();
  await until("all keepers back", RUNNING_MS, async () => {
    for (const index of doomed) {
      if (!network.isRunning(index)) continue;
      log.notePeak(network.keeper(index));
      await network.kill(index);
    }
    return [...keepers.keys()].every(
      (index) => !isWell(plan, index) || (network.isRunning(index) && !doomed.has(index)),
    );
  });
  return nowSeconds();
}

/** Whether every keeper that is well has completed a report of the time since. */
function haveSignedSince({ keepers, plan, log }: StormWorld, sinceSeconds: number): boolean {
  const rounds = log.signed.filter(({ round }) => round * STORM_PROTOCOL.slotSeconds >= sinceSeconds);
  const keys = new Set(rounds.map(({ keeper }) => keeper));
  return keepers.every(({ report }, index) => !isWell(plan, index) || keys.has(report.address));
}

/** Sends what evil keepers sign a second time to the oracle, as anyone could who saw it: it is refused there, and seen by all. */
function carryTwins(world: StormWorld): { stop(): Promise<readonly string[]> } {
  const { house, record, twins } = world;
  const oracle = RiskOracle__factory.connect(record.addresses.riskOracle, house.deployment.bot);
  const stopped = new AbortController();
  const carrying = (async () => {
    let next = 0;
    while (!stopped.signal.aborted || next < twins.length) {
      const twin = twins[next];
      if (twin !== undefined) {
        next += 1;
        await carry(oracle, twin).catch(() => undefined);
      } else await sleep(POLL_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await carrying;
      return [...new Set(twins.map(({ signer }) => String(signer)))];
    },
  };
}

async function carry(
  oracle: ReturnType<typeof RiskOracle__factory.connect>,
  { report, signature }: KeeperLogLine,
): Promise<void> {
  const struct = JSON.parse(String(report)) as RiskReportStruct;
  await oracle.submit(struct, [String(signature)], { gasLimit: TWIN_GAS });
}

/** Watches the chain by a process of its own. */
function startWatchtower({ folder, house }: StormWorld): ChildProcess {
  const child = spawn(
    process.execPath,
    [
      `${PROJECT_ROOT}keeper/cli/main.ts`,
      ...["watchtower", "--deployment", join(folder, "deployment.json"), "--rpc-url", house.node.url],
      ...[
        "--dev-account",
        PROVER_ACCOUNT,
        "--interval",
        WATCH_SECONDS,
        "--from-block",
        "0",
        "--http-port",
        "0",
      ],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const file = createWriteStream(join(folder, "watchtower.log"));
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  return child;
}

/** @throws Error when it does not hold in time */
export async function until(
  what: string,
  timeoutMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${timeoutMs / MILLISECONDS} s`);
    await sleep(POLL_MS);
  }
}
