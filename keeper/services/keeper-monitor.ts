import type { ChainFacts, ChainProbe } from "../ports/chain-probe.ts";
import type { Hex } from "../ports/hex.ts";
import type { KeeperStatus } from "../ports/keeper-status.ts";
import type { OracleChain } from "../ports/oracle-chain.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import {
  type ChainExpectation,
  ChainDisagrees,
  type Difference,
  findDifferences,
  findReplaced,
} from "./chain-agreement.ts";
import {
  type ChainSight,
  describeKeeper,
  type DescribedMember,
  type DescribedParts,
  type Looked,
  type Sight,
} from "./describe-keeper.ts";

export interface MonitorParts extends DescribedParts {
  readonly chain: Pick<OracleChain, "header">;
  readonly probe: Pick<ChainProbe, "facts" | "balanceWei">;
  readonly telemetry: Telemetry;
  readonly member: MemberParts | null;
}

/** What only a keeper with keys has. */
export interface MemberParts extends DescribedMember {
  /** Names of this keeper's transactions that are not final; rejects when the store does not answer. */
  openTransactions(): Promise<readonly string[]>;
}

/** Watches the keeper and what it depends on. */
export interface KeeperMonitor {
  /** What is known now: asks nobody and changes nothing, however often it is called. */
  status(): KeeperStatus;
  /** Looks at chain and store once; what fails is in the status, and in the log. */
  look(): Promise<void>;
  /** Takes another expectation in place of the one it was made with. */
  expect(expected: ChainExpectation): void;
  /** Looks again and again until the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
  /** Throws ChainDisagrees when the chain is not what the keeper was told. */
  requireAgreement(): Promise<void>;
  /** Throws ChainDisagrees also when the configuration that a message names is not the one in force. */
  requireInForce(configDigest: Hex): Promise<void>;
}

/** How long the chain's facts count, in seconds of the keeper's clock. */
const FACTS_SECONDS = 2;
/** Time between two looks: short against every alert, long against what a look asks of a node. */
const LOOK_MS = 5_000;
/** Least time between two log lines about a chain that stays unreadable. */
const REPEAT_MS = 60_000;

export function createKeeperMonitor(parts: MonitorParts): KeeperMonitor {
  const { probe, clock } = parts;
  let { expected } = parts;
  const startedAtSeconds = clock.nowSeconds();
  let read: { readonly atSeconds: number; readonly facts: Promise<ChainFacts> } | null = null;
  let sight: Sight = { chain: { kind: "not-yet" }, lastChain: null, transactions: { kind: "not-yet" } };
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
  const say = createChainLog(parts);
  const look = async (): Promise<void> => {
    const [chain, transactions] = await Promise.all([
      looked(() => lookAtChain(parts, facts)),
      looked(() => lookAtStore(parts, sight.transactions)),
    ]);
    say(chain);
    const isWhole = chain.kind === "seen" && chain.value.facts.kind === "complete";
    sight = { chain, lastChain: isWhole ? chain.value : sight.lastChain, transactions };
  };
  return {
    status: () => describeKeeper({ ...parts, expected }, sight, startedAtSeconds),
    look,
    expect: (next) => {
      expected = next;
    },
    watch: async (signal) => {
      while (!signal.aborted) {
        await look();
        await parts.timer.sleep(LOOK_MS, signal).catch(() => undefined);
      }
    },
    requireAgreement: async () => {
      requireNone(findDifferences(await facts(), expected));
    },
    requireInForce: async (configDigest) => {
      const known = await facts();
      // A message may name a configuration newer than what was read last.
      const seen = findReplaced(known, configDigest).length > 0 ? await readNow() : known;
      requireNone([...findDifferences(seen, expected), ...findReplaced(seen, configDigest)]);
    },
  };
}

async function looked<T>(look: () => Promise<T>): Promise<Looked<T>> {
  try {
    return { kind: "seen", value: await look() };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

async function lookAtChain(
  { chain, probe, clock, member }: MonitorParts,
  readFacts: () => Promise<ChainFacts>,
): Promise<ChainSight> {
  const facts = await readFacts();
  const clockAheadSeconds = clock.nowSeconds() - facts.block.timestampSeconds;
  const [header, balanceWei] = await Promise.all([
    facts.kind === "complete" ? chain.header() : null,
    member === null ? null : probe.balanceWei(member.transmitter),
  ]);
  return { facts, header, balanceWei, clockAheadSeconds };
}

async function lookAtStore(
  { timer, member }: MonitorParts,
  before: Sight["transactions"],
): Promise<ReadonlyMap<string, number>> {
  const ids = (await member?.openTransactions()) ?? [];
  const known: ReadonlyMap<string, number> = before.kind === "seen" ? before.value : new Map();
  return new Map(ids.map((id) => [id, known.get(id) ?? timer.nowMs()]));
}

/** Says when the chain cannot be read, again each minute, and when it can be read again. */
function createChainLog({ timer, telemetry }: MonitorParts): (chain: Looked<ChainSight>) => void {
  let saidAtMs: number | null = null;
  return (chain) => {
    if (chain.kind === "failed") {
      if (saidAtMs !== null && timer.nowMs() - saidAtMs < REPEAT_MS) return;
      saidAtMs = timer.nowMs();
      telemetry.error("chain-unreadable", { reason: chain.reason });
    } else if (saidAtMs !== null) {
      saidAtMs = null;
      telemetry.info("chain-readable-again");
    }
  };
}
