import { type Command, Option } from "commander";
import { decodeBytes32String } from "ethers";
import type { MarginBreakdownStructOutput } from "../../../types/ethers-contracts/interfaces/IMarginEngine.ts";
import { GRID } from "../../core/report/grid.ts";
import { unpackInstrumentId, unpackPosition } from "../../core/report/instrument-id.ts";
import { examples, withSession, type CommandContext } from "../context.ts";
import { table, usd } from "../output.ts";
import { accountId } from "../parse.ts";
import { requireAccount } from "./account.ts";

/** The contract's MarginModel, in its order. */
const MODELS = ["default", "static", "volatility-scaled", "tail", "stress"] as const;

type Model = (typeof MODELS)[number];

interface MarginOptions {
  readonly surface?: boolean;
  readonly model?: Model;
}

const NO_SCENARIO = 2n ** 256n - 1n;
const VOL_COLUMNS = ["vol down", "vol flat", "vol up"] as const;

export function addMarginCommand(program: Command): void {
  program
    .command("margin")
    .description(
      "what an account's margin is made of, component by component, with the scenario that decides it",
    )
    .argument("<account>", "the account's number", accountId)
    .option(
      "--surface",
      "also the profit and loss over the grid of spot and volatility moves, for each market",
    )
    .addOption(
      new Option(
        "--model <model>",
        "as if every market used one model (default: what governance chose)",
      ).choices(MODELS),
    )
    .addHelpText("after", examples("margin 3", "margin 3 --model static", "margin 3 --surface --json"))
    .action((id: bigint, options: MarginOptions, command: Command) =>
      withSession(command, (context) => margin(context, id, options)),
    );
}

async function margin(
  { output, session }: CommandContext,
  id: bigint,
  { model, surface = false }: MarginOptions,
): Promise<void> {
  const { clearingHouse, marginEngine, lens } = session.contracts;
  await requireAccount(session, id);
  const read = await session.read(`reading account ${id.toString()}`, async () => {
    const book = await clearingHouse.book(id);
    const plain = {
      cashE6: book.cashE6,
      positions: [...book.positions],
      collateral: book.collateral.map(({ market, quantityE8 }) => ({ market, quantityE8 })),
    };
    const breakdown =
      model === undefined
        ? await marginEngine.breakdown(plain)
        : await marginEngine.breakdownAs(plain, MODELS.indexOf(model));
    return { book: plain, breakdown };
  });
  const held = read.book.positions.map(
    (word) => unpackInstrumentId(unpackPosition(word).instrumentId).market,
  );
  const markets = [...new Set([...held, ...read.book.collateral.map(({ market }) => Number(market))])];
  const surfaces = surface
    ? await Promise.all(
        markets.map(async (market) => ({
          market: session.deployment.markets[market.toString()] ?? market.toString(),
          pnlE6: (await lens.surface(id, market)).map((row) => [...row]),
        })),
      )
    : [];
  const value = { account: id, model: model ?? "as configured", ...components(read.breakdown), surfaces };
  output.result(value, () => [
    `Margin of account ${id.toString()}, ${model === undefined ? "models as governance chose" : `${model} model in every market`}`,
    "",
    ...breakdownTable(value),
    ...notes(value),
    ...surfaces.flatMap(({ market, pnlE6 }) => ["", ...surfaceTable(market, pnlE6)]),
  ]);
}

type Components = ReturnType<typeof components>;

function components(breakdown: MarginBreakdownStructOutput) {
  const { margin: sums, worstScenario, worstStress } = breakdown;
  return {
    equityE6: sums.equityE6,
    initialE6: sums.initialE6,
    maintenanceE6: sums.maintenanceE6,
    markToMarketE6: breakdown.markToMarketE6,
    collateralE6: breakdown.collateralE6,
    grossNotionalE6: breakdown.grossNotionalE6,
    staticLossE6: breakdown.staticLossE6,
    jointTailLossE6: breakdown.jointTailLossE6,
    tailLossE6: breakdown.tailLossE6,
    stressLossE6: breakdown.stressLossE6,
    shortMinimumE6: breakdown.shortMinimumE6,
    basisE6: breakdown.basisE6,
    concentrationE6: breakdown.concentrationE6,
    stalenessE6: breakdown.stalenessE6,
    confidenceE6: breakdown.confidenceE6,
    pegE6: breakdown.pegE6,
    worstScenario: worstScenario === NO_SCENARIO ? null : worstScenario,
    worstStress: BigInt(worstStress) === 0n ? null : decodeBytes32String(worstStress),
    fallbackToStatic: breakdown.fallbackToStatic,
  };
}

function breakdownTable(value: Components): readonly string[] {
  const rows: readonly (readonly [string, bigint, string])[] = [
    ["mark-to-market", value.markToMarketE6, "positions at the last report's marks"],
    ["collateral", value.collateralE6, "after haircut"],
    ["equity", value.equityE6, "cash, marks and collateral"],
    ["gross notional", value.grossNotionalE6, "without offsets"],
    ["static loss", value.staticLossE6, "markets under a static or volatility-scaled model"],
    ["joint tail loss", value.jointTailLossE6, `joint scenarios${worst(value.worstScenario)}`],
    ["tail loss", value.tailLossE6, "after the guard on offsets between markets"],
    ["stress loss", value.stressLossE6, value.worstStress ?? "no stress scenario loses"],
    ["short-option minimum", value.shortMinimumE6, "floor for net short options"],
    ["basis", value.basisE6, "forwards moving apart"],
    ["concentration", value.concentrationE6, "size against the market's depth"],
    ["staleness", value.stalenessE6, "age of the report"],
    ["confidence", value.confidenceE6, "disagreement among keepers; initial only"],
    ["peg", value.pegE6, "settlement coin below a dollar; initial only"],
    ["maintenance margin", value.maintenanceE6, "equity below it starts a margin call"],
    ["initial margin", value.initialE6, "needed to open and to withdraw"],
  ];
  const widest = Math.max(...rows.map(([, , note]) => note.length));
  return table(
    ["component", "USD", ""],
    rows.map(([name, amount, note]) => [name, usd(amount), note.padEnd(widest)]),
  );
}

function worst(scenario: bigint | null): string {
  return scenario === null ? "" : `, the worst is number ${scenario.toString()}`;
}

function notes({ fallbackToStatic }: Components): readonly string[] {
  return fallbackToStatic
    ? ["", "The report is past its last limit: the static model stands in until the keepers report again."]
    : [];
}

function surfaceTable(market: string, pnlE6: readonly (readonly bigint[])[]): readonly string[] {
  return table(
    [`${market}: spot move`, ...VOL_COLUMNS],
    pnlE6.map((row, node) => [`${String(GRID.spotNodes[node] ?? node)} sigma`, ...row.map(usd)]),
  );
}
