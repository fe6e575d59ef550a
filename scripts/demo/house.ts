import {
  HDNodeWallet,
  JsonRpcProvider,
  Mnemonic,
  parseEther,
  toQuantity,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
} from "ethers";
import type { Exchange } from "../../types/ethers-contracts/trading/Exchange.ts";
import type { ClearingHouse } from "../../types/ethers-contracts/clearing/ClearingHouse.ts";
import type { CollateralVault } from "../../types/ethers-contracts/clearing/CollateralVault.ts";
import type { InstrumentRegistry } from "../../types/ethers-contracts/clearing/InstrumentRegistry.ts";
import type { Settlement } from "../../types/ethers-contracts/clearing/Settlement.ts";
import type { InsuranceFund } from "../../types/ethers-contracts/liquidation/InsuranceFund.ts";
import type { LiquidationEngine } from "../../types/ethers-contracts/liquidation/LiquidationEngine.ts";
import type { MarginEngine } from "../../types/ethers-contracts/margin/MarginEngine.ts";
import type { MarginLens } from "../../types/ethers-contracts/periphery/MarginLens.ts";
import type { RiskOracle } from "../../types/ethers-contracts/oracle/RiskOracle.ts";

/** The deployed contracts that the demo talks to. */
export interface House {
  readonly clearingHouse: ClearingHouse;
  readonly vault: CollateralVault;
  readonly registry: InstrumentRegistry;
  readonly settlement: Settlement;
  readonly exchange: Exchange;
  readonly engine: MarginEngine;
  readonly lens: MarginLens;
  readonly oracle: RiskOracle;
  readonly liquidation: LiquidationEngine;
  readonly fund: InsuranceFund;
  /** Governance's margin horizon. */
  readonly horizonSeconds: number;
}

/** Hardhat's well-known test mnemonic: its keys hold nothing anywhere. */
const TEST_MNEMONIC = "test test test test test test test test test test test junk";
const PATH_PREFIX = "m/44'/60'/0'/0/";
const BATCHED_CALLS = 128;
const POLLING_MS = 20;
const GAS_MONEY = parseEther("1000");

/** Above any transaction of the demo, below the cap of a transaction on the main network. */
const GAS_LIMIT = 16_000_000n;

/** Searching for the gas that a transaction needs runs it many times over; the demo names a limit that suffices for all. */
class ReplayProvider extends JsonRpcProvider {
  override estimateGas(): Promise<bigint> {
    return Promise.resolve(GAS_LIMIT);
  }
}

/** A provider that asks the node in batches and remembers nothing. */
export function connect(url: string): JsonRpcProvider {
  return new ReplayProvider(url, undefined, {
    staticNetwork: true,
    batchMaxCount: BATCHED_CALLS,
    batchStallTime: 0,
    cacheTimeout: -1,
    pollingInterval: POLLING_MS,
  });
}

const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(TEST_MNEMONIC), "m");

/** The test mnemonic's wallet number `index`. */
export function testWallet(index: number, provider: JsonRpcProvider): HDNodeWallet {
  return root.derivePath(`${PATH_PREFIX}${index}`).connect(provider);
}

export async function giveGasMoney(provider: JsonRpcProvider, addresses: readonly string[]): Promise<void> {
  await Promise.all(
    addresses.map((address) => provider.send("hardhat_setBalance", [address, toQuantity(GAS_MONEY)])),
  );
}

/** Waits for a transaction to be mined and returns its receipt. */
export async function mined(sent: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("a transaction was sent but has no receipt");
  return receipt;
}
