import { Command } from "commander";
import { DEFAULT_PARAMETERS, type ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";
import { UINT31, wholeNumber } from "../whole-number.ts";

/** What the network laboratory was asked to do. */
export interface LabOptions {
  readonly keepers: number;
  /** Rounds that are measured. */
  readonly rounds: number;
  readonly slotSeconds: number;
  /** A keeper is killed every so many rounds; 0 kills none. */
  readonly killEvery: number;
  /** So many of the keepers attack the others and do nothing else. */
  readonly hostile: number;
  readonly seed: number;
  readonly json: boolean;
}

const KEEPERS_PER_FAULT = 3;
const MIN_KEEPERS = 4;
const MAX_KEEPERS = 13;
const MIN_SLOT_SECONDS = 2;
/** The keeper is back, and has caught up, before the next one is killed. */
const MIN_KILL_EVERY = 8;

const HELP_TAIL = `
What it does
  Starts a chain (Anvil, or a Hardhat node where it is not installed) with a block every second, deploys the house with Ignition, puts stake
  behind every keeper, and runs each keeper as a process of its own: \`ballast keeper start\` with SQLite, libp2p, encrypted keys
  and HTTP. They observe recorded Deribit option chains moved to now (two snapshots in turn, each keeper sees them a second later
  than the one before), fit a surface for each observation, agree, sign, and post the reports on the chain.
  All times of the protocol are the defaults' by slot / 15 s, and the heartbeat is one slot, so that every round makes a report.

What it measures
  slot to signed       from the beginning of a round's slot until 2f + 1 keepers hold its report with a quorum of signatures, by their own
                       logs; reading the chain and fitting are inside, inclusion in a block is not. Bar: median 1.5 s.
  rounds without one   slots for which fewer than 2f + 1 keepers ever held a report
  missed heartbeats    times at which the chain's newest report was older than the heartbeat and a slot. Bar: none.
  processor            time that the busiest keeper's process uses in a round; of the keepers that were not killed
  memory               VmHWM of each keeper's process: the most it ever held. Bar: 200 MB.
  and, from stores and chain: two reports for one round (none), values outside what honest keepers saw (none).

  With --kill, a round may be lost for each kill and for each term that a dead keeper leads; with --hostile, one for each term of a hostile
  leader. The chain's newest report may then be two slots older for each keeper that is faulty at a time. More fails the run.

Examples
  npm run bench:network                                        a minute: four keepers, 30 rounds of 2 s
  npm run bench:network -- --keepers 7 --rounds 1000 --json    half an hour, the figures as JSON on the last line
  npm run bench:network -- --slot 15 --rounds 40               the default times of the protocol
  npm run bench:network -- --keepers 7 --kill 10 --hostile 1   kill -9 every ten rounds, beside one that attacks`;

/** The most keepers of so many that may be faulty at a time. */
const faultsOf = (keepers: number): number => Math.floor((keepers - 1) / KEEPERS_PER_FAULT);

/** Reads the command line; prints help or a clear error and ends the process when that is what was asked or deserved. */
export function readLabOptions(args: readonly string[]): LabOptions {
  const command = new Command("npm run bench:network --")
    .description(
      "Measures a network of real keepers: their processes, sockets, stores, fits and reports on a real chain.",
    )
    .option("--keepers <n>", "4, 7, 10 ...: 3f + 1", wholeNumber(MIN_KEEPERS, MAX_KEEPERS), MIN_KEEPERS)
    .option("--rounds <n>", "rounds to measure", wholeNumber(1, UINT31), 30)
    .option("--slot <seconds>", "length of a slot", wholeNumber(MIN_SLOT_SECONDS, UINT31), MIN_SLOT_SECONDS)
    .option(
      "--kill <n>",
      "kill -9 a keeper every n rounds and start it again",
      wholeNumber(MIN_KILL_EVERY, UINT31),
      0,
    )
    .option(
      "--hostile <n>",
      "so many keepers send noise, old messages and oversized frames",
      wholeNumber(0, UINT31),
      0,
    )
    .option("--seed <n>", "chooses whom to kill", wholeNumber(0, UINT31), Date.now() & UINT31)
    .option("--json", "the last line is one JSON object", false)
    .addHelpText("after", HELP_TAIL)
    .allowExcessArguments(false)
    .showHelpAfterError("(npm run bench:network -- --help shows what there is)");
  command.parse([...args], { from: "user" });
  const { slot, kill, ...rest } = command.opts<
    Omit<LabOptions, "slotSeconds" | "killEvery"> & { slot: number; kill: number }
  >();
  const options = { ...rest, slotSeconds: slot, killEvery: kill };
  const problem = problemOf(options);
  if (problem !== null) command.error(problem);
  return options;
}

function problemOf({ keepers, hostile, killEvery }: LabOptions): string | null {
  if (keepers % KEEPERS_PER_FAULT !== 1) return `--keepers ${keepers} is not 3f + 1: take 4, 7, 10 or 13`;
  const faulty = faultyAtOnce({ hostile, killEvery });
  const faults = faultsOf(keepers);
  if (faulty <= faults) return null;
  return `${faulty} keepers would be faulty at a time and ${keepers} bear ${faults}: take more keepers`;
}

/** How many keepers are faulty at a time: the hostile ones, and one that was killed. */
const faultyAtOnce = ({ hostile, killEvery }: Pick<LabOptions, "hostile" | "killEvery">): number =>
  hostile + (killEvery > 0 ? 1 : 0);

/** The default parameters with all times but the grace in proportion to the slot, and a heartbeat in each slot. */
export function labProtocol(slotSeconds: number): ProtocolParameters {
  const share = slotSeconds / DEFAULT_PARAMETERS.slotSeconds;
  const scaled = (value: number): number => Math.round(value * share);
  const { progressMs, resendMs, maxClockOffsetSeconds, stageMs, transmissionSeconds } = DEFAULT_PARAMETERS;
  return {
    ...DEFAULT_PARAMETERS,
    slotSeconds,
    progressMs: scaled(progressMs),
    resendMs: scaled(resendMs),
    maxClockOffsetSeconds: maxClockOffsetSeconds * share,
    stageMs: scaled(stageMs),
    heartbeatSeconds: slotSeconds,
    transmissionSeconds: scaled(transmissionSeconds),
  };
}
