import type { ChainFacts } from "../../keeper/ports/chain-probe.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import type { ChainExpectation } from "../../keeper/services/chain-agreement.ts";
import { MEMBER_ADDRESSES } from "./keeper-status.ts";

export const hashOf = (digits: string) => asHex(`0x${digits.repeat(32)}`);

type CompleteFacts = Extract<ChainFacts, { kind: "complete" }>;

const ADDRESS = asHex(`0x${"99".repeat(20)}`);

/** A chain on which everything is as `chainExpectation` says. */
export function chainFacts(changes: Partial<CompleteFacts> = {}): CompleteFacts {
  return {
    kind: "complete",
    chainId: 31_337n,
    block: { number: 42n, hash: hashOf("bb"), timestampSeconds: 1_770_000_000 },
    oracleVersion: "1",
    links: [{ name: "riskOracle.registry", expected: ADDRESS, actual: ADDRESS }],
    keeperSet: {
      configDigest: hashOf("cd"),
      keepers: MEMBER_ADDRESSES,
      networkKeys: MEMBER_ADDRESSES.map((_address, index) => hashOf(`0${(index + 1).toString()}`)),
      faults: 1,
      quorum: 3,
    },
    parametersHash: hashOf("03"),
    derivedDigest: changes.keeperSet?.configDigest ?? hashOf("cd"),
    oracleParamsHash: hashOf("01"),
    marginParamsHash: hashOf("02"),
    heartbeatSeconds: 3_600,
    ...changes,
  };
}

export function chainExpectation(changes: Partial<ChainExpectation> = {}): ChainExpectation {
  return {
    chainId: 31_337n,
    address: MEMBER_ADDRESSES[0] ?? null,
    networkKey: hashOf("01"),
    configDigests: [hashOf("cd")],
    oracleParamsHashes: [hashOf("01")],
    marginParamsHashes: [hashOf("02")],
    parametersHash: hashOf("03"),
    ...changes,
  };
}
