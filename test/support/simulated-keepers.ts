// Keepers over simulated time and an unruly network: real protocol, real Ed25519, report signatures by hash to keep thousands of them fast.
import { createHash } from "node:crypto";
import { getBytes, toBeHex } from "ethers";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import {
  DEFAULT_PARAMETERS,
  slotAt,
  type ProtocolParameters,
} from "../../keeper/core/protocol/parameters.ts";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import { NO_ACCOUNT_ROOT } from "../../keeper/core/report/account-root.ts";
import type { Observation } from "../../keeper/core/report/aggregate.ts";
import type { ReportHead, RiskReport, SignedReport } from "../../keeper/core/report/typed-data.ts";
import { seededRandom, type SeededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { Gossip } from "../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { Prosecutor } from "../../keeper/ports/prosecutor.ts";
import type { ReportSigner } from "../../keeper/ports/signer.ts";
import type { KeeperStore } from "../../keeper/ports/store.ts";
import { joinAgreement, type Agreement } from "../../keeper/services/protocol/agreement.ts";
import type { ProtocolParts } from "../../keeper/services/protocol/parts.ts";
import { createTransmissions } from "../../keeper/services/protocol/transmission.ts";
import {
  hashOfSet,
  oracleDouble,
  recordingTelemetry,
  type LogLine,
  type OracleDouble,
} from "./keeper-doubles.ts";
import { unrulyGossip, type Faults, type UnrulyGossip } from "./unruly-gossip.ts";
import { virtualTime, type VirtualTime } from "./virtual-time.ts";

export const START_SECONDS = 1_770_000_000;
const MARKET = 1;
const KEY_BYTES = 32;
const ADDRESS_BYTES = 20;
const TRUE_SPOT_E8 = 5_000_000_000_000n;
/** Honest keepers see the spot in a range so wide, 1e-8 USD: 10 bps. */
const SPREAD_E8 = 5_000_000_000;
const TICK_MS = 250;

const json = (value: unknown): string =>
  JSON.stringify(value, (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field));
const hashOf = (...parts: readonly string[]): Hex =>
  asHex(`0x${createHash("sha256").update(parts.join("|")).digest("hex")}`);

/** Signs by hashing its address with the message: nobody in a simulation forges. */
export function hashSigner(address: Hex, all: readonly Hex[]): ReportSigner {
  const authorOf = (hash: Hex, signature: Hex) =>
    all.find((each) => hashOf(each, hash) === signature) ?? null;
  const headOf = ({ pegBps, accountRoot, markets, smiles, ...head }: RiskReport): ReportHead => ({
    ...head,
    payloadHash: hashOf(json([pegBps, accountRoot, markets, smiles])),
  });
  const hashHead = (head: ReportHead) => hashOf(json(head));
  return {
    address,
    headOf,
    hashHead: (_domain, head) => hashHead(head),
    hashData: hashOfSet,
    signReport: (_domain, report) => Promise.resolve(hashOf(address, hashHead(headOf(report)))),
    signScenarioSet: (_domain, message) => Promise.resolve(hashOf(address, hashOf(json(message)))),
    headSigner: (_domain, head, signature) => authorOf(hashHead(head), signature),
    scenarioSetSigner: (_domain, message, signature) => authorOf(hashOf(json(message)), signature),
  };
}

/** One market without smiles at a spot. */
export function spotObservation(spotE8: bigint): Observation {
  const market = {
    market: BigInt(MARKET),
    smileCount: 0n,
    dispersionBps: 0n,
    sigmaE9: 30_000_000n,
    psiE9: 50_000_000n,
    depthUsd: 0n,
    openInterestUsd: 0n,
    spotE8,
  };
  return { pegBps: 10_000, accountRoot: NO_ACCOUNT_ROOT, markets: [{ market, smiles: [] }] };
}

export interface SimulatedKeeper {
  readonly parts: ProtocolParts;
  readonly address: Hex;
  readonly store: KeeperStore;
  /** Every report it accepted, in order. */
  readonly finals: SignedReport[];
  readonly lines: readonly LogLine[];
  /** Null while it is down. */
  agreement: Agreement | null;
  start(): Promise<void>;
  /** Stops at once; what it stored stays. */
  crash(): void;
}

export interface Simulation {
  readonly keepers: readonly SimulatedKeeper[];
  readonly time: VirtualTime;
  readonly gossip: UnrulyGossip;
  readonly oracle: OracleDouble;
  readonly parameters: ProtocolParameters;
  readonly random: SeededRandom;
  /** The true spot now; honest keepers see it within 10 bps. */
  truth: { spotE8: bigint };
  /** Lowest and highest spot that an honest keeper has seen in a round. */
  readonly honestRange: ReadonlyMap<number, { low: bigint; high: bigint }>;
  startAll(): Promise<void>;
  runSlots(count: number): Promise<void>;
}

export interface SimulationOptions {
  readonly count: number;
  readonly seed: number;
  readonly faults?: Partial<Faults>;
  /** How far each keeper's clock is ahead, seconds. */
  readonly skews?: readonly number[];
  /** What a keeper, by index, says instead of what it sees. */
  readonly lies?: Readonly<Record<number, (seen: bigint) => bigint>>;
  readonly parameters?: Partial<ProtocolParameters>;
  /** Replaces a keeper's voice: for those that speak out of turn. */
  readonly voices?: Readonly<Record<number, (gossip: Gossip, world: Pick<Simulation, "gossip">) => Gossip>>;
  /** Who takes a keeper's proofs, by index. */
  readonly prosecute?: (index: number) => Prosecutor["prosecute"];
}

export function simulate(options: SimulationOptions): Simulation {
  const { count, seed } = options;
  const random = seededRandom(seed);
  const time = virtualTime(START_SECONDS);
  const parameters: ProtocolParameters = {
    ...DEFAULT_PARAMETERS,
    heartbeatSeconds: 1,
    ...options.parameters,
  };
  const addresses = Array.from({ length: count }, (_, i) => asHex(toBeHex(i + 1, ADDRESS_BYTES)));
  const networks = addresses.map((_, i) =>
    createNetworkSigner(networkKeyOf(getBytes(toBeHex(i + 1, KEY_BYTES)))),
  );
  const oracle = oracleDouble(
    addresses,
    [MARKET],
    networks.map(({ publicKey }) => publicKey),
  );
  const gossip = unrulyGossip(addresses, time, random, options.faults);
  const truth = { spotE8: TRUE_SPOT_E8 };
  const honestRange = new Map<number, { low: bigint; high: bigint }>();

  const see = (index: number, atSeconds: number): Observation => {
    const seen = truth.spotE8 + BigInt(Math.round((random.uniform() - 0.5) * SPREAD_E8));
    const lie = options.lies?.[index];
    if (lie !== undefined) return spotObservation(lie(seen));
    const slot = slotAt(atSeconds, parameters);
    const range = honestRange.get(slot) ?? { low: seen, high: seen };
    honestRange.set(slot, {
      low: seen < range.low ? seen : range.low,
      high: seen > range.high ? seen : range.high,
    });
    return spotObservation(seen);
  };

  const keepers = addresses.map((address, index): SimulatedKeeper => {
    const network = networks[index];
    if (network === undefined) throw new RangeError("one network key per keeper");
    const telemetry = recordingTelemetry();
    const joined = gossip.join(address);
    const store = createMemoryStore();
    const parts: ProtocolParts = {
      chain: oracle.chain,
      gossip: options.voices?.[index]?.(joined, { gossip }) ?? joined,
      signer: hashSigner(address, addresses),
      network,
      store,
      clock: time.clockAhead(options.skews?.[index] ?? 0),
      timer: time.timer,
      telemetry,
      parameters,
      participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
      observe: (atSeconds) => Promise.resolve(see(index, atSeconds)),
      prosecute: options.prosecute?.(index) ?? (() => Promise.resolve()),
    };
    let stop = new AbortController();
    const finals: SignedReport[] = [];
    const keeper: SimulatedKeeper = {
      parts,
      address,
      store,
      finals,
      lines: telemetry.lines,
      agreement: null,
      start: async () => {
        stop = new AbortController();
        const { signal } = stop;
        const accepted = (final: SignedReport) => {
          finals.push(final);
          transmissions.schedule(final);
        };
        const agreement = await joinAgreement(parts, accepted, signal);
        const transmissions = createTransmissions(parts, () => agreement.committee, signal);
        keeper.agreement = agreement;
        const ticking = async () => {
          for (;;) {
            await agreement.beginSlot(slotAt(parts.clock.nowSeconds(), parameters));
            await time.timer.sleep(TICK_MS, signal);
          }
        };
        ticking().catch(() => undefined);
      },
      crash: () => {
        stop.abort(new Error("crashed"));
        keeper.agreement = null;
      },
    };
    return keeper;
  });
  return {
    keepers,
    time,
    gossip,
    oracle,
    parameters,
    random,
    truth,
    honestRange,
    startAll: async () => {
      await Promise.all(keepers.map((keeper) => keeper.start()));
    },
    runSlots: (slots) => time.run(slots * parameters.slotSeconds * 1_000),
  };
}

/** Every report that any keeper accepted, by round: more than one text in a set is two reports for one round. */
export function reportsByRound(
  keepers: readonly SimulatedKeeper[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const rounds = new Map<string, Set<string>>();
  for (const { finals } of keepers)
    for (const { report } of finals) {
      const name = nameOfRound(report);
      rounds.set(name, (rounds.get(name) ?? new Set()).add(json(report)));
    }
  return rounds;
}
