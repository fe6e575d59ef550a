import type { Command } from "commander";
import { decodeMarketState, totalVariance } from "../../core/report/market-state.ts";
import { unpackStoredMarketWord, unpackSmileWord } from "../../core/report/words.ts";
import { SECONDS_PER_YEAR } from "../../core/units.ts";
import { examples, withSession, type CommandContext } from "../context.ts";
import { percent, table, time } from "../output.ts";

const SHARE_TO_BPS = 10_000;
const USD_FORMAT = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;

export function addOracleCommands(program: Command): void {
  const oracle = program.command("oracle").description("what the keepers have posted");
  oracle
    .command("status")
    .description("age of the last report, the keeper set, and each market's spot, forecasts and smiles")
    .addHelpText("after", examples("oracle status", "oracle status --json | jq '.markets[0].spot'"))
    .action((_options: unknown, command: Command) => withSession(command, status));
}

async function status({ output, session }: CommandContext): Promise<void> {
  const { oracle, keepers, scenarios, config, clearingHouse } = session.contracts;
  const [header, set, quorum, scenario, params, block, pausedUntil] = await Promise.all([
    oracle.header(),
    keepers.keepers(),
    keepers.quorum(),
    scenarios.current(),
    config.marginParams(),
    session.provider.getBlock("latest"),
    clearingHouse.pausedUntil(),
  ]);
  const observedAt = Number(header.observedAt);
  const ageSeconds = (block?.timestamp ?? observedAt) - observedAt;
  const reported = header.observedAt > 0n;
  const markets = reported
    ? await Promise.all(marketNumbers(session).map((id) => market(session, id, observedAt)))
    : [];
  const value = {
    reported,
    epoch: header.epoch,
    round: Number(header.round),
    observedAt,
    ageSeconds,
    heartbeatSeconds: Number(params.heartbeatSeconds),
    riskIncreaseAgeSeconds: Number(params.riskIncreaseAgeSeconds),
    fallbackAgeSeconds: Number(params.fallbackAgeSeconds),
    pegBps: Number(header.pegBps),
    keepers: [...set],
    quorum: Number(quorum),
    scenarioSetId: scenario.setId,
    pausedUntil,
    markets,
  };
  output.result(value, () => [
    reported
      ? `Report of epoch ${header.epoch.toString()}, round ${value.round}, observed ${time(observedAt)}, ${ageSeconds} s ago: ${freshness(value)}`
      : "No report has been posted yet: start the keepers.",
    `${value.keepers.length} keepers, ${value.quorum} have to sign; scenario set ${scenario.setId.toString()}${reported ? `; settlement coin at ${percent(value.pegBps)} of a dollar` : ""}`,
    ...markets.flatMap((entry) => [
      "",
      `${entry.name}: spot ${entry.spot.toLocaleString("en-US", USD_FORMAT)} USD, volatility ${percent(entry.dailyVol * SHARE_TO_BPS)} a day, of implied volatility ${percent(entry.dailyVolOfVol * SHARE_TO_BPS)} a day${entry.isQuarantined ? "; quarantined: the spot jumped and waits for the next leader's report" : ""}`,
      ...table(
        ["expiry", "forward USD", "at-the-money vol", "discount"],
        entry.smiles.map(({ expiry, forward, atTheMoneyVol, discount }) => [
          time(expiry),
          forward.toLocaleString("en-US", USD_FORMAT),
          percent(atTheMoneyVol * SHARE_TO_BPS),
          discount.toFixed(5),
        ]),
      ),
    ]),
  ]);
}

function marketNumbers({ deployment }: CommandContext["session"]): readonly number[] {
  return Object.keys(deployment.markets)
    .map(Number)
    .sort((a, b) => a - b);
}

async function market({ contracts, deployment }: CommandContext["session"], id: number, observedAt: number) {
  const { marketWord, smiles } = await contracts.oracle.marketState(id);
  const stored = unpackStoredMarketWord(marketWord);
  const state = decodeMarketState(stored, smiles.map(unpackSmileWord));
  return {
    market: id,
    name: deployment.markets[id.toString()] ?? id.toString(),
    spot: state.spot,
    isQuarantined: stored.isQuarantined,
    dailyVol: state.sigma,
    dailyVolOfVol: state.psi,
    dispersion: state.dispersion,
    smiles: state.smiles.map(({ expiry, forwardRatio, discount, slice }) => ({
      expiry,
      forward: state.spot * forwardRatio,
      discount,
      atTheMoneyVol: Math.sqrt(
        Math.max(0, totalVariance(slice, 0)) / ((expiry - observedAt) / SECONDS_PER_YEAR),
      ),
    })),
  };
}

function freshness(value: {
  readonly ageSeconds: number;
  readonly heartbeatSeconds: number;
  readonly riskIncreaseAgeSeconds: number;
  readonly fallbackAgeSeconds: number;
}): string {
  if (value.ageSeconds > value.fallbackAgeSeconds) return "lost, margin falls back to the static model";
  if (value.ageSeconds > value.riskIncreaseAgeSeconds) return "too old to add risk";
  if (value.ageSeconds > value.heartbeatSeconds) return "late, margin carries a staleness charge";
  return "fresh";
}
