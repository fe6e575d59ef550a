import { AbiCoder, id, keccak256 } from "ethers";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { parametersText, type ProtocolParameters } from "../../core/protocol/parameters.ts";
import type { RegisteredKeeper } from "../../ports/chain-probe.ts";
import { asHex, type Hex } from "../../ports/hex.ts";

const ENTRIES = KeeperRegistry__factory.createInterface().getFunction("entries").outputs[0];
const DIGEST_FIELDS = ["uint256", "address", "uint64", "bytes32", "uint8", "bytes32"] as const;

/** What a registry's digest names: one configuration of one registry on one chain. */
export interface RegisteredConfiguration {
  readonly chainId: bigint;
  readonly registry: Hex;
  readonly configCount: bigint;
  /** In the order of the registry. */
  readonly entries: readonly RegisteredKeeper[];
  readonly faults: number;
  readonly parametersHash: Hex;
}

/** The hash of a network's protocol parameters, as the registry holds it. */
export function hashParameters(parameters: ProtocolParameters): Hex {
  return asHex(id(parametersText(parameters)));
}

/** The digest as the contract computes it (contracts/libraries/Quorum.sol). */
export function configDigestOf(configuration: RegisteredConfiguration): Hex {
  const { chainId, registry, configCount, entries, faults, parametersHash } = configuration;
  if (ENTRIES === undefined)
    throw new Error("entries() answers nothing: the registry's interface has changed");
  const coder = AbiCoder.defaultAbiCoder();
  const entriesHash = keccak256(coder.encode([ENTRIES], [entries]));
  return asHex(
    keccak256(
      coder.encode(DIGEST_FIELDS, [chainId, registry, configCount, entriesHash, faults, parametersHash]),
    ),
  );
}
