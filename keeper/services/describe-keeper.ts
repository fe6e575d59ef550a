import type { ChainFacts } from "../ports/chain-probe.ts";
import type { Clock } from "../ports/clock.ts";
import type { Hex } from "../ports/hex.ts";
import type {
  KeeperStatus,
  MemberStatus,
  NodeStatus,
  QuorumStatus,
  ReadinessCheck,
  ReportStamp,
  SourceStatus,
  TransactionsStatus,
} from "../ports/keeper-status.ts";
import type { Market, MarketData } from "../ports/market-data.ts";
import type { KeeperSet, OracleHeader } from "../ports/oracle-chain.ts";
import type { Timer } from "../ports/timer.ts";
import { type ChainExpectation, findDifferences } from "./chain-agreement.ts";
import { describeHistoryAge, HISTORY_LATE_DAYS, historyAgeDays } from "./history-freshness.ts";
import type { Participation } from "./participation.ts";

const MILLISECONDS = 1_000;
const NOT_YET = "not asked yet";

/** What a keeper's status is made of, beside what was looked at. */
export interface DescribedParts {
  readonly name: string;
  readonly version: string;
  readonly expected: ChainExpectation;
  readonly clock: Clock;
  readonly timer: Timer;
  /** Neither asks a venue. */
  readonly marketData: Pick<MarketData, "lastKnown" | "lastDaySeconds">;
  readonly markets: readonly Market[];
  readonly maxDataAgeSeconds: number;
  readonly participation: Pick<Participation, "of">;
  /** Every node, and what is wrong with it. */
  nodes(): readonly NodeStatus[];
  /** How each source of market data counts now; asks nobody. */
  sources(): readonly SourceStatus[];
  /** Null in a dry run, which has neither peers nor a store. */
  readonly member: DescribedMember | null;
}

/** What only a keeper with keys has. */
export interface DescribedMember {
  /** Keepers that messages reach now, this one not counted. */
  connected(): ReadonlySet<Hex>;
  /** Pays for this keeper's transactions. */
  readonly transmitter: Hex;
  /** How many proofs against others are not on the chain yet. */
  openProofs(): number;
}

/** The chain as one look showed it. */
export interface ChainSight {
  readonly facts: ChainFacts;
  /** Null where the contracts are missing. */
  readonly header: OracleHeader | null;
  /** Of the transmitter; null in a dry run. */
  readonly balanceWei: bigint | null;
  readonly clockAheadSeconds: number;
}

/** What a look gave, or why it gave nothing. */
export type Looked<T> =
  | { readonly kind: "seen"; readonly value: T }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "not-yet" };

/** All that the last looks showed. */
export interface Sight {
  readonly chain: Looked<ChainSight>;
  /** The last time that a look at the chain showed the contracts; null before. */
  readonly lastChain: ChainSight | null;
  /** Open transactions, with the time by the timer at which each was seen first, ms. */
  readonly transactions: Looked<ReadonlyMap<string, number>>;
}

/** What a keeper says of itself after its last looks; what it could not see is null, and a check says why. */
export function describeKeeper(parts: DescribedParts, sight: Sight, startedAtSeconds: number): KeeperStatus {
  const { clock, expected, member } = parts;
  const facts = sight.lastChain?.facts;
  const known = facts?.kind === "complete" ? facts : null;
  const quorum = member === null || known === null ? null : quorumOf(parts, known.keeperSet);
  const checks = [
    nodesCheck(parts, sight),
    ...(sight.chain.kind === "seen" ? [agreementCheck(sight.chain.value.facts, expected)] : []),
    ...(member === null ? [] : [storeCheck(sight), peersCheck(quorum)]),
    ...parts.markets.map((market) => marketCheck(parts, market)),
    historyCheck(parts),
  ];
  return {
    name: parts.name,
    version: parts.version,
    mode: member === null ? "dry-run" : "member",
    address: expected.address,
    chainId: Number(expected.chainId),
    startedAtSeconds,
    nowSeconds: clock.nowSeconds(),
    chain: chainOf(sight),
    nodes: parts.nodes(),
    sources: sourcesOf(parts),
    report: reportOf(sight.lastChain),
    heartbeatSeconds: known?.heartbeatSeconds ?? null,
    quorum,
    members: known === null ? [] : membersOf(parts, known.keeperSet.keepers, sight),
    transactions: transactionsOf(parts, sight),
    openProofs: member?.openProofs() ?? null,
    ready: checks.every(({ ok }) => ok),
    checks,
  };
}

/** None where they cannot be judged: the check of the market says why. */
function sourcesOf(parts: DescribedParts): readonly SourceStatus[] {
  try {
    return parts.sources();
  } catch {
    return [];
  }
}

