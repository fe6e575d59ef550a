// Storage-cold gas of margin checks on an in-process chain. A transaction calls the engine itself: every storage slot, account and
// piece of code it reads is cold, and what is left of the receipt's gas after the intrinsic part is the check's own.
import { getBytes, type TransactionReceipt } from "ethers";
import { network } from "hardhat";
import { fileURLToPath } from "node:url";
import { loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { decodeScenarioSet, encodeScenarioSet } from "../../keeper/core/report/scenario-set.ts";
import { chainScenarios } from "../support/chain-margin.ts";
import { buildScenarioSet } from "../../keeper/core/scenarios/build-set.ts";
import { marketRecords } from "../../keeper/services/scenarios.ts";
import {
  deployMarginHouse,
  hoursToSeconds,
  type MarginHouse,
  type MarketInput,
  type ScenarioInput,
  type SmileInput,
} from "../support/margin-house.ts";

/** One measured figure of `npm run bench`. */
export interface GasEntry {
  readonly name: string;
  readonly options: number;
  readonly markets: number;
  readonly repricings: number;
  readonly gas: number;
}

const DATA_FOLDER = fileURLToPath(new URL("../../data", import.meta.url));
const MARKETS = [1n, 2n] as const;
const LISTINGS = [
  { market: 1, symbol: "ETH" },
  { market: 2, symbol: "BTC" },
] as const;
const SPOTS_E8 = [3_000n * 100_000_000n, 90_000n * 100_000_000n] as const;
const EXPIRY_DAYS = [2n, 9n, 30n, 60n, 120n, 240n] as const;
const STRESS_SCENARIOS = 8;
const SURFACE_NODES = 39;
const REPRICINGS = SURFACE_NODES + STRESS_SCENARIOS;
const HOURS_PER_DAY = 24n;
const HOUR_SECONDS = 3_600;
const E9 = 1_000_000_000;
const E10 = 10_000_000_000;
const BASE_GAS = 21_000;
const ZERO_BYTE_GAS = 4;
const OTHER_BYTE_GAS = 16;
const SIZE_E8 = 100_000_000n;
const DAYS_PER_YEAR = 365;

const marketParams = (market: bigint, model: number): object => ({
  market,
  model,
  staticShareBps: 1_500,
  staticFloorBps: 750,
  volatilityMultipleBps: 40_000,
  shortMinimumBps: 100,
  basisBps: 50,
  freeDepthBps: 10_000,
  concentrationBps: 100,
  concentrationCapBps: 5_000,
  dispersionToleranceBps: 20,
  dispersionMultipleBps: 10_000,
});

const DEFAULT_MODEL = 0;

const marginParams = (model: number): object => ({
  varConfidenceBps: 9_900,
  esConfidenceBps: 9_750,
  tailMeasure: 2,
  horizonSeconds: 86_400,
  offsetTrustBps: 8_000,
  initialFactorBps: 12_000,
  volTermExponentBps: 5_000,
  volTermFloorSeconds: 604_800,
  heartbeatSeconds: 3_600,
  riskIncreaseAgeSeconds: 7_200,
  fallbackAgeSeconds: 86_400,
  stalenessBpsPerHour: 100,
  stalenessCapBps: 5_000,
  pegThresholdBps: 9_900,
  pegMultipleBps: 10_000,
  markets: MARKETS.map((market) => marketParams(market, model)),
  stress: Array.from({ length: STRESS_SCENARIOS }, (_, i) => ({
    name: `0x${(i + 1).toString(16).padStart(64, "0")}`,
    weightBps: 10_000,
    volMultipleBps: 12_000 + 1_000 * i,
    volFloorBps: 5_000,
    linearTwistBps: -500,
    absoluteTwistBps: 500,
    returnBps: MARKETS.map(() => (i - 4) * 900),
  })),
});

const smile = (days: bigint, nowHour: bigint): SmileInput => {
  const variance = (0.65 ** 2 * Number(days)) / DAYS_PER_YEAR;
  return {
    expiryHour: nowHour + days * HOURS_PER_DAY,
    forwardRatioE8: 100_000_000n + days * 10_000n,
    discountE9: 1_000_000_000n - days * 100_000n,
    aE10: BigInt(Math.round(variance * 0.8 * E10)),
    bE9: BigInt(Math.round(variance * E9)),
    rhoE9: -300_000_000n,
    mE9: 10_000_000n,
    sE9: 200_000_000n,
  };
};

const marketInputs = (nowHour: bigint): readonly MarketInput[] =>
  MARKETS.map((market, i) => ({
    market,
    dispersionBps: 10n,
    sigmaE9: 35_000_000n,
    psiE9: 40_000_000n,
    depthUsd: 50_000_000n,
    openInterestUsd: 100_000_000n,
    spotE8: SPOTS_E8[i] ?? 0n,
    smiles: EXPIRY_DAYS.map((days) => smile(days, nowHour)),
  }));

/** The set that the keepers build from the recorded history. */
function scenarios(): readonly ScenarioInput[] {
  const set = buildScenarioSet(marketRecords(loadDailyHistory(DATA_FOLDER), LISTINGS));
  return chainScenarios(decodeScenarioSet(encodeScenarioSet(set)));
}

/** Options spread over both markets and all expiries: distinct strikes, calls and puts, long and short, in no order. */
function book(options: number, nowHour: bigint): object {
  const positions = Array.from({ length: options }, (_, i) => {
    const marketIndex = i % MARKETS.length;
    const expiryHour = nowHour + (EXPIRY_DAYS[Math.floor(i / 2) % EXPIRY_DAYS.length] ?? 0n) * HOURS_PER_DAY;
    const spot = SPOTS_E8[marketIndex] ?? 0n;
    const strike = (spot * BigInt(70 + ((i * 37) % 64))) / 100n;
    const kind = BigInt((i >> 1) % 2);
    const instrument =
      ((MARKETS[marketIndex] ?? 0n) << 112n) | (hoursToSeconds(expiryHour) << 72n) | (strike << 8n) | kind;
    const size = i % 3 === 0 ? SIZE_E8 : -SIZE_E8;
    return (instrument << 128n) | BigInt.asUintN(128, size);
  });
  return { cashE6: 1_000_000_000_000n, positions, collateral: [] };
}

function intrinsicGas(data: string): number {
  return getBytes(data).reduce((gas, byte) => gas + (byte === 0 ? ZERO_BYTE_GAS : OTHER_BYTE_GAS), BASE_GAS);
}

interface Bench {
  readonly house: MarginHouse;
  readonly assessGas: (options: number) => Promise<number>;
}

async function openBench(model: number): Promise<Bench> {
  const { ethers } = await network.create();
  const [sender] = await ethers.getSigners();
  if (sender === undefined) throw new Error("the network has no accounts");
  const house = await deployMarginHouse(ethers, marginParams(model), MARKETS);
  const block = await ethers.provider.getBlock("latest");
  const nowHour = BigInt(Math.floor((block?.timestamp ?? 0) / HOUR_SECONDS));
  await house.report(marketInputs(nowHour));
  await house.publish(MARKETS, scenarios());
  const assessGas = async (options: number): Promise<number> => {
    const data = house.engine.interface.encodeFunctionData("assess", [book(options, nowHour)]);
    const sent = await sender.sendTransaction({
      to: await house.engine.getAddress(),
      data,
      gasLimit: 15_000_000,
    });
    const receipt: TransactionReceipt | null = await sent.wait();
    if (receipt?.status !== 1) throw new Error("the margin check failed");
    return Number(receipt.gasUsed) - intrinsicGas(data);
  };
  return { house, assessGas };
}

/** Gas of margin checks under the default model, the marginal cost per repricing, and the part of the joint scenario set. */
export async function measureMarginGas(): Promise<readonly GasEntry[]> {
  const full = await openBench(DEFAULT_MODEL);
  const [gas16, gas32, gas64] = [
    await full.assessGas(16),
    await full.assessGas(32),
    await full.assessGas(64),
  ];
  const entry = (name: string, options: number, gas: number): GasEntry => ({
    name,
    options,
    markets: MARKETS.length,
    repricings: REPRICINGS,
    gas,
  });
  return [
    entry("marginal cost per option per repricing", 1, (gas64 - gas32) / (32 * REPRICINGS)),
    entry("initial-margin check", 16, gas16),
    entry("initial-margin check", 32, gas32),
    entry("initial-margin check", 64, gas64),
  ];
}
