// What is true after a storm, by the chain, the stores and the processes, and what of it breaks a promise.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { keccak256 } from "ethers";
import { hashHead, recover, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { createWatchChain } from "../../keeper/adapters/ethers/watch-chain.ts";
import { listingsOf } from "../../keeper/cli/keeper/listings.ts";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { SigningDomain } from "../../keeper/ports/signer.ts";
import type { SignedHead } from "../../keeper/ports/watch-chain.ts";
import type { AcceptedReport } from "../../scripts/network/lab-verdict.ts";
import { acceptedOnChain, completedOf, finalsInStore } from "../../scripts/network/network-truth.ts";
import { findOutsideRecomputed } from "../../scripts/network/oracle-history.ts";
import { KeeperStaking__factory } from "../../types/ethers-contracts/factories/oracle/KeeperStaking__factory.ts";
import {
  type Completed,
  findRepeatedEffects,
  findSlowHealing,
  findTwoReports,
  findUnpostable,
  findWrongSlashings,
} from "./chaos-checks.ts";
import {
  findBadEnds,
  findLargeProcesses,
  findLateHealing,
  findNotRising,
  findUnrecorded,
  findWrongStakes,
  type ProcessEnd,
  type SigningStore,
  type Stake,
} from "./storm-checks.ts";
import { recordingTelemetry } from "./keeper-doubles.ts";
import { isWell, STORM_PROTOCOL, type StormWorld } from "./storm-world.ts";

/** All that a storm left behind. */
export interface StormFacts {
  readonly healedAtSeconds: number;
  readonly accepted: readonly AcceptedReport[];
  /** Different reports with a quorum in the stores of honest keepers. */
  readonly completed: readonly Completed[];
  /** Signatures of completed reports that no contract takes, a line for each. */
  readonly unpostable: readonly string[];
  /** Values that no two honest keepers enclose, a line for each. */
  readonly outOfRange: readonly string[];
  /** Signatures of reports, on the chain and in the stores. */
  readonly signed: readonly SignedHead[];
  readonly stores: readonly SigningStore[];
  /** When the newest report of each keeper that was well was observed. */
  readonly newestObservedAt: ReadonlyMap<Hex, number>;
  readonly honest: readonly Hex[];
  readonly equivocating: readonly Hex[];
  readonly stakes: readonly Stake[];
  /** A name for each transaction of a keeper that stands on the chain: who sent what. */
  readonly effects: readonly string[];
  readonly ends: readonly ProcessEnd[];
  readonly peakBytes: readonly number[];
}

interface Gathering {
  readonly world: StormWorld;
  readonly stakes: ReadonlyMap<Hex, bigint>;
  readonly healedAt: number;
  readonly equivocating: readonly string[];
  readonly watchtower: ChildProcess;
}

/** Three terms of leaders: a report must come so long after the healing. */
export const HEALING_SECONDS = 3 * STORM_PROTOCOL.slotsPerEpoch * STORM_PROTOCOL.slotSeconds;
/** A keeper that finds no node while it starts says so and ends; whoever watches over it starts it again. */
const NO_NODE = "ballast: no node answers";
const MAX_PROCESS_BYTES = 200_000_000;
/** Keepers whose machine or node is bad, and no will of theirs. */
const INNOCENT = ["silent", "skewed", "bad-node"];

/** What is at stake behind every key now. */
export async function readStakes({ record, house, keepers }: StormWorld): Promise<ReadonlyMap<Hex, bigint>> {
  const staking = KeeperStaking__factory.connect(record.addresses.keeperStaking, house.provider);
  return new Map(
    await Promise.all(
      keepers.map(async ({ report }) => {
        return [asHex(report.address), await staking.atStakeUnits(report.address)] as const;
      }),
    ),
  );
}

/** Ends the processes in good order and reads what they left. */
export async function gatherStorm(gathering: Gathering): Promise<StormFacts> {
  const { world, healedAt, watchtower } = gathering;
  const { network, history, record, house, plan, keepers, log, replays } = world;
  world.rest();
  for (const index of keepers.keys()) if (network.isRunning(index)) log.notePeak(network.keeper(index));
  const told = keepers.map((_keeper, index) => network.isRunning(index));
  const codes = await network.stop();
  watchtower.kill("SIGTERM");
  const [watchtowerCode] = (await once(watchtower, "exit")) as [number | null];
  await history.stop();
  const domain = await history.chain.oracleDomain();
  const honestIndices = [...keepers.keys()].filter((index) => isHonest(world, index));
  const keyOf = (index: number): Hex => asHex(keepers[index]?.report.address ?? "0x");
  const stored = new Map<number, readonly SignedReport[]>();
  for (const index of honestIndices) stored.set(index, await finalsOf(world, index));
  const finals = [...stored.values()].flat();
  const completed = completedOf(finals, domain);
  const after = await readStakes(world);
  return {
    healedAtSeconds: healedAt,
    accepted: await acceptedOnChain(record.addresses.riskOracle, house.provider),
    completed,
    unpostable: findUnpostable(finals),
    outOfRange: await findOutsideRecomputed(
      history,
      { listings: listingsOf(record), replays: honestIndices.flatMap((index) => replays[index] ?? []) },
      completed,
    ),
    signed: [...signedIn(finals, domain), ...(await signedOnChain(world, domain))],
    stores: honestIndices.map((index) => ({ key: keyOf(index), recorded: recordedBy(world, index) })),
    newestObservedAt: new Map(
      honestIndices
        .filter((index) => isWell(plan, index))
        .map((index) => [keyOf(index), stored.get(index)?.at(-1)?.report.observedAt ?? 0]),
    ),
    honest: honestIndices.map(keyOf),
    equivocating: gathering.equivocating.map(asHex),
    stakes: [...gathering.stakes].map(([key, before]) => ({ key, before, after: after.get(key) ?? 0n })),
    effects: await effectsOnChain(world),
    ends: [
      ...world.endings.map(({ index, code, said }) => ({
        ...{ name: nameOf(world, index), code, isAsked: false },
        isRefused: said.includes(NO_NODE),
      })),
      ...codes.flatMap((code, index) =>
        told[index] === true ? [{ name: nameOf(world, index), code, isAsked: true, isRefused: false }] : [],
      ),
      { name: "the watchtower", code: watchtowerCode, isAsked: true, isRefused: false },
    ],
    peakBytes: log.peakBytes(),
  };
}

const nameOf = ({ keepers }: StormWorld, index: number): string => keepers[index]?.name ?? `keeper ${index}`;

/** Whoever does nothing wrong by its own will. */
function isHonest({ plan }: StormWorld, index: number): boolean {
  const fault = plan.faulty.find((each) => each.index === index);
  return fault === undefined || INNOCENT.includes(fault.conduct);
}

const storeFile = ({ folder, keepers }: StormWorld, index: number): string =>
  join(folder, keepers[index]?.name ?? "", "keeper.sqlite");

function finalsOf(world: StormWorld, index: number): Promise<readonly SignedReport[]> {
  const { record, keepers } = world;
  return finalsInStore(storeFile(world, index), {
    chainId: BigInt(record.chainId),
    registry: record.addresses.keeperRegistry,
    reportKey: keepers[index]?.report.address ?? "",
  });
}

function recordedBy(world: StormWorld, index: number): ReadonlyMap<string, string> {
  const database = new DatabaseSync(storeFile(world, index), { readOnly: true });
  try {
    const rows = database.prepare("SELECT slot, hash FROM signed_slot").all();
    return new Map(rows.map(({ slot, hash }) => [String(slot), String(hash)]));
  } finally {
    database.close();
  }
}

function signedIn(finals: readonly SignedReport[], domain: SigningDomain): readonly SignedHead[] {
  return finals.flatMap(({ report, signatures }) => {
    const head = reportHead(report);
    const hash = hashHead(domain, head);
    return signatures.flatMap((signature) => {
      const signer = recover(hash, signature);
      return signer === null ? [] : [{ head, hash, signature, signer }];
    });
  });
}

async function signedOnChain(world: StormWorld, domain: SigningDomain): Promise<readonly SignedHead[]> {
  const { house, record } = world;
  const chain = createWatchChain(record.addresses, domain, house.provider, recordingTelemetry());
  const configurations = await chain.configurations();
  const { number: head } = await chain.latestBlock();
  const signed: SignedHead[] = [];
  for (let number = 0n; number <= head; number++) {
    const block = await chain.block(number, configurations);
    for (const { signatures } of block?.reports ?? []) signed.push(...signatures);
  }
  return signed;
}

/** A name for each transaction of a keeper's account in a block, whether it succeeded or not. */
async function effectsOnChain({ house, keepers }: StormWorld): Promise<readonly string[]> {
  const senders = new Map(keepers.map(({ transmitter, name }) => [transmitter.address, name]));
  const head = await house.provider.getBlockNumber();
  const effects: string[] = [];
  for (let number = 0; number <= head; number++) {
    const block = await house.provider.getBlock(number, true);
    for (const { from, to, data } of block?.prefetchedTransactions ?? []) {
      const name = senders.get(from);
      // A transfer of nothing to oneself takes the place of an effect that is wanted no more.
      if (name !== undefined && to !== from) effects.push(`${name} ${to ?? ""} ${keccak256(data)}`);
    }
  }
  return effects;
}

/** One line for each promise that does not hold. */
export function judgeStorm(facts: StormFacts): readonly string[] {
  const { accepted, completed, healedAtSeconds } = facts;
  return [
    ...findTwoReports(completed),
    // A liar may be proven by what it said alone: whether it can be slashed shows in its stake.
    ...findWrongSlashings(facts.signed, facts.honest, []),
    ...findUnrecorded(facts.signed, facts.stores),
    ...facts.unpostable,
    ...facts.outOfRange,
    ...findNotRising(accepted),
    ...findRepeatedEffects(accepted.map(nameOfRound)),
    ...findRepeatedEffects(facts.effects),
    ...findLateHealing(accepted, healedAtSeconds, HEALING_SECONDS),
    ...findSlowHealing(facts.newestObservedAt, healedAtSeconds),
    ...findWrongStakes(facts.stakes, facts.equivocating),
    ...findBadEnds(facts.ends),
    ...findLargeProcesses(facts.peakBytes, MAX_PROCESS_BYTES),
  ];
}
