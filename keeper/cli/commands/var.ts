import { fileURLToPath } from "node:url";
import { InvalidArgumentError, type Command } from "commander";
import { loadDailyHistory } from "../../adapters/replay/daily-history.ts";
import { examples } from "../context.ts";
import { readBookFile } from "../book-file.ts";
import { createOutput, table } from "../output.ts";
import { wholeNumber } from "../parse.ts";
import { bookRisk, type BookRisk } from "../book-risk.ts";

const PROJECT_DATA = fileURLToPath(new URL("../../../data", import.meta.url));
const DEFAULT_DRAWS = 4_096;
/** Fewer draws have no 99 % tail to speak of. */
const LEAST_DRAWS = 256;
const BPS_PER_PERCENT = 100;
const USD_FORMAT = { maximumFractionDigits: 0 } as const;

const METHOD_TITLES: Readonly<Record<BookRisk["methods"][number]["method"], string>> = {
  historical: "historical",
  filteredHistorical: "filtered historical (the margin's)",
  deltaGammaExact: "delta-gamma-vega, exact",
  deltaGammaSaddlepoint: "delta-gamma-vega, saddlepoint",
  monteCarlo: "Monte Carlo, t copula, quasi-random",
  correlationOne: "stressed twin, correlation one",
  correlationZero: "stressed twin, correlation zero",
};

const HELP = `
Value at risk and expected shortfall of a book over 24 hours by every method, with standard errors, and what each position adds (Euler).
It needs no chain: volatility, scenarios and, where the book names none, spot and vol come from the recorded daily history up to the book's time.

The book is a JSON file; asOf, markets and collateral may be left out:
  {
    "asOf": "2025-08-31T00:00:00Z",
    "markets": { "BTC": { "spot": 108000, "vol": 0.45 } },
    "positions": [
      { "instrument": "BTC-26SEP25-120000-C", "size": -2 },
      { "instrument": "ETH-26SEP25", "size": 10 }
    ],
    "collateral": [{ "market": "BTC", "quantity": 0.5 }]
  }
vol is annual, one for all strikes and expiries of a market; sizes are in units of underlying, negative when short.
`;

interface VarOptions {
  readonly book: string;
  readonly history: string;
  readonly draws: number;
  readonly json?: boolean;
}

export function addVarCommand(program: Command): void {
  program
    .command("var")
    .description("value at risk and expected shortfall of a book by every method, with standard errors")
    .requiredOption("--book <file>", "JSON file of the book")
    .option("--history <folder>", "folder with the recorded daily history", PROJECT_DATA)
    .option("--draws <n>", "draws of each Monte Carlo run", drawCount, DEFAULT_DRAWS)
    .addHelpText("after", HELP)
    .addHelpText("after", examples("var --book book.json", "var --book book.json --json"))
    .action((_options: unknown, command: Command) => {
      const options: VarOptions = command.optsWithGlobals();
      const file = readBookFile(options.book);
      const risk = bookRisk(file, loadDailyHistory(options.history), options.draws);
      createOutput(options.json ?? false).result(risk, () => linesOf(risk));
    });
}

function drawCount(text: string): number {
  const draws = wholeNumber(text);
  if (draws < LEAST_DRAWS)
    throw new InvalidArgumentError(`Expected at least ${LEAST_DRAWS}: fewer draws have no tail.`);
  return draws;
}

const usd = (value: number): string => value.toLocaleString("en-US", USD_FORMAT);

function linesOf(risk: BookRisk): readonly string[] {
  const { varConfidenceBps, esConfidenceBps } = risk;
  const [varName, esName] = [
    `VaR ${varConfidenceBps / BPS_PER_PERCENT} %`,
    `ES ${esConfidenceBps / BPS_PER_PERCENT} %`,
  ];
  return [
    `Book at ${risk.asOf}: ${risk.markets
      .map(({ name, spot, vol }) => `${name} ${usd(spot)} USD, vol ${(vol * BPS_PER_PERCENT).toFixed(1)} %`)
      .join("; ")}.`,
    `Losses over 24 hours, USD; ${risk.scenarios} days of history, ${risk.pastDays} of them for the historical method; copula with ${risk.copulaDegrees.toFixed(1)} degrees of freedom.`,
    "",
    ...table(
      ["method", varName, "std. error", esName, "std. error"],
      risk.methods.map(({ method, valueAtRisk, expectedShortfall, standardErrors }) => [
        METHOD_TITLES[method],
        usd(valueAtRisk),
        usd(standardErrors.valueAtRisk),
        usd(expectedShortfall),
        usd(standardErrors.expectedShortfall),
      ]),
    ),
    "",
    ...table(
      ["component, filtered historical", varName, esName],
      risk.components.map(({ name, valueAtRisk, expectedShortfall }) => [
        name,
        usd(valueAtRisk),
        usd(expectedShortfall),
      ]),
    ),
  ];
}
