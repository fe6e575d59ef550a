import { observationBytes } from "../../keeper/core/protocol/observation-bytes.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import { joinAgreement } from "../../keeper/services/protocol/agreement.ts";
import type { Observation } from "../../keeper/core/report/aggregate.ts";
import type { ObservationMessage, ProposalMessage } from "../../keeper/ports/gossip.ts";
import { BLOCK, ORACLE_DOMAIN } from "./keeper-doubles.ts";
import {
  EPOCH,
  HONEST_FACTORS,
  ROUND,
  honestObservation,
  testNetwork,
  type NetworkOptions,
  type TestKeeper,
  type TestNetwork,
} from "./keeper-round.ts";
import { RANDOM_OBSERVED_AT } from "./random-books.ts";

const ROUND_TIMEOUT_MS = 5_000;
const SETTLE_MS = 100;

export const settled = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
export const honest = HONEST_FACTORS.map(honestObservation);

/** An observation with every price of the surface and the spot multiplied. */
export function distorted(spotTimes: bigint, varianceTimes: bigint): Observation {
  const [, seen] = honest;
  if (seen === undefined) throw new Error("four keepers observe");
  return {
    ...seen,
    markets: seen.markets.map(({ market, smiles }) => ({
      market: { ...market, spotE8: market.spotE8 * spotTimes, sigmaE9: market.sigmaE9 * spotTimes },
      smiles: smiles.map((smile) => ({ ...smile, aE10: smile.aE10 * varianceTimes })),
    })),
  };
}

/** Joins keepers, by index; returns what the first completes. */
export async function joinKeepers(
  { keepers }: TestNetwork,
  signal: AbortSignal,
  indexes: readonly number[] = keepers.map((_, index) => index),
) {
  const finals: SignedReport[] = [];
  const accepted = (final: SignedReport) => {
    finals.push(final);
  };
  const joined = await Promise.all(
    keepers
      .filter((_, index) => indexes.includes(index))
      .map((keeper) => joinAgreement(keeper, keeper === keepers[0] ? accepted : () => undefined, signal)),
  );
  return {
    finals,
    begin: async () => {
      await Promise.all(joined.map((agreement) => agreement.beginSlot(ROUND)));
    },
  };
}

/** The first report that keepers complete. */
export async function completed(finals: readonly SignedReport[]): Promise<SignedReport> {
  const deadline = performance.now() + ROUND_TIMEOUT_MS;
  while (finals.length === 0 && performance.now() < deadline) await settled();
  const [signed] = finals;
  if (signed === undefined) throw new Error("the keepers completed no report");
  return signed;
}

export async function runRound(
  options: NetworkOptions = {},
): Promise<{ readonly network: TestNetwork; readonly signed: SignedReport }> {
  const network = testNetwork(options);
  const stop = new AbortController();
  const { finals, begin } = await joinKeepers(network, stop.signal);
  await begin();
  const signed = await completed(finals);
  await settled();
  stop.abort();
  return { network, signed };
}

export function signersOf(
  { keepers }: TestNetwork,
  { report, signatures }: SignedReport,
): readonly (string | null)[] {
  const { signer } = keepers[0];
  return signatures.map((signature) => signer.headSigner(ORACLE_DOMAIN, signer.headOf(report), signature));
}

export function refusals(keeper: TestKeeper): string {
  return keeper.lines.map(({ fields }) => String(fields["reason"])).join("\n");
}

export const signaturesBy = ({ heard }: TestNetwork, keeper: TestKeeper) =>
  heard.filter(({ from, message }) => from === keeper.signer.address && message.kind === "signature");

/** What a keeper says it sees in the round of these tests. */
export function observationBy(
  { keepers, oracle }: TestNetwork,
  index: number,
  observation: Observation,
): ObservationMessage {
  const at = { epoch: EPOCH, round: ROUND, observedAtSeconds: RANDOM_OBSERVED_AT };
  const { configDigest } = oracle.state.keeperSet;
  const signature = keepers[index as 0 | 1 | 2 | 3].network.sign(
    observationBytes({ ...at, configDigest }, observation),
  );
  return { kind: "observation", ...at, observation, signature };
}

/** A proposal of the four honest observations, with parts replaced, as `by` would send it. */
export function proposal(network: TestNetwork, changes: Partial<ProposalMessage> = {}): ProposalMessage {
  return {
    kind: "proposal",
    epoch: EPOCH,
    round: ROUND,
    observedAtSeconds: RANDOM_OBSERVED_AT,
    blockNumber: BLOCK.number,
    blockHash: BLOCK.hash,
    observations: network.keepers.map(({ signer }, index) => {
      const { observation, signature } = observationBy(network, index, honest[index] ?? honestObservation(1));
      return { from: signer.address, observation, signature };
    }),
    ...changes,
  };
}

/** Followers who have all observed a round that keeper 0 opened but not yet proposed. */
export async function openedRound(): Promise<{
  readonly network: TestNetwork;
  readonly stop: AbortController;
}> {
  const network = testNetwork();
  const stop = new AbortController();
  await joinKeepers(network, stop.signal);
  const { gossip } = network.keepers[0];
  gossip.publish({ kind: "observe", epoch: EPOCH, round: ROUND, observedAtSeconds: RANDOM_OBSERVED_AT });
  await settled();
  return { network, stop };
}