function chainOf({ chain }: Sight): KeeperStatus["chain"] {
  if (chain.kind !== "seen") return null;
  const { facts, clockAheadSeconds } = chain.value;
  const { number, timestampSeconds } = facts.block;
  return { blockNumber: number, blockTimestampSeconds: timestampSeconds, clockAheadSeconds };
}

function reportOf(seen: ChainSight | null): ReportStamp | null {
  const header = seen?.header ?? null;
  return header === null || header.observedAtSeconds === 0 ? null : header;
}

function quorumOf({ expected, member }: DescribedParts, { keepers, quorum }: KeeperSet): QuorumStatus {
  const connected = member?.connected() ?? new Set();
  const reachable = keepers.filter((keeper) => keeper === expected.address || connected.has(keeper)).length;
  return { members: keepers.length, required: quorum, reachable, margin: reachable - quorum };
}

function membersOf(parts: DescribedParts, keepers: readonly Hex[], sight: Sight): readonly MemberStatus[] {
  const { expected, member, participation } = parts;
  const connected = member?.connected() ?? null;
  return keepers.map((address) => {
    const isSelf = address === expected.address;
    return {
      address,
      isSelf,
      connected: connected === null ? null : isSelf || connected.has(address),
      ...participation.of(address),
      transmitter: isSelf ? (member?.transmitter ?? null) : null,
      balanceWei: isSelf && sight.chain.kind === "seen" ? sight.chain.value.balanceWei : null,
    };
  });
}

function transactionsOf(
  { member, timer }: DescribedParts,
  { transactions }: Sight,
): TransactionsStatus | null {
  if (member === null || transactions.kind !== "seen") return null;
  const firstSeenMs = [...transactions.value.values()];
  if (firstSeenMs.length === 0) return { open: 0, oldestAgeSeconds: null };
  const ageMs = timer.nowMs() - Math.min(...firstSeenMs);
  return { open: firstSeenMs.length, oldestAgeSeconds: Math.round(ageMs / MILLISECONDS) };
}

function nodesCheck(parts: DescribedParts, { chain }: Sight): ReadinessCheck {
  const all = parts.nodes();
  const troubles = all.filter(({ problem }) => problem !== null);
  const named = troubles.map(({ name, problem }) => `; ${name}: ${problem ?? ""}`).join("");
  switch (chain.kind) {
    case "seen":
      return {
        name: "nodes",
        ok: true,
        detail: `${all.length - troubles.length} of ${all.length} in use${named}`,
      };
    case "failed":
      return { name: "nodes", ok: false, detail: `the chain cannot be read: ${chain.reason}${named}` };
    case "not-yet":
      return { name: "nodes", ok: false, detail: NOT_YET };
  }
}

function agreementCheck(facts: ChainFacts, expected: ChainExpectation): ReadinessCheck {
  const differences = findDifferences(facts, expected).map(({ what }) => what);
  return {
    name: "chain",
    ok: differences.length === 0,
    detail:
      differences.length === 0
        ? `chain ${facts.chainId.toString()} at block ${facts.block.number.toString()}, as configured`
        : `differs from the configuration: ${differences.join(", ")}`,
  };
}

function storeCheck({ transactions }: Sight): ReadinessCheck {
  switch (transactions.kind) {
    case "seen":
      return { name: "store", ok: true, detail: "open" };
    case "failed":
      return { name: "store", ok: false, detail: transactions.reason };
    case "not-yet":
      return { name: "store", ok: false, detail: NOT_YET };
  }
}

function peersCheck(quorum: QuorumStatus | null): ReadinessCheck {
  if (quorum === null) return { name: "peers", ok: false, detail: "the keeper set is not known yet" };
  const { reachable, required, members } = quorum;
  return {
    name: "peers",
    ok: reachable >= required && members > 0,
    detail: `${reachable} of ${members} keepers reachable, ${required} needed`,
  };
}

function marketCheck(
  { marketData, clock, maxDataAgeSeconds }: DescribedParts,
  market: Market,
): ReadinessCheck {
  const name = `market data ${market}`;
  try {
    const age = clock.nowSeconds() - marketData.lastKnown(market).observedAtSeconds;
    return { name, ok: age <= maxDataAgeSeconds, detail: `${age} s old, at most ${maxDataAgeSeconds} s` };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Forecasts and scenario sets are made from days that have to be added as they pass. */
function historyCheck({ marketData, clock }: DescribedParts): ReadinessCheck {
  const age = historyAgeDays(marketData.lastDaySeconds(), clock.nowSeconds());
  return { name: "market history", ok: age <= HISTORY_LATE_DAYS, detail: describeHistoryAge(age) };
}
