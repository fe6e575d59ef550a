import { observationBytes, type ObservationContext } from "../../core/protocol/observation-bytes.ts";
import { isAfter, nameOfRound } from "../../core/protocol/round-id.ts";
import { aggregateObservations, type MarketsView } from "../../core/report/aggregate.ts";
import {
  findDroppedExpiry,
  findRefusal,
  findSurfaceRefusal,
  nameOfRefusal,
  type ReportLimits,
} from "../../core/report/report-checks.ts";
import type { ReportMark } from "../../core/report/report-mark.ts";
import type { RiskReport } from "../../core/report/typed-data.ts";
import { packMarketWord, packSmileWord } from "../../core/report/words.ts";
import type { ProposalMessage, SignedObservation } from "../../ports/gossip.ts";
import type { NetworkSigner } from "../../ports/network-signer.ts";
import type { KeeperSet, OracleChain, OracleHeader } from "../../ports/oracle-chain.ts";
import { requireNearOwn } from "./near-own-view.ts";
import { SigningRefused, type Committee } from "./parts.ts";

/** Blocks behind the newest one that a report may name: the oracle knows the hashes of 256, and the report has some way to go. */
const MAX_BLOCKS_BEHIND = 64n;
/** Epochs that a round may skip: a report near the top of the epoch's range would be the last one ever. */
const MAX_EPOCHS_AHEAD = 1_000_000n;

/**
 * The report that a proposal's observations make: a pure function of them, so every honest keeper builds the same bytes.
 * @throws SigningRefused when they are too few, not each of another keeper, not signed by their authors, or such that the oracle would not take one
 * of them
 */
export function buildReport(
  proposal: ProposalMessage,
  { keeperSet, limits }: Pick<Committee, "keeperSet" | "limits">,
  network: Pick<NetworkSigner, "verify">,
): RiskReport {
  const { configDigest, quorum, faults } = keeperSet;
  const { observations, epoch, round, observedAtSeconds } = proposal;
  if (new Set(observations.map(({ from }) => from)).size !== observations.length)
    throw new SigningRefused("one keeper observed twice");
  if (observations.length < quorum)
    throw new SigningRefused(`${observations.length.toString()} observations, ${quorum.toString()} needed`);
  const context = { configDigest, epoch, round, observedAtSeconds };
  for (const signed of observations) requireObservation(network, keeperSet, context, signed, limits);
  const payload = aggregateObservations(
    observations.map(({ observation }) => observation),
    faults,
  );
  const { blockNumber, blockHash } = proposal;
  return {
    configDigest,
    epoch,
    round,
    observedAt: observedAtSeconds,
    blockNumber,
    blockHash,
    ...payload,
  };
}

function requireObservation(
  network: Pick<NetworkSigner, "verify">,
  keeperSet: KeeperSet,
  context: ObservationContext,
  signed: SignedObservation,
  limits: ReportLimits,
): void {
  const { from, observation } = signed;
  if (!keeperSet.keepers.includes(from)) throw new SigningRefused(`${from} is not a keeper`);
  if (!isMadeByAuthor(network, keeperSet, context, signed))
    throw new SigningRefused(`the proposal carries an observation that ${from} did not make`);
  const unsound = findUnsound(observation, limits, null, context.observedAtSeconds);
  if (unsound !== null)
    throw new SigningRefused(`no report can be made of what ${from} observed: ${unsound}`);
}

/**
 * Why the oracle would not take a report with this observation's surfaces, or why it is none at all; null when it is sound. One that is not would
 * keep all others from making theirs. Spots and forecasts may lie anywhere: only their medians count.
 * @param before the report that the new one is going to follow; null leaves out what depends on it
 */
