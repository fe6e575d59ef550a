import type { SignedReport } from "./core/report/typed-data.ts";
import type { Gossip, SignedScenarioSet } from "./ports/gossip.ts";
import type { NetworkSigner } from "./ports/network-signer.ts";
import type { OracleChain } from "./ports/oracle-chain.ts";
import type { ReportSigner } from "./ports/signer.ts";
import type { SigningRecord } from "./ports/signing-record.ts";
import type { Telemetry } from "./ports/telemetry.ts";
import { createHourlyForecaster } from "./services/hourly-forecast.ts";
import { observe, type ObserverSettings } from "./services/observe.ts";
import {
  followRounds,
  leaderOf,
  leadRound,
  type RoundParticipant,
  transmitReport,
} from "./services/report-round.ts";
import { buildScenarioSet } from "./services/scenarios.ts";
import { followScenarioSets, leadScenarioSet, type ScenarioParticipant } from "./services/scenario-round.ts";
import type { SubmittedTransaction } from "./ports/oracle-chain.ts";

/** Everything a keeper reaches the outside through. */
export interface KeeperParts {
  readonly chain: OracleChain;
  readonly gossip: Gossip;
  readonly signer: ReportSigner;
  readonly network: NetworkSigner;
  readonly record: SigningRecord;
  readonly telemetry: Telemetry;
  readonly observer: Omit<ObserverSettings, "chain" | "hourlyForecaster">;
}

/** One keeper: it answers every round, and leads those that are its turn. */
export interface Keeper {
  readonly address: ReportSigner["address"];
  /** Follows rounds until the signal aborts. */
  start(signal: AbortSignal): void;
  leads(epoch: bigint): Promise<boolean>;
  leadRound(epoch: bigint, observedAtSeconds: number, signal: AbortSignal): Promise<SignedReport>;
  transmit(signed: SignedReport): Promise<SubmittedTransaction | null>;
  leadScenarioSet(setId: bigint, signal: AbortSignal): Promise<SignedScenarioSet>;
}

/** Every epoch has one round here; the network's view changes will use more. */
const ONLY_ROUND = 0;

export function createKeeper(parts: KeeperParts): Keeper {
  const { chain, gossip, signer, network, record, telemetry, observer } = parts;
  const hourlyForecaster = createHourlyForecaster();
  const participant: RoundParticipant = {
    chain,
    gossip,
    signer,
    network,
    record,
    telemetry,
    observe: (observedAtSeconds) => observe({ ...observer, chain, hourlyForecaster }, observedAtSeconds),
  };
  const scenarios: ScenarioParticipant = {
    ...participant,
    buildScenarioSet: () => buildScenarioSet(observer.marketData, observer.listings),
  };
  return {
    address: signer.address,
    start: (signal) => {
      followRounds(participant, signal);
      followScenarioSets(scenarios, signal);
    },
    leads: async (epoch) => leaderOf(epoch, await chain.keeperSet()) === signer.address,
    leadRound: (epoch, observedAtSeconds, signal) =>
      leadRound(participant, epoch, ONLY_ROUND, observedAtSeconds, signal),
    transmit: (signed) => transmitReport(chain, signed),
    leadScenarioSet: (setId, signal) => leadScenarioSet(scenarios, setId, signal),
  };
}
