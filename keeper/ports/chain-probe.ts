import type { Hex } from "./hex.ts";
import type { ChainBlock, KeeperSet } from "./oracle-chain.ts";

/** An address that one contract holds of another. */
export interface ContractLink {
  /** Such as "riskOracle.registry". */
  readonly name: string;
  readonly expected: Hex;
  readonly actual: Hex;
}

/** What the chain says of the deployment that a keeper was told of. */
export type ChainFacts =
  | {
      readonly kind: "incomplete";
      readonly chainId: bigint;
      readonly block: ChainBlock;
      /** Names of contracts that have no code on this chain. */
      readonly withoutCode: readonly string[];
    }
  | {
      readonly kind: "complete";
      readonly chainId: bigint;
      readonly block: ChainBlock;
      /** Version in the EIP-712 domain of the oracle: another one means other messages. */
      readonly oracleVersion: string;
      readonly links: readonly ContractLink[];
      readonly keeperSet: KeeperSet;
      /** Hash of the protocol parameters that every keeper must run with; zero when none are agreed. */
      readonly parametersHash: Hex;
      /** The config digest that the registry's own answers make: chain id, registry, count, entries, f and parameters. */
      readonly derivedDigest: Hex;
      readonly oracleParamsHash: Hex;
      readonly marginParamsHash: Hex;
      readonly heartbeatSeconds: number;
    };

/** A keeper as the registry holds it. */
export interface RegisteredKeeper {
  readonly reportKey: Hex;
  /** Ed25519 public key, 32 bytes. */
  readonly networkKey: Hex;
  /** Receives its rewards. */
  readonly payee: Hex;
  /** Multiaddr. */
  readonly endpoint: string;
}

/** A configuration that was replaced, and the last second at which it still counts. */
export interface OverlappingConfiguration {
  readonly configDigest: Hex;
  readonly countsUntilSeconds: number;
}

/** Whom a keeper talks to, and under which names of the configuration. */
export interface Registration {
  readonly configDigest: Hex;
  /** In the order of the keeper set. */
  readonly keepers: readonly RegisteredKeeper[];
  /** The configuration before, which may have ceased to count; null when there was none. */
  readonly previous: OverlappingConfiguration | null;
}

/** Reads of the chain that a keeper makes for its own safety. Every method throws when no node answers. */
export interface ChainProbe {
  facts(): Promise<ChainFacts>;
  /** In the order of the keeper set. */
  registeredKeepers(): Promise<readonly RegisteredKeeper[]>;
  /** The configuration in force, all of one moment; throws while the answers do not fit together. */
  registration(): Promise<Registration>;
  balanceWei(address: Hex): Promise<bigint>;
}
