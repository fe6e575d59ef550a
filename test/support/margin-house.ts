// The margin engine on its real inputs (configuration, oracle, scenario store), with keepers whose keys the test holds.
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import {
  AbiCoder,
  concat,
  keccak256,
  toBeHex,
  Wallet,
  ZeroHash,
  type Contract,
  type TypedDataField,
} from "ethers";
import {
  REPORT_PAYLOAD_ABI,
  RISK_REPORT_TYPES,
  SCENARIO_SET_TYPES,
} from "../../keeper/core/report/typed-data.ts";
import { keeperEntries } from "./keeper-entries.ts";

const KEEPER_COUNT = 4;
const FAULTS = 1;
const OVERLAP_SECONDS = 3_600n;
/** The settlement coin at one dollar. */
const PAR_BPS = 10_000;
const QUORUM = 3;
const HOUR_SECONDS = 3_600n;
const SET_HEADER_COUNT_BYTES = 2;

/** One expiry of a market: hours from the Unix epoch and the integers of the smile's word. */
export interface SmileInput {
  readonly expiryHour: bigint;
  readonly forwardRatioE8: bigint;
  readonly discountE9: bigint;
  readonly aE10: bigint;
  readonly bE9: bigint;
  readonly rhoE9: bigint;
  readonly mE9: bigint;
  readonly sE9: bigint;
}

export interface MarketInput {
  readonly market: bigint;
  readonly dispersionBps: bigint;
  readonly sigmaE9: bigint;
  readonly psiE9: bigint;
  readonly depthUsd: bigint;
  readonly openInterestUsd: bigint;
  readonly spotE8: bigint;
  readonly smiles: readonly SmileInput[];
}

/** One joint scenario: a weight and, per market, the codes of z and y. */
export interface ScenarioInput {
  readonly weight: number;
  readonly shocks: readonly (readonly [z: number, y: number])[];
}

export const hoursToSeconds = (hour: bigint): bigint => hour * HOUR_SECONDS;

const field = (value: bigint, bits: number): bigint => BigInt.asUintN(bits, value);

export const marketWord = (m: MarketInput): bigint =>
  field(m.market, 16) |
  (BigInt(m.smiles.length) << 16n) |
  (field(m.dispersionBps, 16) << 24n) |
  (field(m.sigmaE9, 32) << 40n) |
  (field(m.psiE9, 32) << 72n) |
  (field(m.depthUsd, 40) << 104n) |
  (field(m.openInterestUsd, 40) << 144n) |
  (field(m.spotE8, 64) << 192n);

export const smileWord = (s: SmileInput): bigint =>
  field(s.expiryHour, 24) |
  (field(s.forwardRatioE8, 32) << 24n) |
  (field(s.discountE9, 32) << 56n) |
  (field(s.aE10, 40) << 88n) |
  (field(s.bE9, 32) << 128n) |
  (field(s.rhoE9, 32) << 160n) |
  (field(s.mE9, 32) << 192n) |
  (field(s.sE9, 32) << 224n);

export const scenarioSetBytes = (markets: readonly bigint[], scenarios: readonly ScenarioInput[]): string =>
  concat([
    toBeHex(scenarios.length, SET_HEADER_COUNT_BYTES),
    toBeHex(markets.length, 1),
    ...markets.map((market) => toBeHex(market, 2)),
    ...scenarios.flatMap(({ weight, shocks }) => [
      toBeHex(weight, 2),
      ...shocks.flatMap(([z, y]) => [toBeHex(z, 2), toBeHex(y, 2)]),
    ]),
  ]);

export interface MarginHouse {
  readonly engine: Contract;
  readonly oracle: Contract;
  readonly store: Contract;
  readonly config: Contract;
  readonly normalTable: Contract;
  /** Signs and submits a report observed at the latest block. */
  readonly report: (markets: readonly MarketInput[], pegBps?: number) => Promise<bigint>;
  readonly publish: (markets: readonly bigint[], scenarios: readonly ScenarioInput[]) => Promise<void>;
}

/** The bounds that governance sets: wide, so that a test may post what it needs. */
export const wideOracleParams = (markets: readonly bigint[]): object => ({
  maxReportAgeSeconds: 86_400,
  maxClockDriftSeconds: 300,
  minPegBps: 1,
  maxPegBps: 12_000,
  minScenarios: 16,
  maxScenarios: 1_024,
  sequencerFeed: "0x0000000000000000000000000000000000000000",
  sequencerGraceSeconds: 0,
  markets: markets.map((market) => ({
    market,
    minSpotE8: 1_000_000,
    maxSpotE8: 10n ** 16n,
    maxSpotChangeBps: 9_000,
    jumpSigmasBps: 200_000,
    jumpFloorBps: 2_000,
    minSigmaE9: 1_000_000,
    maxSigmaE9: 1_000_000_000,
    maxSigmaUpBps: 100_000,
    maxSigmaDownBpsPerHour: 1_000,
    minPsiE9: 0,
    maxPsiE9: 1_000_000_000,
    maxDispersionBps: 10_000,
    minForwardRatioE8: 20_000_000,
    maxForwardRatioE8: 500_000_000,
    minDiscountE9: 100_000_000,
    maxDiscountE9: 1_500_000_000,
    minAtmVolBps: 100,
    maxAtmVolBps: 200_000,
    feedBandBps: 0,
    feedHeartbeatSeconds: 0,
    feed: "0x0000000000000000000000000000000000000000",
  })),
});

