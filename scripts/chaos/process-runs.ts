import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { liveThroughStorm } from "../../test/support/storm.ts";
import { PROJECT_ROOT, secondsSince } from "../run-command.ts";
import type { ChaosChoice } from "./options.ts";

const SECONDS_PER_MINUTE = 60;

/** Lives through each seed with real processes. True when no promise was broken. */
export async function runProcesses(choice: ChaosChoice): Promise<boolean> {
  const { seeds, seed: first, keepers, minutes, json } = choice;
  const out = join(PROJECT_ROOT, "out");
  mkdirSync(out, { recursive: true });
  const failed: number[] = [];
  const totals = { reports: 0, deaths: 0 };
  for (let seed = first; seed < first + seeds; seed++) {
    const folder = mkdtempSync(join(out, `chaos-${seed}-`));
    console.log(
      `seed ${seed}: ${keepers} keepers, ${minutes} min of storm; logs in ${relative(PROJECT_ROOT, folder)}`,
    );
    const startMs = performance.now();
    const say = (line: string) => {
      console.log(`${secondsSince(startMs).padStart(8)}  ${line}`);
    };
    const seconds = minutes * SECONDS_PER_MINUTE;
    const broken = await liveThroughStorm({ seed, keepers, seconds, folder, say }).then(
      ({ facts, broken: lines }) => {
        const deaths = facts.ends.filter(({ isAsked }) => !isAsked).length;
        totals.reports += facts.accepted.length;
        totals.deaths += deaths;
        say(
          `${facts.completed.length} reports signed, ${facts.accepted.length} of them on the chain, ${deaths} deaths; ${lines.length} promises broken`,
        );
        return lines;
      },
      (error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)],
    );
    if (broken.length === 0) {
      rmSync(folder, { recursive: true });
      continue;
    }
    failed.push(seed);
    for (const line of broken) console.error(`  ${line}`);
    console.error(
      `  again: npm run chaos -- --processes --seed ${seed} --keepers ${keepers} --minutes ${minutes}`,
    );
  }
  if (json) console.log(JSON.stringify({ firstSeed: first, seeds, keepers, minutes, ...totals, failed }));
  return failed.length === 0;
}
