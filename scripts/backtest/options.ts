import { Argument, Command } from "commander";

/** The sections in the order in which they run. */
const SECTION_NAMES = ["statistical", "protocol", "forecasts", "surface"] as const;

export type SectionName = (typeof SECTION_NAMES)[number];

/** What the backtest was asked to do. */
export interface BacktestOptions {
  readonly sections: readonly SectionName[];
  /** A folder of recorded history; the project's own extract serves when undefined. */
  readonly data: string | undefined;
  readonly json: boolean;
  /** Folder for the report. */
  readonly out: string;
}

const HELP_TAIL = `
Sections
  statistical   daily value at risk and expected shortfall of sixteen portfolios since 2018: exceedances, Kupiec, Christoffersen,
                Basel zones, Acerbi-Szekely, for every method
  protocol      200 books through every recorded crash under static, value-at-risk, stress and default margin with the rules of the
                contracts: capital, bad debt, liquidated share, procyclicality
  forecasts     volatility forecasts of one hour and one day, walk-forward (needs --data)
  surface       the volatility surface fitted to every recorded option chain (needs --data)

Examples
  npm run backtest                             everything that the project's own data allow; report in out/backtest.html
  npm run backtest -- protocol --data FOLDER   one section, on a folder of recorded history, at its finest bars
  npm run backtest -- --json                   the figures as one JSON object on the last line; progress goes to stderr`;

/** Reads the command line; prints help or a clear error and ends the process when that is what was asked or deserved. */
export function readOptions(args: readonly string[]): BacktestOptions {
  const command = new Command("npm run backtest --")
    .description("Ballast's backtests: does the margin work on real history?")
    .addArgument(new Argument("[sections...]", "sections to run; all by default").choices(SECTION_NAMES))
    .option("--data <folder>", "folder of recorded history")
    .option("--json", "print one JSON object as the last line; everything else goes to stderr", false)
    .option("--out <folder>", "folder for the report", "out")
    .addHelpText("after", HELP_TAIL)
    .showHelpAfterError("(npm run backtest -- --help shows what there is)");
  command.parse([...args], { from: "user" });
  const { data, json, out } = command.opts<{ data?: string; json: boolean; out: string }>();
  const [chosen = []] = command.processedArgs as [SectionName[] | undefined];
  const sections =
    chosen.length === 0 ? SECTION_NAMES : SECTION_NAMES.filter((name) => chosen.includes(name));
  return { sections, data, json, out };
}
