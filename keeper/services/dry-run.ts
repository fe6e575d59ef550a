import type { MarketsView } from "../core/report/aggregate.ts";
import type { Clock } from "../ports/clock.ts";
import type { OracleChain } from "../ports/oracle-chain.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";

const BPS = 10_000;
const MILLISECONDS = 1_000;

export interface DryRunParts {
  readonly chain: Pick<OracleChain, "lastReport">;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
  readonly intervalSeconds: number;
  observe(observedAtSeconds: number): Promise<MarketsView>;
}

/**
 * Observes and compares with the chain's report until the signal aborts; signs and sends nothing. An observation that fails is logged and the
 * next one comes.
 */
export async function dryRun(parts: DryRunParts, signal: AbortSignal): Promise<void> {
  const { clock, timer, telemetry, intervalSeconds } = parts;
  while (!signal.aborted) {
    try {
      await observeOnce(parts, clock.nowSeconds());
    } catch (error) {
      telemetry.warn("dry-run-observation-failed", { reason: String(error) });
    }
    await timer.sleep(intervalSeconds * MILLISECONDS, signal).catch(() => undefined);
  }
}

async function observeOnce(parts: DryRunParts, nowSeconds: number): Promise<void> {
  const { chain, telemetry } = parts;
  const { pegBps, markets } = await parts.observe(nowSeconds);
  const posted = await chain.lastReport(markets.map(({ market }) => Number(market.market)));
  for (const { market, smiles } of markets) {
    const stored = posted.markets.get(Number(market.market));
    const deviationBps =
      stored === undefined ? null : (Number(market.spotE8 - stored.spotE8) / Number(stored.spotE8)) * BPS;
    telemetry.info("dry-run-observation", {
      market: market.market,
      spotE8: market.spotE8,
      sigmaE9: market.sigmaE9,
      smiles: smiles.length,
      pegBps,
      deviationBps,
    });
  }
}
