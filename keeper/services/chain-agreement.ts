import type { ChainFacts } from "../ports/chain-probe.ts";
import type { Hex } from "../ports/hex.ts";
import type { KeeperSet } from "../ports/oracle-chain.ts";
import type { ReportSigner } from "../ports/signer.ts";

/** Version of the oracle's messages that this keeper speaks. */
const ORACLE_VERSION = "1";

/** What this keeper was told of the chain; null and an empty list accept anything, two values stand for the one of now and the next. */
export interface ChainExpectation {
  readonly chainId: bigint;
  /** Address of the report key; null in a dry run. */
  readonly address: Hex | null;
  /** Ed25519 public key that the registry must hold for the report key; null in a dry run. */
  readonly networkKey: Hex | null;
  /** Configurations that the operator has agreed to. */
  readonly configDigests: readonly Hex[];
  readonly oracleParamsHashes: readonly Hex[];
  readonly marginParamsHashes: readonly Hex[];
  /** Hash of the protocol parameters that this keeper runs with. */
  readonly parametersHash: Hex;
}

/** One thing in which the chain and the local configuration differ. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly advice: string;
}

/** What a registry holds when no protocol parameters are agreed. */
export const NO_PARAMETERS_HASH: Hex = `0x${"00".repeat(32)}`;

const CHECK_CHANGE =
  "find out who changed it and why; when you agree, put the new value into `expect` and send the keeper a SIGHUP";

/** Everything in which the chain differs from what a keeper was told, the gravest first; empty when they agree. */
export function findDifferences(facts: ChainFacts, expected: ChainExpectation): readonly Difference[] {
  if (facts.chainId !== expected.chainId) {
    return [
      {
        what: "chain id",
        expected: expected.chainId.toString(),
        actual: facts.chainId.toString(),
        advice: "point rpcUrls and the deployment's file at the same chain",
      },
    ];
  }
  if (facts.kind === "incomplete") {
    return facts.withoutCode.map((name) => ({
      what: `contract ${name}`,
      expected: "code",
      actual: "none at the deployment's address",
      advice: "name the right deployment file, and wait until the node is synchronised",
    }));
  }
  const { keeperSet } = facts;
  return [
    ...facts.links
      .filter((link) => link.expected.toLowerCase() !== link.actual.toLowerCase())
      .map(({ name, expected: address, actual }) => ({
        what: name,
        expected: address,
        actual,
        advice: "the deployment's file mixes two deployments: get the right one",
      })),
    ...differs("oracle version", [ORACLE_VERSION], facts.oracleVersion, "upgrade this keeper"),
    ...differs(
      "registry's own answers",
      [facts.derivedDigest],
      keeperSet.configDigest,
      "its config digest is not the hash of what it answers: use other nodes, and the deployment's right registry",
    ),
    ...differs("config digest", expected.configDigests, keeperSet.configDigest, CHECK_CHANGE),
    ...differs(
      "protocol parameters",
      facts.parametersHash === NO_PARAMETERS_HASH ? [] : [expected.parametersHash],
      facts.parametersHash,
      "give `protocol` in the configuration the values that the network has agreed to",
    ),
    ...differs("oracle parameters", expected.oracleParamsHashes, facts.oracleParamsHash, CHECK_CHANGE),
    ...differs("margin parameters", expected.marginParamsHashes, facts.marginParamsHash, CHECK_CHANGE),
    ...membership(expected, keeperSet),
  ];
}

function differs(
  what: string,
  allowed: readonly string[],
  actual: string,
  advice: string,
): readonly Difference[] {
  return allowed.length === 0 || allowed.includes(actual)
    ? []
    : [{ what, expected: allowed.join(" or "), actual, advice }];
}

/** A configuration that a message names and the chain has left behind; empty while it is in force. */
export function findReplaced(facts: ChainFacts, configDigest: Hex): readonly Difference[] {
  if (facts.kind === "incomplete") return [];
  const advice = "nothing: the next slot works under the configuration in force";
  return differs("config digest of the message", [configDigest], facts.keeperSet.configDigest, advice);
}

function membership(
  { address, networkKey }: ChainExpectation,
  { keepers, networkKeys }: KeeperSet,
): readonly Difference[] {
  if (address === null) return [];
  const place = keepers.indexOf(address);
  if (place < 0) {
    const expected = `${address} among the keepers`;
    const advice = "wait until the registry holds this report key, or use the key that it holds";
    return [{ what: "membership", expected, actual: `keepers are ${keepers.join(", ")}`, advice }];
  }
  const registered = networkKeys[place] ?? "none";
  const advice = "use the network key that was registered, or rotate to this one";
  return differs("network key", listOf(networkKey), registered, advice);
}

function listOf(value: Hex | null): readonly Hex[] {
  return value === null ? [] : [value];
}

/** The chain is not what this keeper was told: it must neither start nor sign. */
export class ChainDisagrees extends Error {
  readonly code = "chain-disagrees";
  readonly differences: readonly Difference[];
  readonly advice: string;

  constructor(differences: readonly Difference[]) {
    const lines = differences.map(
      ({ what, expected, actual }) => `- ${what}: expected ${expected}; the chain says ${actual}`,
    );
    super(`the chain and this keeper's configuration differ:\n${lines.join("\n")}`);
    this.name = "ChainDisagrees";
    this.differences = differences;
    this.advice = [...new Set(differences.map(({ advice }) => advice))].join("; ");
  }
}

/**
 * A signer that asks before it signs.
 * @param permit throws the reason why nothing may be signed now under a configuration
 */
export function guardSigner(
  signer: ReportSigner,
  permit: (configDigest: Hex) => Promise<void>,
): ReportSigner {
  return {
    ...signer,
    signReport: async (domain, report) => {
      await permit(report.configDigest);
      return signer.signReport(domain, report);
    },
    signScenarioSet: async (domain, message) => {
      await permit(message.configDigest);
      return signer.signScenarioSet(domain, message);
    },
  };
}
