import { decodeBytes32String } from "ethers";
import { MARGIN_MODELS, TAIL_MEASURES, type MarginParams } from "../core/margin/types.ts";
import type { MarginContext } from "../core/margin/margin.ts";
import { decodeMarketState } from "../core/report/market-state.ts";
import { decodeScenarioSet, type GridScenarioSet } from "../core/report/scenario-set.ts";
import { unpackStoredMarketWord, unpackSmileWord } from "../core/report/words.ts";
import { BPS } from "../core/units.ts";
import { CommandError } from "./failure.ts";
import type { Session } from "./session.ts";

/** Contract code that holds data begins with a byte that stops it from running: "0x" and two digits. */
const CODE_PREFIX_LENGTH = 4;

/**
 * Everything that margin depends on, read from the chain, for the float64 twin.
 * @throws CommandError `no-report`
 */
export async function readMarginContext(session: Session): Promise<MarginContext> {
  const { oracle, config, scenarios } = session.contracts;
  const [header, params, { pointer }, block] = await Promise.all([
    oracle.header(),
    config.marginParams(),
    scenarios.inForce(),
    session.provider.getBlock("latest"),
  ]);
  if (header.observedAt === 0n) {
    throw new CommandError(
      "no-report",
      "the keepers have posted no report yet",
      "see them: ballast oracle status",
    );
  }
  const observedAt = Number(header.observedAt);
  const marketIds = params.markets.map(({ market }) => Number(market));
  const states = await Promise.all(
    marketIds.map(async (id) => {
      const { marketWord, smiles } = await oracle.marketState(id);
      return marketWord === 0n
        ? []
        : [decodeMarketState(unpackStoredMarketWord(marketWord), smiles.map(unpackSmileWord))];
    }),
  );
  return {
    report: { observedAt, peg: Number(header.pegBps) / BPS, markets: states.flat() },
    params: marginParams(params),
    scenarios: await readScenarios(session, pointer),
    now: Math.max(observedAt, block?.timestamp ?? observedAt),
  };
}

async function readScenarios({ provider }: Session, pointer: string): Promise<GridScenarioSet | undefined> {
  const code = await provider.getCode(pointer);
  if (code.length <= CODE_PREFIX_LENGTH) return undefined;
  return decodeScenarioSet(Uint8Array.from(Buffer.from(code.slice(CODE_PREFIX_LENGTH), "hex")));
}

type ChainParams = Awaited<ReturnType<Session["contracts"]["config"]["marginParams"]>>;

function marginParams(params: ChainParams): MarginParams {
  return {
    varConfidenceBps: Number(params.varConfidenceBps),
    esConfidenceBps: Number(params.esConfidenceBps),
    tailMeasure: TAIL_MEASURES[Number(params.tailMeasure)] ?? "worseOfBoth",
    horizonSeconds: Number(params.horizonSeconds),
    offsetTrustBps: Number(params.offsetTrustBps),
    initialFactorBps: Number(params.initialFactorBps),
    volTermExponentBps: Number(params.volTermExponentBps),
    volTermFloorSeconds: Number(params.volTermFloorSeconds),
    heartbeatSeconds: Number(params.heartbeatSeconds),
    riskIncreaseAgeSeconds: Number(params.riskIncreaseAgeSeconds),
    fallbackAgeSeconds: Number(params.fallbackAgeSeconds),
    stalenessBpsPerHour: Number(params.stalenessBpsPerHour),
    stalenessCapBps: Number(params.stalenessCapBps),
    pegThresholdBps: Number(params.pegThresholdBps),
    pegMultipleBps: Number(params.pegMultipleBps),
    markets: params.markets.map((market) => ({
      market: Number(market.market),
      model: MARGIN_MODELS[Number(market.model)] ?? "default",
      staticShareBps: Number(market.staticShareBps),
      staticFloorBps: Number(market.staticFloorBps),
      volatilityMultipleBps: Number(market.volatilityMultipleBps),
      shortMinimumBps: Number(market.shortMinimumBps),
      basisBps: Number(market.basisBps),
      freeDepthBps: Number(market.freeDepthBps),
      concentrationBps: Number(market.concentrationBps),
      concentrationCapBps: Number(market.concentrationCapBps),
      dispersionToleranceBps: Number(market.dispersionToleranceBps),
      dispersionMultipleBps: Number(market.dispersionMultipleBps),
    })),
    stress: params.stress.map((scenario) => ({
      name: decodeBytes32String(scenario.name),
      weightBps: Number(scenario.weightBps),
      volMultipleBps: Number(scenario.volMultipleBps),
      volFloorBps: Number(scenario.volFloorBps),
      linearTwistBps: Number(scenario.linearTwistBps),
      absoluteTwistBps: Number(scenario.absoluteTwistBps),
      returnBps: scenario.returnBps.map(Number),
    })),
  };
}
