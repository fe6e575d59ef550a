// Ballast's demo: starts a chain, deploys the house, and replays a recorded crash end to end. `npm run demo -- --help` says more.
import { createConsole } from "./demo/console.ts";
import { readOptions } from "./demo/options.ts";
import { runDemo } from "./demo/run-demo.ts";

/** Exit code of a process ended by a signal: 128 and the signal's number. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

const options = readOptions(process.argv.slice(2));
const demoConsole = createConsole(options.json);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Ending through exit() lets the node's own exit handler run.
  process.once(signal, () => process.exit(SIGNAL_CODES[signal]));
}
try {
  process.exitCode = (await runDemo(options, demoConsole)) ? 0 : 1;
} catch (error) {
  process.stderr.write(
    `\nThe demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
