// One keeper of four, alone with doubles of everything: what it says, reads and writes can be watched one step at a time.
import { getBytes, toBeHex } from "ethers";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { observationBytes } from "../../keeper/core/protocol/observation-bytes.ts";
import { slotAt, DEFAULT_PARAMETERS } from "../../keeper/core/protocol/parameters.ts";
import type { Observation } from "../../keeper/core/report/aggregate.ts";
import type { ObservationMessage, ProposalMessage } from "../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { Committee } from "../../keeper/services/protocol/parts.ts";
import { BLOCK, keeperSetOf, limitsOf, marketLimits, ORACLE_DOMAIN } from "./keeper-doubles.ts";
import { spotObservation, START_SECONDS } from "./simulated-keepers.ts";

const KEY_BYTES = 32;

/** Report keys, rising. */
export const ADDRESSES = ["a1", "b2", "c3", "d4"].map((digits) => asHex(`0x${digits.repeat(20)}`));
export const STRANGER = asHex(`0x${"e5".repeat(20)}`);
export const NETWORKS = ADDRESSES.map((_, i) =>
  createNetworkSigner(networkKeyOf(getBytes(toBeHex(i + 1, KEY_BYTES)))),
);
export const COMMITTEE: Committee = {
  keeperSet: keeperSetOf(
    ADDRESSES,
    NETWORKS.map(({ publicKey }) => publicKey),
  ),
  domain: ORACLE_DOMAIN,
  limits: limitsOf([marketLimits(1)]),
};
/** The round of the first moment. */
export const ROUND = { epoch: 3n, round: slotAt(START_SECONDS, DEFAULT_PARAMETERS) };

const SPOT_E8 = 5_000_000_000_000n;

/** What a keeper, by index, says it sees. */
export function observationBy(
  index: number,
  observation: Observation = spotObservation(SPOT_E8 + BigInt(index)),
  observedAtSeconds = START_SECONDS,
): ObservationMessage {
  const { configDigest } = COMMITTEE.keeperSet;
  const bytes = observationBytes({ ...ROUND, configDigest, observedAtSeconds }, observation);
  const signature: Hex = NETWORKS[index]?.sign(bytes) ?? "0x";
  return { kind: "observation", ...ROUND, observedAtSeconds, observation, signature };
}

/** A proposal of what three or more keepers see. */
export function proposalBy(
  indexes: readonly number[] = [0, 1, 2, 3],
  observedAtSeconds = START_SECONDS,
): ProposalMessage {
  return {
    kind: "proposal",
    ...ROUND,
    observedAtSeconds,
    blockNumber: BLOCK.number,
    blockHash: BLOCK.hash,
    observations: indexes.map((index) => {
      const { observation, signature } = observationBy(index, undefined, observedAtSeconds);
      return { from: ADDRESSES[index] ?? STRANGER, observation, signature };
    }),
  };
}
