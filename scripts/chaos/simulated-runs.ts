import { type ChaosResult, liveThroughChaos } from "../../test/support/chaos-world.ts";
import { secondsSince } from "../run-command.ts";
import type { ChaosChoice } from "./options.ts";

/** Lives through each seed in simulated time. True when no promise was broken. */
export async function runSimulated({
  seeds,
  seed: first,
  keepers,
  slots,
  json,
}: ChaosChoice): Promise<boolean> {
  console.log(`${seeds} runs from seed ${first}: ${keepers} keepers, ${slots} slots of storm each`);
  const startMs = performance.now();
  const results: ChaosResult[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    const result = await liveThroughChaos({ seed, keepers, slots });
    results.push(result);
    const { conducts, reports, kills, refusedMessages, broken } = result;
    console.log(
      `seed ${seed}: ${conducts.join(", ")}; ${reports} reports, ${kills} kills, ${refusedMessages} messages refused${broken.length === 0 ? "" : " - BROKEN"}`,
    );
    for (const line of broken) console.error(`  ${line}`);
    if (broken.length > 0)
      console.error(
        `  again: npm run chaos -- --seeds 1 --seed ${seed} --keepers ${keepers} --slots ${slots}`,
      );
  }
  const failed = results.filter(({ broken }) => broken.length > 0).map(({ seed }) => seed);
  const sum = (of: (result: ChaosResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const reports = sum((result) => result.reports);
  const kills = sum((result) => result.kills);
  console.log(
    `${seeds} runs, ${reports} reports, ${kills} kills in ${secondsSince(startMs)}; ${failed.length} runs broke a promise`,
  );
  if (json) console.log(JSON.stringify({ firstSeed: first, seeds, keepers, slots, reports, kills, failed }));
  return failed.length === 0;
}
