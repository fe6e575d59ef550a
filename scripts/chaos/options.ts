import { Command } from "commander";
import { UINT31, wholeNumber } from "../whole-number.ts";

/** What the chaos suite was asked to do. */
export interface ChaosChoice {
  readonly processes: boolean;
  readonly seeds: number;
  /** Of the first run. */
  readonly seed: number;
  readonly keepers: number;
  /** Slots of storm of a run in simulated time. */
  readonly slots: number;
  /** Minutes of storm of a run of processes. */
  readonly minutes: number;
  readonly json: boolean;
}

const MIN_KEEPERS = 4;
const MAX_KEEPERS = 13;
const KEEPERS_PER_FAULT = 3;
const MAX_MINUTES = 10_000;
const SIMULATED_SEEDS = 20;

const HELP_TAIL = `
Two ways
  In simulated time (the default): the protocol's services in one process, hours in minutes, the same run whenever the seed is the same.
  With --processes: the real thing in real time. Anvil (or a Hardhat node) with a block a second, the deployed house with stake behind every key,
  \`ballast keeper start\` for every keeper with SQLite, libp2p and encrypted keys, recorded option chains of the fall of February 2026 moved to now,
  and a \`ballast watchtower\`. The seed draws the storm; what the machine makes of it differs from run to run.

What a storm of processes brings, in turns of eight seconds
  f keepers       silent, lying, equivocating, replaying, malformed and oversized messages, a clock up to five minutes wrong, bad nodes
  connections     delayed, narrowed, stalled, cut, partitioned: a proxy stands between every two keepers, in each direction. A message is
                  lost when its connection is cut; bytes of a living one are never dropped, since that would only break its encryption
  nodes           one of each keeper's three errs, lags, lies, cuts or is on another chain; the chain's own node ends and starts again
  kills           kill -9 at a random moment, and again right before or after a write to the store, table by table
  chain           1 to 10 blocks replaced, their transactions dropped

What must hold at the end, by the chain, the stores and the processes
  never two reports for one round; every signature recorded before it was given; no value outside what honest keepers saw; reports on the
  chain strictly rising; no transaction twice; a new report within three leaders' terms of the calm; no honest stake touched and all of
  an equivocating liar's gone; whoever is told to end ends with 0, nobody ends otherwise but by a kill; no process above 200 MB.

Examples
  npm run chaos                                              20 seeds in simulated time
  npm run chaos -- --keepers 7 --seeds 5 --slots 30          longer storms over seven keepers
  npm run chaos -- --processes --seed 7                      a minute of storm over four processes
  npm run chaos -- --processes --keepers 7 --minutes 30      half an hour over seven`;

/** Reads the command line; prints help or a clear error and ends the process when that is what was asked or deserved. */
export function readChaosChoice(args: readonly string[]): ChaosChoice {
  const command = new Command("npm run chaos --")
    .description("Keepers through storms drawn from a seed, and what must hold of them.")
    .option("--processes", "real processes on a real chain in real time", false)
    .option("--seed <n>", "seed of the first run", wholeNumber(0, UINT31), Date.now() & UINT31)
    .option(
      "--seeds <n>",
      `runs (default: ${SIMULATED_SEEDS}, or 1 with --processes)`,
      wholeNumber(1, UINT31),
    )
    .option("--keepers <n>", "4, 7, 10 ...: 3f + 1", wholeNumber(MIN_KEEPERS, MAX_KEEPERS), MIN_KEEPERS)
    .option("--slots <n>", "slots of storm of a simulated run", wholeNumber(1, UINT31), 12)
    .option("--minutes <n>", "minutes of storm of a run of processes", wholeNumber(1, MAX_MINUTES), 1)
    .option("--json", "the last line is one JSON object", false)
    .addHelpText("after", HELP_TAIL)
    .allowExcessArguments(false)
    .showHelpAfterError("(npm run chaos -- --help shows what there is)");
  command.parse([...args], { from: "user" });
  const read = command.opts<Omit<ChaosChoice, "seeds"> & { seeds?: number }>();
  if (read.keepers % KEEPERS_PER_FAULT !== 1)
    command.error(`--keepers ${read.keepers} is not 3f + 1: take 4, 7, 10 or 13`);
  return { ...read, seeds: read.seeds ?? (read.processes ? 1 : SIMULATED_SEEDS) };
}
