// Four keepers with real keys in one gossip room over a chain double.
import { getBytes, Wallet, toBeHex } from "ethers";
import { createWalletSigner } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createGossipRoom, type GossipRoom } from "../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS, slotAt } from "../../keeper/core/protocol/parameters.ts";
import { leaderOf } from "../../keeper/core/protocol/leaders.ts";
import type { Observation } from "../../keeper/core/report/aggregate.ts";
import { quantiseMarket } from "../../keeper/core/report/quantise.ts";
import type { Gossip, GossipMessage } from "../../keeper/ports/gossip.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import type { ReportSigner } from "../../keeper/ports/signer.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import type { ProtocolParts } from "../../keeper/services/protocol/parts.ts";
import { oracleDouble, recordingTelemetry, type LogLine, type OracleDouble } from "./keeper-doubles.ts";
import { RANDOM_MARKETS, RANDOM_OBSERVED_AT, randomMarketState } from "./random-books.ts";
import { randomSource } from "./random-source.ts";

const KEEPER_COUNT = 4;
/** The epoch in which the tests' keepers begin, and the round of its slot. */
export const EPOCH = 4n;
export const ROUND = slotAt(RANDOM_OBSERVED_AT, DEFAULT_PARAMETERS);
const KEY_BYTES = 32;

export interface TestKeeper extends ProtocolParts {
  readonly signer: ReportSigner;
  readonly lines: readonly LogLine[];
}

export interface TestNetwork {
  /** The first leads the round of these tests. */
  readonly keepers: readonly [TestKeeper, TestKeeper, TestKeeper, TestKeeper];
  readonly room: GossipRoom;
  readonly oracle: OracleDouble;
  /** Everything said in the room, in order. */
  readonly heard: readonly { readonly from: Hex; readonly message: GossipMessage }[];
}

const STATES = RANDOM_MARKETS.map((spec) => randomMarketState(randomSource(9), spec, RANDOM_OBSERVED_AT));

/** Of the table that honest keepers hold. */
export const HONEST_ROOT: Hex = `0x${"a7".repeat(32)}`;

/** An honest view: all prices off by `factor` from the market's, as two venues differ. */
export function honestObservation(factor: number): Observation {
  return {
    pegBps: 10_000,
    accountRoot: HONEST_ROOT,
    markets: STATES.map((state) =>
      quantiseMarket({
        ...state,
        spot: state.spot * factor,
        dispersion: 0,
        smiles: state.smiles.map((smile) => ({
          ...smile,
          slice: { ...smile.slice, a: smile.slice.a * factor },
        })),
      }),
    ),
  };
}

/** What honest keepers see: within 20 bps of one another. */
export const HONEST_FACTORS = [1, 1.001, 0.9995, 1.0004] as const;

export interface NetworkOptions {
  /** Replaces what a keeper, by index, says it sees. */
  readonly views?: Readonly<Record<number, Observation>>;
  /** Keepers, by index, whose messages never arrive. */
  readonly silent?: readonly number[];
}

export function testNetwork({ views = {}, silent = [] }: NetworkOptions = {}): TestNetwork {
  const signers = Array.from({ length: KEEPER_COUNT }, (_, i) =>
    createWalletSigner(new Wallet(toBeHex(i + 1, KEY_BYTES))),
  ).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const networks = signers.map((_, i) =>
    createNetworkSigner(networkKeyOf(getBytes(toBeHex(i + 1, KEY_BYTES)))),
  );
  const oracle = oracleDouble(
    signers.map(({ address }) => address),
    RANDOM_MARKETS.map(({ market }) => market),
    networks.map(({ publicKey }) => publicKey),
  );
  const { keepers: addresses, configDigest } = oracle.state.keeperSet;
  const first = addresses.indexOf(leaderOf(EPOCH, addresses, configDigest));
  const room = createGossipRoom();
  const heard: { from: Hex; message: GossipMessage }[] = [];
  const keeper = (index: 0 | 1 | 2 | 3): TestKeeper => {
    const [signer, network] = [
      signers[(first + index) % KEEPER_COUNT],
      networks[(first + index) % KEEPER_COUNT],
    ];
    if (signer === undefined || network === undefined) throw new RangeError("one signer per keeper");
    const telemetry = recordingTelemetry();
    const store = createMemoryStore();
    void store.saveView({ epoch: EPOCH, wish: EPOCH });
    const gossip = room.join(signer.address);
    const observation = views[index] ?? honestObservation(HONEST_FACTORS[index]);
    return {
      chain: oracle.chain,
      gossip: silent.includes(index) ? muted(gossip) : gossip,
      signer,
      network,
      store,
      clock: { nowSeconds: () => RANDOM_OBSERVED_AT },
      timer: systemTimer,
      parameters: DEFAULT_PARAMETERS,
      participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
      telemetry,
      lines: telemetry.lines,
      observe: () => Promise.resolve(observation),
    };
  };
  room.join(oracle.state.keeperSet.configDigest).subscribe((from, message) => {
    heard.push({ from, message });
  });
  return { keepers: [keeper(0), keeper(1), keeper(2), keeper(3)], room, oracle, heard };
}

function muted(gossip: Gossip): Gossip {
  return { ...gossip, publish: () => undefined, send: () => undefined };
}
