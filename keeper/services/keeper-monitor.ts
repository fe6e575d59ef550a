import type { ChainFacts, ChainProbe } from "../ports/chain-probe.ts";
import type { Clock } from "../ports/clock.ts";
import type { Hex } from "../ports/hex.ts";
import type {
  KeeperStatus,
  MemberStatus,
  QuorumStatus,
  ReadinessCheck,
  ReportStamp,
} from "../ports/keeper-status.ts";
import type { Market, MarketData } from "../ports/market-data.ts";
import type { KeeperSet, OracleChain } from "../ports/oracle-chain.ts";
import {
  type ChainExpectation,
  ChainDisagrees,
  type Difference,
  findDifferences,
  findReplaced,
} from "./chain-agreement.ts";
import type { Participation } from "./participation.ts";

export interface MonitorParts {
  readonly name: string;
  readonly version: string;
  readonly expected: ChainExpectation;
  readonly chain: Pick<OracleChain, "header">;
  readonly probe: ChainProbe;
  readonly clock: Clock;
  readonly marketData: MarketData;
  readonly markets: readonly Market[];
  readonly maxDataAgeSeconds: number;
  readonly participation: Participation;
  /** Null in a dry run, which has neither peers nor a store. */
  readonly member: MemberParts | null;
}

/** What only a keeper with keys has. */
export interface MemberParts {
  /** Keepers that messages reach now, this one not counted. */
  connected(): ReadonlySet<Hex>;
  /** Accounts that pay for each keeper's transactions, as far as known. */
  transmitters(): Promise<ReadonlyMap<Hex, Hex>>;
  /** Transactions of this keeper that are not final; throws when the store does not answer. */
  openTransactions(): Promise<number>;
}

/** Watches the keeper and what it depends on. */
export interface KeeperMonitor {
  /** Throws when no node answers. */
  status(): Promise<KeeperStatus>;
  /** Throws ChainDisagrees when the chain is not what the keeper was told. */
  requireAgreement(): Promise<void>;
  /** Throws ChainDisagrees also when the configuration that a message names is not the one in force. */
  requireInForce(configDigest: Hex): Promise<void>;
}

/** How long the chain's facts count, in seconds of the keeper's clock. */
const FACTS_SECONDS = 2;

export function createKeeperMonitor(parts: MonitorParts): KeeperMonitor {
  const { probe, clock, expected } = parts;
  const startedAtSeconds = clock.nowSeconds();
  let read: { readonly atSeconds: number; readonly facts: Promise<ChainFacts> } | null = null;
  const readNow = (): Promise<ChainFacts> => {
    const fresh = { atSeconds: clock.nowSeconds(), facts: probe.facts() };
    read = fresh;
    fresh.facts.catch(() => {
      if (read === fresh) read = null;
    });
    return fresh.facts;
  };
  const facts = (): Promise<ChainFacts> =>
    read === null || Math.abs(clock.nowSeconds() - read.atSeconds) >= FACTS_SECONDS ? readNow() : read.facts;
  const requireNone = (differences: readonly Difference[]): void => {
    if (differences.length > 0) throw new ChainDisagrees(differences);
  };
  return {
    requireAgreement: async () => {
      requireNone(findDifferences(await facts(), expected));
    },
    requireInForce: async (configDigest) => {
      const known = await facts();
      // A message may name a configuration newer than what was read last.
      const seen = findReplaced(known, configDigest).length > 0 ? await readNow() : known;
      requireNone([...findDifferences(seen, expected), ...findReplaced(seen, configDigest)]);
    },
    status: async () => describe(parts, await facts(), startedAtSeconds),
  };
}

async function describe(
  parts: MonitorParts,
  facts: ChainFacts,
  startedAtSeconds: number,
): Promise<KeeperStatus> {
  const { chain, clock, expected, member } = parts;
  const keeperSet: KeeperSet | null = facts.kind === "complete" ? facts.keeperSet : null;
  const header = facts.kind === "complete" ? await chain.header() : null;
  const report: ReportStamp | null = header === null || header.observedAtSeconds === 0 ? null : header;
  const quorum = quorumOf(keeperSet, expected.address, member?.connected() ?? new Set());
  const store = await storeState(member);
  const checks = [
    agreementCheck(facts, expected),
    ...(member === null ? [] : [store.check, peersCheck(quorum)]),
    ...(await Promise.all(parts.markets.map((market) => marketCheck(parts, market)))),
  ];
  return {
    name: parts.name,
    version: parts.version,
    mode: member === null ? "dry-run" : "member",
    address: expected.address,
    chainId: Number(facts.chainId),
    startedAtSeconds,
    nowSeconds: clock.nowSeconds(),
    report,
    heartbeatSeconds: facts.kind === "complete" ? facts.heartbeatSeconds : 0,
    quorum,
    members: await membersOf(parts, keeperSet?.keepers ?? []),
    openTransactions: store.open,
    ready: checks.every(({ ok }) => ok),
    checks,
  };
}

function quorumOf(set: KeeperSet | null, address: Hex | null, connected: ReadonlySet<Hex>): QuorumStatus {
  const keepers = set?.keepers ?? [];
  const required = set?.quorum ?? 0;
  const reachable = keepers.filter((keeper) => keeper === address || connected.has(keeper)).length;
  return { members: keepers.length, required, reachable, margin: reachable - required };
}

async function membersOf(parts: MonitorParts, keepers: readonly Hex[]): Promise<readonly MemberStatus[]> {
  const { expected, member, participation, probe } = parts;
  const [connected, transmitters] = [member?.connected() ?? new Set(), await member?.transmitters()];
  return Promise.all(
    keepers.map(async (address) => {
      const transmitter = transmitters?.get(address) ?? null;
      return {
        address,
        isSelf: address === expected.address,
        connected: address === expected.address || connected.has(address),
        ...participation.of(address),
        transmitter,
        balanceWei: transmitter === null ? null : await probe.balanceWei(transmitter),
      };
    }),
  );
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

async function storeState(
  member: MemberParts | null,
): Promise<{ readonly open: number; readonly check: ReadinessCheck }> {
  try {
    const open = (await member?.openTransactions()) ?? 0;
    return { open, check: { name: "store", ok: true, detail: "open" } };
  } catch (error) {
    return { open: 0, check: { name: "store", ok: false, detail: String(error) } };
  }
}

function peersCheck({ reachable, required, members }: QuorumStatus): ReadinessCheck {
  return {
    name: "peers",
    ok: reachable >= required && members > 0,
    detail: `${reachable} of ${members} keepers reachable, ${required} needed`,
  };
}

async function marketCheck(
  { marketData, clock, maxDataAgeSeconds }: MonitorParts,
  market: Market,
): Promise<ReadinessCheck> {
  const name = `market data ${market}`;
  try {
    const age = clock.nowSeconds() - (await marketData.latest(market)).observedAtSeconds;
    return { name, ok: age <= maxDataAgeSeconds, detail: `${age} s old, at most ${maxDataAgeSeconds} s` };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
