import { observationBytes, type ObservationContext } from "../../core/protocol/observation-bytes.ts";
import { deviationBps, markOfReport, type MarketMark } from "../../core/protocol/report-need.ts";
import { isAfter, nameOfRound } from "../../core/protocol/round-id.ts";
import { aggregateObservations, type Observation } from "../../core/report/aggregate.ts";
import type { RiskReport } from "../../core/report/typed-data.ts";
import { packMarketWord, packSmileWord, unpackMarketWord } from "../../core/report/words.ts";
import type { ProposalMessage, SignedObservation } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { NetworkSigner } from "../../ports/network-signer.ts";
import type { KeeperSet, OracleChain, OracleHeader } from "../../ports/oracle-chain.ts";
import { SigningRefused, type Committee } from "./parts.ts";

/** Largest distance of a proposed spot or forward from a keeper's own, in bps, at which it still signs. */
const MAX_PRICE_DEVIATION_BPS = 200n;
/** The same of a volatility forecast: keepers with other sources of hours differ more in it. */
const MAX_FORECAST_DEVIATION_BPS = 5_000n;
/** Epochs that a round may skip: a report near the top of the epoch's range would be the last one ever. */
const MAX_EPOCHS_AHEAD = 1_000_000n;
const ZERO_ROOT: Hex = `0x${"00".repeat(32)}`;

/**
 * The report that a proposal's observations make: a pure function of them, so every honest keeper builds the same bytes.
 * @throws SigningRefused when they are too few, not each of another keeper, or not signed by their authors
 */
export function buildReport(
  proposal: ProposalMessage,
  { keeperSet, markets }: Committee,
  network: NetworkSigner,
): RiskReport {
  const { configDigest, quorum } = keeperSet;
  const { observations, epoch, round, observedAtSeconds } = proposal;
  if (new Set(observations.map(({ from }) => from)).size !== observations.length)
    throw new SigningRefused("one keeper observed twice");
  if (observations.length < quorum)
    throw new SigningRefused(`${observations.length.toString()} observations, ${quorum.toString()} needed`);
  const context = { configDigest, epoch, round, observedAtSeconds };
  for (const signed of observations) requireObservation(network, keeperSet, context, signed, markets);
  const payload = aggregateObservations(observations.map(({ observation }) => observation));
  const { blockNumber, blockHash } = proposal;
  return {
    configDigest,
    epoch,
    round,
    observedAt: observedAtSeconds,
    blockNumber,
    blockHash,
    accountRoot: ZERO_ROOT,
    ...payload,
  };
}

function requireObservation(
  network: NetworkSigner,
  keeperSet: KeeperSet,
  context: ObservationContext,
  signed: SignedObservation,
  markets: readonly number[],
): void {
  const { from, observation } = signed;
  if (!keeperSet.keepers.includes(from)) throw new SigningRefused(`${from} is not a keeper`);
  if (!isSound(observation, markets))
    throw new SigningRefused(`no report can be made of what ${from} observed`);
  if (!isMadeByAuthor(network, keeperSet, context, signed))
    throw new SigningRefused(`the proposal carries an observation that ${from} did not make`);
}

/** Whether a report could be made of this observation alone: one that could not would keep all others from making theirs. */
export function isSound(observation: Observation, markets: readonly number[]): boolean {
  try {
    for (const { market, smiles } of observation.markets) {
      packMarketWord(market);
      smiles.forEach(packSmileWord);
    }
    const { markets: words } = aggregateObservations([observation]);
    return (
      words.length === markets.length &&
      words.every((word, index) => unpackMarketWord(word).market === BigInt(markets[index] ?? -1))
    );
  } catch {
    return false;
  }
}

/** Whether the author's network key signed a sound observation for this round. */
export function isMadeByAuthor(
  network: NetworkSigner,
  { keepers, networkKeys }: KeeperSet,
  context: ObservationContext,
  { from, observation, signature }: SignedObservation,
): boolean {
  const key = networkKeys[keepers.indexOf(from)];
  return key !== undefined && network.verify(key, observationBytes(context, observation), signature);
}

/**
 * What must hold of a report beside its derivation before a keeper signs it.
 * @param own what this keeper saw itself
 * @throws SigningRefused naming what differs
 */
export async function requireSignable(
  report: RiskReport,
  own: Observation,
  header: OracleHeader,
  chain: Pick<OracleChain, "block">,
): Promise<void> {
  const name = `round ${nameOfRound(report)}`;
  if (!isAfter(report, header)) throw new SigningRefused(`${name} is not after the chain's`);
  if (report.epoch - header.epoch > MAX_EPOCHS_AHEAD)
    throw new SigningRefused(`${name} is more than ${MAX_EPOCHS_AHEAD.toString()} epochs ahead`);
  const block = await chain.block(report.blockNumber);
  if (block?.hash !== report.blockHash)
    throw new SigningRefused(
      `block ${report.blockNumber.toString()} is not ${report.blockHash} on this chain`,
    );
  const ownMarks = markOfReport({ ...aggregateObservations([own]), observedAt: report.observedAt }).markets;
  const { markets } = markOfReport(report);
  if (markets.size !== ownMarks.size) throw new SigningRefused("the report lists other markets");
  for (const [market, mark] of ownMarks) requireNear(market, markets.get(market), mark);
}

function requireNear(market: number, mark: MarketMark | undefined, own: MarketMark): void {
  if (mark === undefined) throw new SigningRefused("the report lists other markets");
  const compare = (what: string, value: bigint, reference: bigint, maxBps: bigint) => {
    if (deviationBps(value, reference) > maxBps)
      throw new SigningRefused(
        `market ${market.toString()}: ${what} ${value.toString()} against own ${reference.toString()}`,
      );
  };
  compare("spot", mark.spotE8, own.spotE8, MAX_PRICE_DEVIATION_BPS);
  compare("forecast", mark.sigmaE9, own.sigmaE9, MAX_FORECAST_DEVIATION_BPS);
  for (const [expiryHour, ratioE8] of mark.forwardRatiosE8) {
    const ownRatioE8 = own.forwardRatiosE8.get(expiryHour);
    if (ownRatioE8 !== undefined)
      compare(`forward ratio of hour ${expiryHour.toString()}`, ratioE8, ownRatioE8, MAX_PRICE_DEVIATION_BPS);
  }
}