const LIQUIDATION_PARAMS = {
  targetHealthBps: 12_500,
  hardHealthBps: 7_500,
  costCapBps: 9_000,
  startCostBps: 100,
  rampCostBps: 2_500,
  rampSeconds: 900,
  capSeconds: 2_700,
  penaltyBps: 100,
  insolventHealthBps: 1_000,
  subsidySeconds: 3_600,
  dustNotionalE6: 1_000_000_000,
};

/** Deploys the margin engine and all it reads, owned by the first account. */
export async function deployMarginHouse(
  ethers: HardhatEthers,
  marginParams: object,
  markets: readonly bigint[],
): Promise<MarginHouse> {
  const [owner] = await ethers.getSigners();
  if (owner === undefined) throw new Error("the network has no accounts");
  const keepers = Array.from({ length: KEEPER_COUNT }, (_, i) => new Wallet(toBeHex(i + 1, 32))).toSorted(
    (a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1),
  );
  const config = await ethers.deployContract("RiskConfig", [
    owner.address,
    marginParams,
    wideOracleParams(markets),
    LIQUIDATION_PARAMS,
  ]);
  const registry = await ethers.deployContract("KeeperRegistry", [
    owner.address,
    keeperEntries(keepers.map((keeper) => keeper.address)),
    FAULTS,
    ZeroHash,
    OVERLAP_SECONDS,
  ]);
  const oracle = await ethers.deployContract("RiskOracle", [registry, config]);
  const store = await ethers.deployContract("ScenarioStore", [registry, config]);
  const normalTable = await ethers.deployContract("NormalCdfTable");
  const engine = await ethers.deployContract("MarginEngine", [config, oracle, store, normalTable]);
  const { chainId } = await ethers.provider.getNetwork();
  const configDigest: string = await registry.getFunction("configDigest")();

  const sign = (
    contract: string,
    types: Record<string, TypedDataField[]>,
    value: object,
  ): Promise<string[]> => {
    const domain = { name: "Ballast", version: "1", chainId, verifyingContract: contract };
    return Promise.all(keepers.slice(0, QUORUM).map((keeper) => keeper.signTypedData(domain, types, value)));
  };

  let epoch = 0n;
  const report = async (inputs: readonly MarketInput[], pegBps = PAR_BPS): Promise<bigint> => {
    const block = await ethers.provider.getBlock("latest");
    if (block === null || block.hash === null) throw new Error("no block");
    epoch += 1n;
    const words = inputs.map(marketWord);
    const smiles = inputs.flatMap((input) => input.smiles.map(smileWord));
    const accountRoot = toBeHex(0, 32);
    const payload = AbiCoder.defaultAbiCoder().encode(REPORT_PAYLOAD_ABI, [
      pegBps,
      accountRoot,
      words,
      smiles,
    ]);
    const header = {
      configDigest,
      epoch,
      round: 1,
      observedAt: block.timestamp,
      blockNumber: block.number,
      blockHash: block.hash,
    };
    const signatures = await sign(
      await oracle.getAddress(),
      { RiskReport: [...RISK_REPORT_TYPES.RiskReport] },
      {
        ...header,
        payloadHash: keccak256(payload),
      },
    );
    await oracle.getFunction("submit")(
      { ...header, pegBps, accountRoot, markets: words, smiles },
      signatures,
    );
    return BigInt(block.timestamp);
  };

  let setId = 0n;
  const publish = async (ids: readonly bigint[], scenarios: readonly ScenarioInput[]): Promise<void> => {
    setId += 1n;
    const data = scenarioSetBytes(ids, scenarios);
    const value = { configDigest, setId, dataHash: keccak256(data) };
    await store.getFunction("publish")(
      setId,
      data,
      configDigest,
      await sign(await store.getAddress(), { ScenarioSet: [...SCENARIO_SET_TYPES.ScenarioSet] }, value),
    );
  };
  const asContract = (contract: unknown): Contract => contract as Contract;
  return {
    engine: asContract(engine),
    oracle: asContract(oracle),
    store: asContract(store),
    config: asContract(config),
    normalTable: asContract(normalTable),
    report,
    publish,
  };
}
