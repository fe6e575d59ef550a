// What must hold of keepers under chaos, as pure functions of what they said and did. Each answers with one line for each promise broken.
import { nameOfRound, type RoundId } from "../../keeper/core/protocol/round-id.ts";
import { NO_ACCOUNT_ROOT } from "../../keeper/core/report/account-root.ts";
import type { MarketsView, Observation } from "../../keeper/core/report/aggregate.ts";
import type { RiskReport, SignedReport } from "../../keeper/core/report/typed-data.ts";
import { totalVolE9 } from "../../keeper/core/report/surface-choice.ts";
import {
  type MarketFields,
  type SmileFields,
  unpackMarketWord,
  unpackSmileWord,
} from "../../keeper/core/report/words.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import type { SignedHead } from "../../keeper/ports/watch-chain.ts";
import { createEquivocationFinder } from "../../keeper/services/equivocations.ts";

/** A report with its quorum, by its hash. */
export interface Completed {
  readonly hash: Hex;
  readonly report: RiskReport;
}

/** What an honest keeper said it saw in a round. */
export interface Seen extends RoundId {
  readonly observation: MarketsView;
}

/** Never two reports with a quorum for one round. */
export function findTwoReports(completed: readonly Completed[]): readonly string[] {
  const byRound = new Map<string, Set<Hex>>();
  for (const { hash, report } of completed) {
    const name = nameOfRound(report);
    byRound.set(name, (byRound.get(name) ?? new Set()).add(hash));
  }
  return [...byRound]
    .filter(([, hashes]) => hashes.size > 1)
    .map(([name, { size }]) => `round ${name} has ${size} reports`);
}

/** r and s of 32 bytes, s in the lower half, v of 27 or 28: the one form that the contracts take. */
const POSTABLE = /^0x[0-9a-f]{64}[0-7][0-9a-f]{63}1[bc]$/i;

/** Every signature of a report with its quorum can be posted with it. */
export function findUnpostable(finals: readonly SignedReport[]): readonly string[] {
  return finals.flatMap(({ report, signatures }) =>
    signatures
      .filter((signature) => !POSTABLE.test(signature))
      .map(
        (signature) =>
          `round ${nameOfRound(report)} is signed in a form that no contract takes: ${signature}`,
      ),
  );
}

/** The keys that signed two reports for one round, as the watchtower finds them. */
export function findEquivocators(signed: readonly SignedHead[]): ReadonlySet<Hex> {
  const finder = createEquivocationFinder();
  return new Set(signed.flatMap((each) => finder.note(each)?.signer ?? []));
}

/** Nobody honest signs two reports for one round, across all its lives; who does so on purpose can be slashed. */
export function findWrongSlashings(
  signed: readonly SignedHead[],
  honest: readonly Hex[],
  equivocating: readonly Hex[],
): readonly string[] {
  const found = findEquivocators(signed);
  return [
    ...honest.filter((key) => found.has(key)).map((key) => `the honest ${key} can be slashed`),
    ...equivocating
      .filter((key) => !found.has(key))
      .map((key) => `the equivocating ${key} cannot be slashed`),
  ];
}

/** Keepers prosecute whom they heard sign two reports for one round, and nobody else. */
export function findWrongProsecutions(
  prosecuted: ReadonlySet<Hex>,
  equivocating: readonly Hex[],
): readonly string[] {
  return [
    ...[...prosecuted]
      .filter((key) => !equivocating.includes(key))
      .map((key) => `${key} is prosecuted for nothing`),
    ...equivocating
      .filter((key) => !prosecuted.has(key))
      .map((key) => `nobody prosecutes the equivocating ${key}`),
  ];
}

/**
 * Every median of a report lies between two values that honest keepers signed for the same round, and its surface at the money no farther outside
 * them than they lie apart (decision 0015).
 */
