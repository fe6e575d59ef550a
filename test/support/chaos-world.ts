// Keepers with real keys, real codec and stores that outlive them, through a storm drawn from one seed, and the calm after it.
import { getBytes, toBeHex, Wallet } from "ethers";
import { createWalletSigner, hashHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import {
  DEFAULT_PARAMETERS,
  slotAt,
  type ProtocolParameters,
} from "../../keeper/core/protocol/parameters.ts";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import type { ReportHead, SignedReport } from "../../keeper/core/report/typed-data.ts";
import { seededRandom, type SeededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { Gossip } from "../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { ReportSigner } from "../../keeper/ports/signer.ts";
import type { SignedHead } from "../../keeper/ports/watch-chain.ts";
import { joinAgreement } from "../../keeper/services/protocol/agreement.ts";
import type { ProtocolParts } from "../../keeper/services/protocol/parts.ts";
import { createTransmissions } from "../../keeper/services/protocol/transmission.ts";
import { chaosChain, type NodeHealth } from "./chaos-chain.ts";
import {
  type Completed,
  findForeignRoots,
  findOutsideHonest,
  findRepeatedEffects,
  findSilentSince,
  findSlowHealing,
  findTwoReports,
  findUnpostable,
  findWrongProsecutions,
  findWrongSlashings,
} from "./chaos-checks.ts";
import { CONDUCTS, type Conduct, type Faulty, lieOf, viewOf, voiceOf } from "./chaos-conducts.ts";
import { brokenBytes, CALM, type ChaosNetwork, chaosNetwork } from "./chaos-network.ts";
import { mortalStore, type CrashMoment } from "./chaos-store.ts";
import { ORACLE_DOMAIN, recordingTelemetry } from "./keeper-doubles.ts";
import { RANDOM_MARKETS } from "./random-books.ts";
import { createTwoFacedSigner } from "./two-faced-signer.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** 4, 7 ... */
  readonly keepers: number;
  /** Slots of storm. */
  readonly slots: number;
  /** Takes a defence away from every keeper: what the checks must then find. */
  readonly sabotage?: (parts: ProtocolParts) => ProtocolParts;
}

export interface ChaosResult extends Omit<ChaosOptions, "sabotage"> {
  readonly conducts: readonly Conduct[];
  /** One line for each promise broken. */
  readonly broken: readonly string[];
  readonly reports: number;
  readonly kills: number;
  readonly refusedMessages: number;
}

const START_SECONDS = 1_770_000_000;
const KEY_BYTES = 32;
const MS_PER_SECOND = 1_000;
const TICK_MS = 250;
/** Short terms, so that a run sees many leaders. */
const PARAMETERS: ProtocolParameters = { ...DEFAULT_PARAMETERS, slotsPerEpoch: 4, heartbeatSeconds: 1 };
const HEALING_TERMS = 3;
const MAX_SKEW_SECONDS = 300;
const MAX_DOWN_MS = 40_000;
const KILL_SHARE = 0.08;
/** The moment at which a keeper that forgot what it signed would sign again: right after others heard it, and back within the round. */
const KILL_AFTER_SIGNING_SHARE = 0.25;
const QUICK_DOWN_MS = 4_000;
const WEATHER_SLOTS = 3;
const MAX_LOSS = 0.3;
const MAX_DELAY_MS = 2_500;
const MAX_REORGANISATION = 10;

/** Lives through a storm and the healing; the same options give the same run. */
export async function liveThroughChaos(options: ChaosOptions): Promise<ChaosResult> {
  const world = buildWorld(options);
  // A start that is killed never ends.
  for (const keeper of world.keepers) void keeper.start();
  for (let slot = 0; slot < options.slots; slot += WEATHER_SLOTS) {
    world.turnWeather();
    await world.time.run(WEATHER_SLOTS * PARAMETERS.slotSeconds * MS_PER_SECOND);
  }
  const healedAt = world.heal();
  await world.time.run(HEALING_TERMS * PARAMETERS.slotsPerEpoch * PARAMETERS.slotSeconds * MS_PER_SECOND);
  const { seed, keepers, slots } = options;
  return { seed, keepers, slots, ...world.judge(healedAt) };
}

interface World {
  readonly keepers: readonly { start(): Promise<void> }[];
  readonly time: ReturnType<typeof virtualTime>;
  turnWeather(): void;
  /** Unix seconds of the calm's beginning; whoever is down then comes back by itself. */
  heal(): number;
  judge(healedAt: number): Omit<ChaosResult, keyof ChaosOptions>;
}

interface Member {
  readonly address: Hex;
  readonly conduct: Conduct | null;
  readonly signer: ReportSigner;
  readonly network: ReturnType<typeof createNetworkSigner>;
}

/** Faulty keepers are drawn first, at most f of them. */
function drawMembers(count: number, random: SeededRandom): readonly Member[] {
  const wallets = Array.from({ length: count }, (_, i) => new Wallet(toBeHex(i + 1, KEY_BYTES)));
  const faults = Math.floor((count - 1) / 3);
  const faulty = new Map<number, Conduct>();
  while (faulty.size < faults)
    faulty.set(random.index(count), CONDUCTS[random.index(CONDUCTS.length)] ?? "silent");
  return wallets
    .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
    .map((wallet, index) => ({
      address: asHex(wallet.address),
      conduct: faulty.get(index) ?? null,
      signer: createWalletSigner(wallet),
      network: createNetworkSigner(networkKeyOf(getBytes(toBeHex(index + 1, KEY_BYTES)))),
    }));
}

/** After the storm: good nodes, disks that keep what they are given, and whole messages again. */
const isWellAfterwards = ({ conduct }: Member): boolean =>
  conduct === null || conduct === "bad-node" || conduct === "forgetful";
const isHonest = (member: Member): boolean => isWellAfterwards(member) || member.conduct === "skewed";

function buildWorld({ seed, keepers: count, sabotage = (parts) => parts }: ChaosOptions): World {
  const random = seededRandom(seed);
  const time = virtualTime(START_SECONDS);
  const members = drawMembers(count, random);
  const addresses = members.map(({ address }) => address);
  const markets = RANDOM_MARKETS.map(({ market }) => market);
  const chain = chaosChain(
    addresses,
    markets,
    members.map(({ network }) => network.publicKey),
    time,
  );
  const network = chaosNetwork(addresses, chain.oracle.state.keeperSet.configDigest, time, random);
  const state = { isStorm: true, kills: 0 };
  const signed: SignedHead[] = [];
  const equivocating = new Set<Hex>();
  const prosecuted = new Set<Hex>();
  const completed = new Map<string, Completed>();
  const finals: SignedReport[] = [];
  const newestObservedAt = new Map<Hex, number>();

  const noteSigned = (author: Hex, head: ReportHead, signature: Hex) => {
    signed.push({ head, hash: hashHead(ORACLE_DOMAIN, head), signature, signer: author });
  };
  const keepers = members.map((member) => {
    const { address, conduct } = member;
    let durable = createMemoryStore();
    const { signer, twin } = createTwoFacedSigner(member.signer, (head, signature, second) => {
      noteSigned(address, head, signature);
      if (second !== null) equivocating.add(address);
    });
    const skewSeconds = conduct === "skewed" ? Math.round((random.uniform() * 2 - 1) * MAX_SKEW_SECONDS) : 0;
    const health = (): NodeHealth => {
      if (conduct !== "bad-node" || !state.isStorm) return "well";
      return (["failing", "lagging", "lying"] as const)[seed % 3] ?? "failing";
    };
    let life = { isAlive: false, stop: new AbortController() };
    const keeper = {
      start: async () => {
        const own = { isAlive: true, stop: new AbortController() };
        life = own;
        // Before the first report a new store is a new network's.
        if (conduct === "forgetful" && chain.effects().length > 0) durable = createMemoryStore();
        const { signal } = own.stop;
        const isAlive = () => own.isAlive;
        const store = mortalStore(
          durable,
          isAlive,
          () => drawMoment(state.isStorm, random),
          () => {
            kill();
          },
        );
        const joined = killedAfterSigning(network.join(address, isAlive), () => {
          if (isAlive() && state.isStorm && random.uniform() < KILL_AFTER_SIGNING_SHARE) kill(QUICK_DOWN_MS);
        });
        const parts: ProtocolParts = {
          chain: chain.seenBy(health),
          gossip: voiceOf(conduct, joined, faultyPart(addresses, address, network, time, random), twin),
          signer,
          network: member.network,
          store,
          clock: time.clockAhead(skewSeconds),
          timer: time.timer,
          telemetry: recordingTelemetry(),
          parameters: PARAMETERS,
          participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
          prosecute: (found) => {
            if (conduct === null) prosecuted.add(found.signer);
            return Promise.resolve();
          },
          observe: () => {
            const view = viewOf(random.uniform());
            return Promise.resolve(conduct === "lying" ? lieOf(view, random) : view);
          },
        };
        await work(sabotage(parts), signal, (final, hash) => {
          finals.push(final);
          completed.set(`${nameOfRound(final.report)}/${hash}`, { hash, report: final.report });
          newestObservedAt.set(address, final.report.observedAt);
        }).catch((error: unknown) => {
          // A node that fails at the start: the service manager starts the process again.
          if (!signal.aborted && own.isAlive) restartLater();
          return error;
        });
      },
    };
    const kill = (maxDownMs = MAX_DOWN_MS) => {
      life.isAlive = false;
      life.stop.abort(new Error("killed"));
      state.kills++;
      restartLater(maxDownMs);
    };
    const restartLater = (maxDownMs = MAX_DOWN_MS) => {
      // Mostly soon enough to meet the same round again.
      time.after(1 + random.uniform() ** 3 * maxDownMs, () => void keeper.start());
    };
    return keeper;
  });

  const turnWeather = () => {
    network.weather = {
      loss: random.uniform() * MAX_LOSS,
      repeat: random.uniform() * MAX_LOSS,
      maxDelayMs: 60 + random.uniform() * MAX_DELAY_MS,
      partition: random.uniform() < 0.4 ? drawPartition(addresses, random) : [],
    };
    if (random.uniform() < 0.3) chain.reorganise(1 + random.index(MAX_REORGANISATION));
  };
  return {
    keepers,
    time,
    turnWeather,
    heal: () => {
      network.weather = CALM;
      state.isStorm = false;
      return time.nowMs() / MS_PER_SECOND;
    },
    judge: (healedAt) => {
      const honest = members.filter(isHonest).map(({ address }) => address);
      const well = members.filter(isWellAfterwards).map(({ address }) => address);
      const reports = [...completed.values()];
      const seen = network.said.flatMap(({ from, message }) =>
        message.kind === "observation" && honest.includes(from) ? [message] : [],
      );
      const newest = new Map(well.map((address) => [address, newestObservedAt.get(address) ?? 0]));
      return {
        conducts: members.flatMap(({ conduct }) => conduct ?? []),
        broken: [
          ...findTwoReports(reports),
          ...findUnpostable(finals),
          ...findWrongSlashings(signed, honest, [...equivocating]),
          ...findWrongProsecutions(prosecuted, [...equivocating]),
          ...findOutsideHonest(reports, seen),
          ...findForeignRoots(reports, seen),
          ...findSlowHealing(newest, healedAt),
          ...findSilentSince(well, signed, healedAt),
          ...findRepeatedEffects(chain.effects().map(nameOfRound)),
          ...network.counts.strange,
        ],
        reports: reports.length,
        kills: state.kills,
        refusedMessages: network.counts.refused,
      };
    },
  };
}

/** What a faulty keeper of one process works with. */
function faultyPart(
  members: readonly Hex[],
  self: Hex,
  network: ChaosNetwork,
  time: VirtualTime,
  random: SeededRandom,
): Faulty {
  const every: Faulty["every"] = (ms, act) => {
    time.after(ms, () => {
      act();
      every(ms, act);
    });
  };
  return {
    members,
    random,
    every,
    said: () => network.said.map(({ message }) => message),
    spoil: (message) => {
      for (const to of members)
        network.sendBytes(self, to, brokenBytes(network.codec.encode(message), random));
    },
  };
}

/** Tells after each signature that it is said. */
function killedAfterSigning(gossip: Gossip, said: () => void): Gossip {
  return {
    ...gossip,
    publish: (message) => {
      gossip.publish(message);
      if (message.kind === "signature") said();
    },
  };
}

/** Takes part as a keeper's process does. */
async function work(
  parts: ProtocolParts,
  signal: AbortSignal,
  completedReport: (final: SignedReport, hash: Hex) => void,
): Promise<void> {
  const agreement = await joinAgreement(
    parts,
    (final) => {
      completedReport(final, hashHead(ORACLE_DOMAIN, parts.signer.headOf(final.report)));
      transmissions.schedule(final);
    },
    signal,
  );
  const transmissions = createTransmissions(parts, () => agreement.committee, signal);
  const ticking = async () => {
    while (!signal.aborted) {
      await agreement.beginSlot(slotAt(parts.clock.nowSeconds(), PARAMETERS)).catch(() => undefined);
      await parts.timer.sleep(TICK_MS, signal);
    }
  };
  ticking().catch(() => undefined);
}

function drawMoment(isStorm: boolean, random: SeededRandom): CrashMoment {
  if (!isStorm || random.uniform() >= KILL_SHARE) return "never";
  return random.uniform() < 0.5 ? "before" : "after";
}

function drawPartition(members: readonly Hex[], random: SeededRandom): readonly (readonly Hex[])[] {
  const side = members.map(() => random.uniform() < 0.5);
  return [members.filter((_member, index) => side[index]), members.filter((_member, index) => !side[index])];
}
