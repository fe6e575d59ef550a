// Keepers that agree on scenario sets over simulated time: real agreement and publication, one chain that only remembers.
import { createGossipRoom, type GossipRoom } from "../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS } from "../../keeper/core/protocol/parameters.ts";
import type { GossipMessage, SignedScenarioSet } from "../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { OracleChain } from "../../keeper/ports/oracle-chain.ts";
import type { KeeperStore } from "../../keeper/ports/store.ts";
import {
  joinScenarioAgreement,
  type ScenarioAgreement,
  type ScenarioParts,
} from "../../keeper/services/protocol/scenario-agreement.ts";
import { createScenarioPublication } from "../../keeper/services/protocol/scenario-publication.ts";
import {
  oracleDouble,
  ORACLE_DOMAIN,
  recordingTelemetry,
  type LogLine,
  type OracleDouble,
} from "./keeper-doubles.ts";
import { hashSigner, START_SECONDS } from "./simulated-keepers.ts";
import { virtualTime, type VirtualTime } from "./virtual-time.ts";

export const ADDRESSES = ["a1", "b2", "c3", "d4"].map((digits) => asHex(`0x${digits.repeat(20)}`));
export const [FIRST = "0x", SECOND = "0x", THIRD = "0x", FOURTH = "0x"] = ADDRESSES;
/** Hears everything and is no keeper. */
export const STRANGER = asHex(`0x${"e5".repeat(20)}`);
export const DATA: Hex = "0x0102";
export const OTHER_DATA: Hex = "0x0304";

const SETTLING_MS = 10;

export interface ScenarioKeeper {
  readonly address: Hex;
  readonly parts: ScenarioParts;
  readonly store: KeeperStore;
  /** Every set it accepted, in order, over all its lives. */
  readonly finals: SignedScenarioSet[];
  readonly lines: readonly LogLine[];
  /** How often its history was asked for. */
  readonly asked: { times: number };
  agreement: ScenarioAgreement;
  reasons(): string;
  /** Ends its life and begins another, with the same store. */
  restart(): Promise<void>;
  stop(): void;
}

export interface ScenarioWorld {
  readonly keepers: readonly ScenarioKeeper[];
  readonly room: GossipRoom;
  readonly heard: { readonly from: Hex; readonly message: GossipMessage }[];
  readonly oracle: OracleDouble;
  readonly time: VirtualTime;
  /** Who leads now. */
  readonly standing: { leader: Hex };
  /** What each keeper's history makes; DATA where nothing else is said. */
  readonly histories: Record<Hex, Hex | Promise<Hex>>;
}

interface ScenarioOptions {
  readonly present?: readonly Hex[];
  readonly keepers?: readonly Hex[];
  readonly histories?: Record<Hex, Hex | Promise<Hex>>;
  /** What one keeper's node does otherwise. */
  readonly chainOf?: (address: Hex, chain: OracleChain) => OracleChain;
  /** Complete sets go to the chain. */
  readonly publishes?: boolean;
}

export async function agreeOnScenarios({
  present = ADDRESSES,
  keepers = ADDRESSES,
  histories = {},
  chainOf = (_address, chain) => chain,
  publishes = false,
}: ScenarioOptions = {}): Promise<ScenarioWorld> {
  const oracle = oracleDouble(keepers, []);
  const room = createGossipRoom();
  const time = virtualTime(START_SECONDS);
  const standing = { leader: FIRST };
  const heard: { readonly from: Hex; readonly message: GossipMessage }[] = [];
  room.join(STRANGER).subscribe((from, message) => heard.push({ from, message }));

  const open = async (address: Hex): Promise<ScenarioKeeper> => {
    const telemetry = recordingTelemetry();
    const store = createMemoryStore();
    const finals: SignedScenarioSet[] = [];
    const asked = { times: 0 };
    const committee = {
      keeperSet: oracle.state.keeperSet,
      domain: ORACLE_DOMAIN,
      limits: { minPegBps: 0n, maxPegBps: 0n, markets: [] },
    };
    const parts: ScenarioParts = {
      chain: chainOf(address, oracle.chain),
      gossip: room.join(address),
      signer: hashSigner(address, [...ADDRESSES, STRANGER]),
      store,
      clock: time.clockAhead(0),
      timer: time.timer,
      telemetry,
      parameters: DEFAULT_PARAMETERS,
      agreement: {
        committee,
        isLeader: () => address === standing.leader,
        leader: () => standing.leader,
      },
      own: {
        current: () => {
          asked.times++;
          return Promise.resolve(histories[address] ?? DATA);
        },
      },
    };
    let life = new AbortController();
    const live = () => {
      life = new AbortController();
      const publication = createScenarioPublication(parts, () => committee, life.signal);
      const accepted = (final: SignedScenarioSet) => {
        finals.push(final);
        if (publishes) publication.schedule(final);
      };
      return joinScenarioAgreement(parts, accepted, life.signal);
    };
    const stop = () => {
      life.abort(new Error("stopped"));
    };
    const keeper: ScenarioKeeper = {
      address,
      parts,
      store,
      finals,
      lines: telemetry.lines,
      asked,
      agreement: await live(),
      reasons: () => telemetry.lines.map(({ fields }) => String(fields["reason"])).join("\n"),
      restart: async () => {
        stop();
        keeper.agreement = await live();
      },
      stop,
    };
    return keeper;
  };
  const opened = await Promise.all(present.map(open));
  return { keepers: opened, room, heard, oracle, time, standing, histories };
}

/** Lets all that happens now happen. */
export async function settle({ time }: ScenarioWorld): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await time.run(SETTLING_MS);
}

/** Every keeper's slot begins: the leader proposes. */
export async function beginSlots(world: ScenarioWorld): Promise<void> {
  for (const { agreement } of world.keepers) agreement.lead().catch(() => undefined);
  await settle(world);
}

/** A keeper, or whoever takes its name, says something; the others may listen to it again afterwards. */
export async function says(world: ScenarioWorld, from: Hex, message: GossipMessage): Promise<void> {
  world.room.join(from).publish(message);
  await world.time.run(DEFAULT_PARAMETERS.resendMs);
}

export const signaturesOf = ({ heard }: ScenarioWorld) =>
  heard.flatMap(({ from, message }) => (message.kind === "scenario-signature" ? [{ from, ...message }] : []));

export const proposalsOf = ({ heard }: ScenarioWorld) =>
  heard.flatMap(({ from, message }) => (message.kind === "scenario-proposal" ? [{ from, ...message }] : []));

/** How many sets each keeper accepted. */
export const finalsOf = ({ keepers }: ScenarioWorld) => keepers.map(({ finals }) => finals.length);