export function findOutsideHonest(completed: readonly Completed[], seen: readonly Seen[]): readonly string[] {
  return completed.flatMap(({ report }) => {
    const name = nameOfRound(report);
    const views = seen
      .filter((view) => nameOfRound(view) === name)
      .map(({ observation }) => valuesSeen(observation));
    return [...valuesReported(report)]
      .filter(([value, reported]) => {
        const honest = views.flatMap((view) => view.get(value) ?? []).toSorted((a, b) => (a < b ? -1 : 1));
        const [low, high] = [honest.at(0), honest.at(-1)];
        if (low === undefined || high === undefined) return true;
        const room = value.startsWith("vol ") ? high - low + 1n : 0n;
        return reported < low - room || reported > high + room;
      })
      .map(([value, reported]) => `round ${name}: ${value} of ${reported} is outside the honest range`);
  });
}

/** Every report carries an account-risk root that an honest keeper named for the same round, or none. */
export function findForeignRoots(
  completed: readonly Completed[],
  seen: readonly (RoundId & { readonly observation: Pick<Observation, "accountRoot"> })[],
): readonly string[] {
  return completed.flatMap(({ report }) => {
    const name = nameOfRound(report);
    const named = seen
      .filter((view) => nameOfRound(view) === name)
      .map(({ observation }) => observation.accountRoot);
    const isKnown = [NO_ACCOUNT_ROOT, ...named].includes(report.accountRoot);
    return isKnown ? [] : [`round ${name}: no honest keeper named the root ${report.accountRoot}`];
  });
}

type Value = readonly [name: string, value: bigint];

const ofMarket = ({ market, spotE8, sigmaE9, psiE9 }: MarketFields): readonly Value[] => [
  [`spot ${market}`, spotE8],
  [`forecast ${market}`, sigmaE9],
  [`stress ${market}`, psiE9],
];
const ofSmile = (market: bigint, smile: SmileFields): readonly Value[] => [
  [`forward ${market}/${smile.expiryHour}`, smile.forwardRatioE8],
  [`vol ${market}/${smile.expiryHour}`, totalVolE9(smile, 0n)],
];

function valuesSeen({ pegBps, markets }: MarketsView): ReadonlyMap<string, bigint> {
  return new Map([
    ["peg", BigInt(pegBps)],
    ...markets.flatMap(({ market, smiles }) => [
      ...ofMarket(market),
      ...smiles.flatMap((smile) => ofSmile(market.market, smile)),
    ]),
  ]);
}

function valuesReported({ pegBps, markets, smiles }: RiskReport): ReadonlyMap<string, bigint> {
  let next = 0;
  return new Map([
    ["peg", BigInt(pegBps)],
    ...markets.flatMap((word) => {
      const market = unpackMarketWord(word);
      const own = smiles.slice(next, next + Number(market.smileCount)).map(unpackSmileWord);
      next += own.length;
      return [...ofMarket(market), ...own.flatMap((smile) => ofSmile(market.market, smile))];
    }),
  ]);
}

/** Every keeper that is well again holds a report observed after the healing. */
export function findSlowHealing(
  newestObservedAt: ReadonlyMap<Hex, number>,
  healedAtSeconds: number,
): readonly string[] {
  return [...newestObservedAt]
    .filter(([, observedAt]) => observedAt < healedAtSeconds)
    .map(([key, observedAt]) => `${key} has no report since the healing, its last is of ${observedAt}`);
}

/** Every keeper that is well again has signed a report since the healing. */
export function findSilentSince(
  well: readonly Hex[],
  signed: readonly SignedHead[],
  healedAtSeconds: number,
): readonly string[] {
  const since = new Set(
    signed.filter(({ head }) => head.observedAt >= healedAtSeconds).map(({ signer }) => signer),
  );
  return well.filter((key) => !since.has(key)).map((key) => `${key} has signed no report since the healing`);
}

/** No effect stands on a chain twice. */
export function findRepeatedEffects(effects: readonly string[]): readonly string[] {
  const repeated = effects.filter((effect, index) => effects.indexOf(effect) !== index);
  return [...new Set(repeated)].map((effect) => `the effect ${effect} happened more than once`);
}