export function findUnsound(
  { markets }: MarketsView,
  limits: ReportLimits,
  before: ReportMark | null,
  observedAtSeconds: number,
): string | null {
  if (markets.length !== limits.markets.length)
    return `${markets.length.toString()} markets, ${limits.markets.length.toString()} expected`;
  for (const [index, bounds] of limits.markets.entries()) {
    const { market, smiles = [] } = markets[index] ?? {};
    if (market?.market !== BigInt(bounds.market) || market.smileCount !== BigInt(smiles.length))
      return `market ${bounds.market.toString()} is missing, or counts other expiries than it lists`;
    try {
      packMarketWord(market);
      smiles.forEach(packSmileWord);
    } catch (error) {
      return String(error);
    }
    const mark = before?.markets.get(bounds.market) ?? null;
    const refusal =
      findSurfaceRefusal(smiles, market.sigmaE9, bounds, observedAtSeconds) ??
      findDroppedExpiry(smiles, mark, bounds.market, observedAtSeconds);
    if (refusal !== null) return nameOfRefusal(refusal);
  }
  return null;
}

/** Whether the author's network key signed an observation for this round. */
export function isMadeByAuthor(
  network: Pick<NetworkSigner, "verify">,
  { keepers, networkKeys }: KeeperSet,
  context: ObservationContext,
  { from, observation, signature }: SignedObservation,
): boolean {
  const key = networkKeys[keepers.indexOf(from)];
  if (key === undefined) return false;
  try {
    return network.verify(key, observationBytes(context, observation), signature);
  } catch {
    // No bytes stand for values that fit no word.
    return false;
  }
}

/** What a report is going to stand beside. */
export interface Surroundings {
  /** The chain's last report. */
  readonly header: OracleHeader;
  /** The newest signed report that this keeper holds. */
  readonly newest: RiskReport | null;
  readonly chain: Pick<OracleChain, "block" | "latestBlock">;
}

/**
 * What must hold of a report beside its derivation before a keeper signs it.
 * @param own what this keeper saw itself
 * @throws SigningRefused naming what differs
 */
export async function requireSignable(
  report: RiskReport,
  own: MarketsView,
  { header, newest, chain }: Surroundings,
): Promise<void> {
  const name = `round ${nameOfRound(report)}`;
  if (!isAfter(report, header)) throw new SigningRefused(`${name} is not after the chain's`);
  if (report.epoch - header.epoch > MAX_EPOCHS_AHEAD)
    throw new SigningRefused(`${name} is more than ${MAX_EPOCHS_AHEAD.toString()} epochs ahead`);
  const isLater = newest !== null && isAfter(report, newest);
  const observedBefore = Math.max(header.observedAtSeconds, isLater ? newest.observedAt : 0);
  if (report.observedAt <= observedBefore)
    throw new SigningRefused(
      `${name} was observed at ${report.observedAt.toString()}, not after the last report's ${observedBefore.toString()}`,
    );
  await requireRecentBlock(report, chain);
  requireNearOwn(report, own);
}

async function requireRecentBlock(
  { blockNumber, blockHash }: RiskReport,
  chain: Surroundings["chain"],
): Promise<void> {
  const name = `block ${blockNumber.toString()}`;
  const [block, latest] = await Promise.all([chain.block(blockNumber), chain.latestBlock()]);
  if (block?.hash !== blockHash) throw new SigningRefused(`${name} is not ${blockHash} on this chain`);
  if (latest.number - blockNumber > MAX_BLOCKS_BEHIND)
    throw new SigningRefused(
      `${name} is more than ${MAX_BLOCKS_BEHIND.toString()} behind ${latest.number.toString()}, the newest`,
    );
}

/**
 * @param before the report that it is going to follow
 * @throws SigningRefused with the oracle's error when the oracle would refuse the report for its payload
 */
export function requireAcceptable(report: RiskReport, limits: ReportLimits, before: ReportMark | null): void {
  const refusal = findRefusal(report, limits, before);
  if (refusal !== null) throw new SigningRefused(`the oracle would refuse it: ${nameOfRefusal(refusal)}`);
}
