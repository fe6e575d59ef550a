import { Command, InvalidArgumentError, Option } from "commander";
import { EPISODES, isEpisodeId, type EpisodeId } from "../../keeper/adapters/replay/episodes.ts";

/** What the demo was asked to do. */
export interface DemoOptions {
  readonly episode: EpisodeId;
  readonly json: boolean;
  /** Folder for the charts. */
  readonly out: string;
  /** Most snapshots to replay; all of them when undefined. */
  readonly snapshots: number | undefined;
}

const MIN_SNAPSHOTS = 2;

const HELP_TAIL = `
What it does
  Starts a Hardhat node, deploys the clearing house with Ignition, starts four keepers as processes that agree on signed risk reports
  from recorded market data (one is killed on the way), and moves some fifty accounts with signed orders through the episode: margin calls, auctions, settlements, re-hedges.

Episodes
  2026-02   real Deribit option chains of BTC and ETH, 29 January to 9 February 2026 (default)
  2020-03   real spot prices of March 2020; the option smiles are modelled from realised volatility, not quoted

Examples
  npm run demo                          the whole replay, tables at the end, charts in out/
  npm run demo -- --episode 2020-03     the crash of March 2020
  npm run demo -- --json                the figures as one JSON object on the last line; progress goes to stderr
  npm run demo -- --snapshots 4         the first four snapshots only`;

function parseEpisode(text: string): EpisodeId {
  if (isEpisodeId(text)) return text;
  throw new InvalidArgumentError(`Known episodes: ${EPISODES.map(({ id }) => id).join(", ")}.`);
}

function parseSnapshots(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= MIN_SNAPSHOTS) return count;
  throw new InvalidArgumentError(`A whole number of at least ${MIN_SNAPSHOTS} is needed.`);
}

/** Reads the command line; prints help or a clear error and ends the process when that is what was asked or deserved. */
export function readOptions(args: readonly string[]): DemoOptions {
  const command = new Command("npm run demo --")
    .description("Ballast's demo: a real crash replayed end to end.")
    .addOption(
      new Option("--episode <id>", "episode to replay").default("2026-02" as const).argParser(parseEpisode),
    )
    .option("--json", "print one JSON object as the last line; everything else goes to stderr", false)
    .option("--out <folder>", "folder for the SVG charts", "out")
    .option("--snapshots <count>", "stop after so many snapshots", parseSnapshots)
    .addHelpText("after", HELP_TAIL)
    .allowExcessArguments(false)
    .showHelpAfterError("(npm run demo -- --help shows what there is)");
  command.parse([...args], { from: "user" });
  const read = command.opts<{ episode: EpisodeId; json: boolean; out: string; snapshots?: number }>();
  return { episode: read.episode, json: read.json, out: read.out, snapshots: read.snapshots };
}
