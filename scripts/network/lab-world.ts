// What all keepers of the network laboratory know of each other and of their made-up market.
import { toBeHex, Wallet } from "ethers";
import { networkKeyOf, type NetworkKey } from "../../keeper/adapters/keystore/network-key.ts";
import type { KeeperPeer } from "../../keeper/adapters/libp2p/peer-book.ts";
import { DEFAULT_PARAMETERS, type ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";
import type { Observation } from "../../keeper/core/report/aggregate.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { honestObservation } from "../../test/support/keeper-round.ts";

const KEY_BYTES = 32;
const MS_PER_SECOND = 1_000;
/** All clocks are one machine's: a leader may be replaced soon. */
const PROGRESS_SHARE = 0.8;
const RESEND_MS = 250;
const GRACE_MS = 50;
/** Honest keepers see prices this far apart. */
const VIEW_STEP = 0.0003;

/** Markets of each report, six or more expiries each. */
export const LAB_MARKETS: readonly number[] = [1, 2];

export interface LabMember {
  readonly wallet: Wallet;
  readonly key: NetworkKey;
  readonly peer: KeeperPeer;
}

/** What a keeper writes about a report. */
export interface LabReport {
  readonly round: number;
  readonly epoch: string;
  readonly hash: string;
  readonly spotsE8: readonly string[];
  /** From the beginning of the slot until the report had its quorum here. */
  readonly sinceSlotMs: number;
  readonly rssBytes: number;
  /** Messages and streams that were refused since the start. */
  readonly refused: number;
  /** Messages that were dropped since the start. */
  readonly dropped: number;
}

/** In rising order of address, as the registry lists them. */
export function labMembers(count: number, firstPort: number): readonly LabMember[] {
  return Array.from({ length: count }, (_, i) => new Wallet(toBeHex(i + 1, KEY_BYTES)))
    .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
    .map((wallet, i) => {
      const key = networkKeyOf(new Uint8Array(KEY_BYTES).fill(i + 1));
      const endpoint = `/ip4/127.0.0.1/tcp/${firstPort + i}`;
      return {
        wallet,
        key,
        peer: { keeper: asHex(wallet.address), networkKey: key.publicKey, endpoint },
      };
    });
}

export function labParameters(slotSeconds: number): ProtocolParameters {
  return {
    ...DEFAULT_PARAMETERS,
    slotSeconds,
    progressMs: slotSeconds * MS_PER_SECOND * PROGRESS_SHARE,
    resendMs: RESEND_MS,
    graceMs: GRACE_MS,
    maxClockOffsetSeconds: 0,
    heartbeatSeconds: 0,
  };
}

export function labObservation(index: number): Observation {
  return honestObservation(1 + index * VIEW_STEP);
}
