// Keepers under chaos: `npm run chaos -- --help` says more. Fails, with the command that repeats it, when a promise is broken.
import { readChaosChoice } from "./chaos/options.ts";
import { runProcesses } from "./chaos/process-runs.ts";
import { runSimulated } from "./chaos/simulated-runs.ts";

const choice = readChaosChoice(process.argv.slice(2));
const kept = choice.processes ? await runProcesses(choice) : await runSimulated(choice);
if (!kept) process.exitCode = 1;
