// Ballast's backtests: `npm run backtest -- --help` says more.
import { readOptions } from "./backtest/options.ts";
import { runBacktest } from "./backtest/run-backtest.ts";

try {
  await runBacktest(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(
    `\nThe backtest failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
