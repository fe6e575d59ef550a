// A chain that makes a block with every question, and whose registry has another configuration at every block.
import {
  AbiCoder,
  type Interface,
  JsonRpcProvider,
  Network,
  type ParamType,
  toBeHex,
  zeroPadValue,
} from "ethers";
import { configDigestOf } from "../../keeper/adapters/ethers/config-digest.ts";
import type { OracleAddresses } from "../../keeper/adapters/ethers/oracle-chain.ts";
import type { RegisteredKeeper } from "../../keeper/ports/chain-probe.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import { RiskConfig__factory } from "../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { KeeperRegistry__factory } from "../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { KeeperRewards__factory } from "../../types/ethers-contracts/factories/oracle/KeeperRewards__factory.ts";
import { RiskOracle__factory } from "../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { serveRpc } from "./rpc-server.ts";

const CHAIN_ID = 31_337;
const KEEPERS = 4;
const addressAt = (index: number): Hex => asHex(zeroPadValue(toBeHex(index), 20));
const wordOf = (value: number): Hex => asHex(zeroPadValue(toBeHex(value), 32));

export const MOVING_ADDRESSES: OracleAddresses = {
  riskOracle: addressAt(0xa1),
  keeperRegistry: addressAt(0xa2),
  scenarioStore: addressAt(0xa3),
  riskConfig: addressAt(0xa4),
  keeperRewards: addressAt(0xa5),
};

const oracle: Interface = RiskOracle__factory.createInterface();
const registry: Interface = KeeperRegistry__factory.createInterface();
const config: Interface = RiskConfig__factory.createInterface();
const rewards: Interface = KeeperRewards__factory.createInterface();

/** The configuration as of a block; its faults and its first keeper's endpoint name the block. */
export function configurationAt(block: number) {
  const entries = Array.from({ length: KEEPERS }, (_, index): RegisteredKeeper => ({
    reportKey: addressAt(1_000 * block + index),
    networkKey: wordOf(1_000 * block + index),
    payee: addressAt(index + 1),
    endpoint: `/ip4/127.0.0.1/tcp/${block}`,
  }));
  const configuration = {
    chainId: BigInt(CHAIN_ID),
    registry: MOVING_ADDRESSES.keeperRegistry,
    configCount: BigInt(block),
    entries,
    faults: block,
    parametersHash: wordOf(block),
  };
  const keepers = entries.map(({ reportKey }) => reportKey);
  return { ...configuration, keepers, quorum: 2 * block + 1, configDigest: configDigestOf(configuration) };
}

/** Every number is the block's, every list is empty. */
function valueAt(block: number, { baseType, type, components }: ParamType): unknown {
  if (baseType === "tuple") return (components ?? []).map((component) => valueAt(block, component));
  if (baseType === "array") return [];
  if (type === "string") return String(block);
  if (type === "address") return addressAt(block);
  if (type === "bytes32") return wordOf(block);
  return type.startsWith("bytes") ? zeroPadValue("0x", Number(type.slice("bytes".length))) : block;
}

function callAnswer(to: string, data: string, block: number): string {
  const selector = data.slice(0, "0x".length + 8);
  const isRegistry = to.toLowerCase() === MOVING_ADDRESSES.keeperRegistry;
  const asked = (isRegistry ? [registry] : [config, oracle, rewards])
    .map((contract) => contract.getFunction(selector))
    .find((found) => found !== null);
  if (asked === undefined) throw new Error(`nobody knows ${selector}`);
  const own: Readonly<Record<string, unknown>> = isRegistry ? { ...configurationAt(block) } : {};
  const values = asked.outputs.map((output) => own[asked.name] ?? valueAt(block, output));
  return AbiCoder.defaultAbiCoder().encode(asked.outputs, values);
}

function answer(
  method: string,
  params: readonly unknown[],
  head: number,
  { withoutCode = [], mute = [] }: MovingChainChoice,
): unknown {
  const at = (tag: unknown): number => (typeof tag === "string" && tag.startsWith("0x") ? Number(tag) : head);
  if (method === "eth_blockNumber") return toBeHex(head);
  if (method === "eth_getCode") return isAmong(withoutCode, params[0]) ? "0x" : "0x00";
  if (method === "eth_getBlockByNumber") {
    const number = at(params[0]);
    const rest = { difficulty: "0x0", extraData: "0x", gasLimit: "0x0", gasUsed: "0x0", transactions: [] };
    const block = { number: toBeHex(number), hash: wordOf(number), parentHash: wordOf(number - 1) };
    return { ...rest, ...block, timestamp: "0x1", nonce: "0x0000000000000000", miner: addressAt(1) };
  }
  const { to, data } = params[0] as { to: string; data: string };
  return isAmong([...withoutCode, ...mute], to) ? "0x" : callAnswer(to, data, at(params[1]));
}

const isAmong = (addresses: readonly Hex[], address: unknown): boolean =>
  addresses.includes(asHex(String(address).toLowerCase()));

/** What is wrong with the chain. */
interface MovingChainChoice {
  /** Nothing was deployed there. */
  readonly withoutCode?: readonly Hex[];
  /** They have code and answer nothing. */
  readonly mute?: readonly Hex[];
}

export interface MovingChain {
  readonly provider: JsonRpcProvider;
  /** Every question so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** @param firstBlock the head before the first question */
export async function openMovingChain(
  firstBlock: number,
  choice: MovingChainChoice = {},
): Promise<MovingChain> {
  let head = firstBlock;
  const asked: string[] = [];
  const server = await serveRpc({
    request: ({ method, params = [] }) => {
      head += 1;
      asked.push(method);
      return Promise.resolve(answer(method, params, head, choice));
    },
  });
  const network = Network.from(CHAIN_ID);
  const provider = new JsonRpcProvider(server.url, network, { staticNetwork: network, cacheTimeout: -1 });
  return {
    provider,
    asked,
    close: async () => {
      provider.destroy();
      await server.close();
    },
  };
}
