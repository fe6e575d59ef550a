import { join } from "node:path";
import type { JsonRpcProvider } from "ethers";
import { loadEpisode } from "../../keeper/adapters/replay/episodes.ts";
import { loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { openReplay, type Replay } from "../../keeper/adapters/replay/replay.ts";
import { PROJECT_ROOT, secondsSince } from "../run-command.ts";
import { writeCharts } from "./charts.ts";
import type { Console } from "./console.ts";
import { connect } from "./house.ts";
import { readHouseState } from "./house-state.ts";
import { REPLAY_SLOT_SECONDS } from "./keepers.ts";
import { modelEpisode } from "./modelled-episode.ts";
import { startNode } from "./node-process.ts";
import type { DemoOptions } from "./options.ts";
import { PROGRESS_HEADER } from "./progress.ts";
import { dayOf, liveThrough, type Stage } from "./replay-loop.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";
import { setStage, type Scene } from "./stage.ts";
import { jsonSummary, summarise } from "./summary.ts";
import { printTables } from "./tables.ts";

const DATA_FOLDER = join(PROJECT_ROOT, "data");
const SECONDS_PER_HOUR = 3_600;
/** A spot-only episode is recorded every hour; so many hours lie between the snapshots replayed. */
const MODELLED_STEP_HOURS = 4;

interface LoadedEpisode {
  readonly replay: Replay;
  /** Snapshots to live through, rising. */
  readonly times: readonly number[];
  readonly modelled: boolean;
}

/** Runs the whole demo. True when it finished and nothing was lost or made. */
export async function runDemo(options: DemoOptions, console: Console): Promise<boolean> {
  const startMs = performance.now();
  const loaded = load(options);
  const { replay, times, modelled } = loaded;
  console.say(`Ballast demo: ${replay.episode.title}`);
  if (modelled) {
    console.say(
      "No option quotes of these days are known: the smiles are MODELLED from realised volatility (docs/demo.md), spots are recorded.",
    );
  }
  const node = await startNode();
  let provider: JsonRpcProvider | undefined;
  try {
    console.say(`Hardhat node at ${node.url} (${secondsSince(startMs)})`);
    provider = connect(node.url);
    const scene: Scene = { provider, nodeUrl: node.url, replay, times, console };
    const { stage, tokens, holders } = await setStage(scene);
    console.say(`The stage is set (${secondsSince(startMs)}).\n\n${PROGRESS_HEADER}`);
    const records = await replayAll(stage, times);
    const house = await readHouseState(stage.house, tokens, provider, holders);
    stage.keepers.stop();
    const summary = summarise(records);
    printTables(console, records, summary, house, stage.cast);
    const notes = { title: replay.episode.title, modelled };
    const charts = await writeCharts(options.out, options.episode, notes, records, summary, house);
    console.say(`\nCharts: ${charts.join(", ")}`);
    const balanced = house.conservationErrorUnits === 0n;
    if (!balanced)
      console.say(
        `The house does not balance: ${house.conservationErrorUnits.toString()} token units are missing or too many.`,
      );
    console.say(
      `Done in ${secondsSince(startMs)}: ${records.length} reports, ${house.liquidations.calls.length} margin calls.`,
    );
    if (options.json) console.result(jsonSummary(options.episode, records, summary, house));
    return balanced;
  } finally {
    provider?.destroy();
    await node.stop();
  }
}

function load({ episode, snapshots }: DemoOptions): LoadedEpisode {
  const recorded = loadEpisode(DATA_FOLDER, episode);
  const history = loadDailyHistory(DATA_FOLDER);
  const modelled = recorded.kind === "spot-only";
  const model = modelled ? modelEpisode(recorded, history) : { episode: recorded, history };
  const replay = openReplay(model.episode, model.history);
  const times = modelled
    ? replay.snapshotTimes.filter((time) => (time / SECONDS_PER_HOUR) % MODELLED_STEP_HOURS === 0)
    : replay.snapshotTimes;
  return { replay, times: times.slice(0, snapshots), modelled };
}

/** Posts a report; when it jumped, the next leader looks again a slot later, as keepers do. Returns the first one's gas. */
async function reportConfirmed({ keepers, clock, house }: Stage): Promise<bigint> {
  const gas = await keepers.postReport();
  if ((await house.oracle.quarantinedCount()) > 0n) {
    await clock.advance(REPLAY_SLOT_SECONDS);
    await keepers.postReport();
  }
  return gas;
}

async function replayAll(stage: Stage, times: readonly number[]): Promise<readonly SnapshotRecord[]> {
  const records: SnapshotRecord[] = [];
  let day = dayOf(times[0] ?? 0);
  for (const [index, seconds] of times.entries()) {
    const isNewDay = dayOf(seconds) !== day;
    day = dayOf(seconds);
    if (index > 0) {
      await stage.clock.moveTo(seconds);
      await stage.setFeeds(seconds);
    }
    const gas = index === 0 ? stage.openingReportGas : await reportConfirmed(stage);
    if (isNewDay) await stage.keepers.publishScenarios();
    records.push(await liveThrough(stage, seconds, gas, isNewDay));
  }
  return records;
}
