// Keepers as processes over real sockets: `npm run bench:network`. --keepers, --rounds and --slot (seconds) say how large; --kill N ends a keeper
// with SIGKILL every N rounds and starts it again, by --seed; --hostile N lets the last N send noise, turned bits and repetitions; --json writes the last line as one JSON object. Fails when two reports
// exist for one round, a value lies outside the honest range, or a bar is missed.
import { once } from "node:events";
import { parseArgs } from "node:util";
import { seededRandom } from "../keeper/core/statistics/seeded-random.ts";
import { withFolder } from "../test/support/keeper-file.ts";
import { startLabKeeper, type LabProcess } from "./network/lab-process.ts";
import { judgeLab, type LabFigures } from "./network/lab-verdict.ts";

const FIRST_PORT = 19_463;
const MS_PER_SECOND = 1_000;
const MIB = 1_048_576;
/** Slots in which the processes start and connect; they do not count. */
const WARM_UP_SLOTS = 8;
const DOWN_SLOTS = 2;
const UINT31 = 0x7fff_ffff;

const { values: flags } = parseArgs({
  options: {
    keepers: { type: "string", default: "4" },
    rounds: { type: "string", default: "60" },
    slot: { type: "string", default: "1" },
    kill: { type: "string", default: "0" },
    hostile: { type: "string", default: "0" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const [count, rounds, slot, killEvery] = [flags.keepers, flags.rounds, flags.slot, flags.kill].map(
  Number,
) as [number, number, number, number];
const honest = count - Number(flags.hostile);
const seed = flags.seed === undefined ? Date.now() & UINT31 : Number(flags.seed);
const random = seededRandom(seed);
const pause = (slots: number) => new Promise((resolve) => setTimeout(resolve, slots * slot * MS_PER_SECOND));

console.log(`seed ${seed}: ${count} keepers, ${rounds} rounds of ${slot} s`);
const processes: LabProcess[] = [];
const kills: number[] = [];

async function killSome(start: (index: number) => LabProcess, lastRound: number): Promise<void> {
  while (Date.now() < (lastRound - killEvery) * slot * MS_PER_SECOND) {
    await pause(killEvery);
    const victim = processes[random.index(honest)];
    if (victim === undefined) return;
    victim.child.kill("SIGKILL");
    await once(victim.child, "exit");
    kills.push(victim.index);
    await pause(DOWN_SLOTS);
    processes[victim.index] = start(victim.index);
  }
}

const figures: LabFigures = await withFolder(async (folder) => {
  const reports: LabProcess["reports"][] = [];
  const start = (index: number): LabProcess => {
    const started = startLabKeeper({ index, count, port: FIRST_PORT, slot, folder }, index >= honest);
    reports.push(started.reports);
    return started;
  };
  for (let index = 0; index < count; index++) processes.push(start(index));
  const firstRound = Math.ceil(Date.now() / (slot * MS_PER_SECOND)) + WARM_UP_SLOTS;
  const lastRound = firstRound + rounds - 1;
  await pause(WARM_UP_SLOTS);
  if (killEvery > 0) await killSome(start, lastRound);
  await pause(Math.max(0, lastRound + 2 - Date.now() / (slot * MS_PER_SECOND)));
  for (const { child } of processes) child.kill("SIGKILL");
  await Promise.all(processes.map(({ ended }) => ended));
  return judgeLab(reports, {
    count: honest,
    firstRound,
    lastRound,
    mayMiss: killEvery > 0 || honest < count,
  });
});

const { medianMs, p99Ms, missedRounds, maxRssBytes, conflicts, outOfRange, refused, dropped } = figures;
console.log(`slot to signed: median ${medianMs} ms, 99 % ${p99Ms} ms (bar 1,500 ms)`);
console.log(
  `rounds without a report: ${missedRounds} of ${rounds}; killed: ${kills.length}; messages dropped: ${dropped}, refused: ${refused}`,
);
console.log(`memory: ${Math.round(maxRssBytes / MIB)} MiB of the largest process (bar 200 MB)`);
console.log(`two reports for one round: ${conflicts}; values outside the honest range: ${outOfRange}`);
if (flags.json) console.log(JSON.stringify({ seed, count, rounds, slot, kills: kills.length, ...figures }));
if (figures.problems.length > 0) {
  for (const problem of figures.problems) console.error(problem);
  process.exitCode = 1;
}
