import { requireConsistent, slotAt } from "./core/protocol/parameters.ts";
import type { RiskReport, SignedReport } from "./core/report/typed-data.ts";
import type { PreciseClock } from "./ports/clock.ts";
import type { SignedScenarioSet } from "./ports/gossip.ts";
import type { Hex } from "./ports/hex.ts";
import type { ScenarioBuilder } from "./ports/scenario-builder.ts";
import { createHourlyForecaster } from "./services/hourly-forecast.ts";
import { observe, type ObserverSettings } from "./services/observe.ts";
import { joinAgreement, type Agreement } from "./services/protocol/agreement.ts";
import type { ProtocolParts } from "./services/protocol/parts.ts";
import { joinScenarioAgreement, type ScenarioAgreement } from "./services/protocol/scenario-agreement.ts";
import { createScenarioPublication } from "./services/protocol/scenario-publication.ts";
import { createTransmissions } from "./services/protocol/transmission.ts";
import { createOwnScenarios } from "./services/scenarios.ts";

/** Everything a keeper reaches the outside through. */
export interface KeeperParts extends Omit<ProtocolParts, "observe" | "clock"> {
  readonly clock: PreciseClock;
  readonly observer: Omit<ObserverSettings, "chain" | "hourlyForecaster">;
  readonly scenarioBuilder: ScenarioBuilder;
  /** Root of the account-risk table that it names; zero when there is none. */
  accountRoot(): Hex;
  /** Is told how long after its slot began each report was complete here. */
  reportSigned(sinceSlotMs: number): void;
}

/** What becomes of the reports and scenario sets that are complete. */
interface Acceptance {
  report(final: SignedReport): void;
  scenarioSet(final: SignedScenarioSet): void;
}

/** A keeper that has joined the others. */
interface JoinedKeeper {
  readonly agreement: Agreement;
  readonly scenarios: ScenarioAgreement;
}

/** One keeper. */
export interface Keeper {
  /** Takes part until the signal aborts: slots by its own clock, reports and scenario sets, and its turns to transmit. */
  run(signal: AbortSignal): Promise<void>;
}

/** Bounds of the time between two looks at the clock, which a replay may move at any time. */
const MIN_TICK_MS = 25;
const MAX_TICK_MS = 1_000;
const MILLISECONDS = 1_000;
/** A report that is complete here later than so many slots after its own began was missed then and caught up with. */
const CAUGHT_UP_SLOTS = 2;

/** @throws CoreError `argument-out-of-domain` when the parameters contradict each other */
export function createKeeper(parts: KeeperParts): Keeper {
  const { observer, parameters } = parts;
  requireConsistent(parameters);
  const protocol: ProtocolParts = {
    ...parts,
    observe: observing(parts),
  };
  const { marketData, listings } = observer;
  const own = createOwnScenarios({
    marketData,
    listings,
    builder: parts.scenarioBuilder,
    timer: parts.timer,
  });
  const join = async (accept: Acceptance, signal: AbortSignal): Promise<JoinedKeeper> => {
    const agreement = await joinAgreement(
      protocol,
      (final) => {
        accept.report(final);
      },
      signal,
    );
    const scenarios = await joinScenarioAgreement(
      { ...protocol, agreement, own },
      (final) => {
        accept.scenarioSet(final);
      },
      signal,
    );
    return { agreement, scenarios };
  };
  return {
    run: async (signal) => {
      // All are called only after a slot has begun, when the keeper has joined.
      const joined: { keeper?: JoinedKeeper } = {};
      const committee = () => {
        if (joined.keeper === undefined)
          throw new Error("a report was complete before the keeper had joined");
        return joined.keeper.agreement.committee;
      };
      const transmissions = createTransmissions(parts, committee, signal);
      const publication = createScenarioPublication(parts, committee, signal);
      const accept: Acceptance = {
        report: (final) => {
          noteSigned(parts, final.report);
          transmissions.schedule(final);
        },
        scenarioSet: (final) => {
          publication.schedule(final);
        },
      };
      joined.keeper = await join(accept, signal);
      const last = await parts.store.newestFinal();
      if (last !== null) transmissions.resume(last);
      await beginSlots(parts, joined.keeper, signal);
    },
  };
}

/** What this keeper says it sees: the markets, and the root of its table of account risk. */
function observing(parts: KeeperParts): ProtocolParts["observe"] {
  const settings = { ...parts.observer, chain: parts.chain, hourlyForecaster: createHourlyForecaster() };
  return async (observedAtSeconds) => ({
    ...(await observe(settings, observedAtSeconds)),
    accountRoot: parts.accountRoot(),
  });
}

/** Says that a report is complete here, and by this keeper's clock how long after its slot began. */
function noteSigned(parts: KeeperParts, { epoch, round }: RiskReport): void {
  const { clock, parameters, telemetry } = parts;
  const slotMs = parameters.slotSeconds * MILLISECONDS;
  const sinceSlotMs = clock.nowMs() - round * slotMs;
  if (sinceSlotMs > CAUGHT_UP_SLOTS * slotMs) {
    telemetry.info("report-caught-up", { epoch, round });
    return;
  }
  telemetry.info("report-signed", { epoch, round, sinceSlotMs: Math.round(sinceSlotMs) });
  parts.reportSigned(sinceSlotMs);
}

/** Begins each slot as the clock reaches it; slots that were missed are dropped. An error ends its slot only. */
async function beginSlots(
  { clock, timer, telemetry, parameters }: KeeperParts,
  { agreement, scenarios }: JoinedKeeper,
  signal: AbortSignal,
): Promise<void> {
  const { slotSeconds } = parameters;
  let last = Number.NEGATIVE_INFINITY;
  let lastEpoch: bigint | null = null;
  while (!signal.aborted) {
    const now = clock.nowSeconds();
    const slot = slotAt(now, parameters);
    // A clock that was ahead comes back to slots that were begun already: what to make of that is the agreement's.
    if (slot !== last) {
      last = slot;
      await agreement.beginSlot(slot).catch((error: unknown) => {
        telemetry.warn("slot-not-begun", { slot, reason: String(error) });
      });
      lastEpoch = null;
    }
    // Whoever takes over from a leader that is gone proposes in its place. Slots do not wait for it.
    if (agreement.epoch !== lastEpoch) {
      lastEpoch = agreement.epoch;
      scenarios.lead().catch((error: unknown) => {
        if (!signal.aborted) telemetry.warn("scenario-set-not-proposed", { reason: String(error) });
      });
    }
    // The clock shows whole seconds: the last one of a slot is watched closely.
    const leftMs = ((slot + 1) * slotSeconds - now - 1) * MILLISECONDS;
    await timer.sleep(Math.min(Math.max(leftMs, MIN_TICK_MS), MAX_TICK_MS), signal).catch(() => undefined);
  }
}
