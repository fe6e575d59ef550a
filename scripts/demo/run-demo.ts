import { join } from "node:path";
import { openRecorded, type Recorded } from "../../keeper/adapters/replay/open-recorded.ts";
import { PROJECT_ROOT, secondsSince } from "../run-command.ts";
import { writeCharts } from "./charts.ts";
import type { Console } from "./console.ts";
import { connect } from "./house.ts";
import { readHouseState } from "./house-state.ts";
import { jsonKeepers, printKeepers } from "./keeper-story.ts";
import { startNode } from "./node-process.ts";
import { REPLAY_PROTOCOL } from "./protocol.ts";
import type { DemoOptions } from "./options.ts";
import { PROGRESS_HEADER } from "./progress.ts";
import { dayOf, liveThrough, type Stage } from "./replay-loop.ts";
import type { SnapshotRecord } from "./snapshot-record.ts";
import { setStage } from "./stage.ts";
import { jsonSummary, summarise } from "./summary.ts";
import { printTables } from "./tables.ts";

const DATA_FOLDER = join(PROJECT_ROOT, "data");
const SECONDS_PER_HOUR = 3_600;
/** A spot-only episode is recorded every hour; so many hours lie between the snapshots replayed. */
const MODELLED_STEP_HOURS = 4;

interface LoadedEpisode extends Recorded {
  /** Snapshots to live through, rising. */
  readonly times: readonly number[];
}

/** Runs the whole demo. True when it finished and nothing was lost or made. */
export async function runDemo(options: DemoOptions, console: Console): Promise<boolean> {
  const startMs = performance.now();
  const loaded = load(options);
  const { replay, times, isModelled } = loaded;
  console.say(`Ballast demo: ${replay.episode.title}`);
  if (isModelled) {
    console.say(
      "No option quotes of these days are known: the smiles are MODELLED from realised volatility (docs/demo.md), spots are recorded.",
    );
  }
  const node = await startNode();
  const ends = [() => node.stop()];
  try {
    console.say(`Hardhat node at ${node.url} (${secondsSince(startMs)})`);
    const provider = connect(node.url);
    ends.push(() => {
      provider.destroy();
      return Promise.resolve();
    });
    const { stage, tokens, holders } = await setStage({
      provider,
      nodeUrl: node.url,
      dataFolder: DATA_FOLDER,
      episode: options.episode,
      replay,
      times,
      console,
      atEnd: (end) => ends.push(end),
    });
    console.say(`The stage is set (${secondsSince(startMs)}).\n\n${PROGRESS_HEADER}`);
    const records = await replayAll(stage, times);
    const house = await readHouseState(stage.house, tokens, provider, holders);
    const summary = summarise(records);
    printTables(console, records, summary, house, stage.cast);
    printKeepers(console, stage.keepers);
    const notes = { title: replay.episode.title, modelled: isModelled };
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
    if (options.json)
      console.result(jsonSummary(options.episode, records, summary, house, jsonKeepers(stage.keepers)));
    return balanced;
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

function load({ episode, snapshots }: DemoOptions): LoadedEpisode {
  const recorded = openRecorded(DATA_FOLDER, episode);
  const { replay, isModelled } = recorded;
  const times = isModelled
    ? replay.snapshotTimes.filter((time) => (time / SECONDS_PER_HOUR) % MODELLED_STEP_HOURS === 0)
    : replay.snapshotTimes;
  return { ...recorded, times: times.slice(0, snapshots) };
}

async function replayAll(stage: Stage, times: readonly number[]): Promise<readonly SnapshotRecord[]> {
  const records: SnapshotRecord[] = [];
  let day = dayOf(times[0] ?? 0);
  for (const [index, seconds] of times.entries()) {
    const isNewDay = dayOf(seconds) !== day;
    day = dayOf(seconds);
    await takeOneAway(stage, index, times.length);
    const gas = index === 0 ? stage.openingReportGas : await nextReport(stage, seconds);
    if (isNewDay) await stage.keepers.awaitScenarios();
    records.push(await liveThrough(stage, seconds, gas, isNewDay));
  }
  return records;
}

/**
 * Moves the clock to a snapshot and waits for the report on it; returns its gas. When a spot jumped, the next leader looks again a slot later
 * and confirms it or does not.
 */
async function nextReport(stage: Stage, seconds: number): Promise<bigint> {
  const { clock, keepers, house } = stage;
  await clock.moveTo(seconds, () => stage.sendFeeds(seconds));
  const { gasUsed } = await keepers.awaitReport(seconds);
  if ((await house.oracle.quarantinedCount()) > 0n) {
    await clock.advance(REPLAY_PROTOCOL.slotSeconds);
    await keepers.awaitReport(clock.nowSeconds());
  }
  return gasUsed;
}

/** Ends one keeper a third of the way in and starts it again after another third: the others go on, and it catches up. */
async function takeOneAway({ keepers, console }: Stage, index: number, count: number): Promise<void> {
  const killAt = Math.max(1, Math.floor(count / 3));
  if (index === killAt) {
    await keepers.kill();
    console.say(`  ${keepers.killed?.name ?? ""} is killed (SIGKILL); the others go on`);
  } else if (index === 2 * killAt) {
    await keepers.restart();
    console.say(`  ${keepers.killed?.name ?? ""} is started again`);
  }
}
