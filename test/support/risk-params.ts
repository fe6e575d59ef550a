import { encodeBytes32String, ZeroAddress } from "ethers";
import type {
  LiquidationParamsStruct,
  MarginParamsStruct,
  MarketMarginParamsStruct,
  MarketOracleParamsStruct,
  OracleParamsStruct,
  StressScenarioStruct,
} from "../../types/ethers-contracts/governance/RiskConfig.js";

const HOUR = 3600;
const MARKETS = [1, 2] as const;

const marketMargin = (market: number): MarketMarginParamsStruct => ({
  market,
  model: 0,
  staticShareBps: 1500,
  staticFloorBps: 750,
  volatilityMultipleBps: 40_000,
  shortMinimumBps: 100,
  basisBps: 50,
  freeDepthBps: 20_000,
  concentrationBps: 500,
  concentrationCapBps: 5_000,
  dispersionToleranceBps: 20,
  dispersionMultipleBps: 10_000,
});

const stress = (name: string, returnBps: number, weightBps = 10_000): StressScenarioStruct => ({
  name: encodeBytes32String(name),
  weightBps,
  volMultipleBps: 15_000,
  volFloorBps: 3_000,
  linearTwistBps: 0,
  absoluteTwistBps: 0,
  returnBps: MARKETS.map(() => returnBps),
});

/** A valid margin set with two markets. */
export const marginParams = (): MarginParamsStruct => ({
  varConfidenceBps: 9_900,
  esConfidenceBps: 9_750,
  tailMeasure: 2,
  horizonSeconds: 24 * HOUR,
  offsetTrustBps: 7_000,
  initialFactorBps: 12_500,
  volTermExponentBps: 5_000,
  volTermFloorSeconds: 7 * 24 * HOUR,
  heartbeatSeconds: HOUR,
  riskIncreaseAgeSeconds: 2 * HOUR,
  fallbackAgeSeconds: 6 * HOUR,
  stalenessBpsPerHour: 200,
  stalenessCapBps: 5_000,
  pegThresholdBps: 9_950,
  pegMultipleBps: 10_000,
  markets: MARKETS.map(marketMargin),
  stress: [stress("down 20", -2_000), stress("up 20", 2_000), stress("up 500", 50_000, 500)],
});

const marketOracle = (market: number, feed: string): MarketOracleParamsStruct => ({
  market,
  minSpotE8: 10n * 10n ** 8n,
  maxSpotE8: 1_000_000n * 10n ** 8n,
  maxSpotChangeBps: 3_000,
  jumpSigmasBps: 50_000,
  jumpFloorBps: 100,
  minSigmaE9: 5_000_000,
  maxSigmaE9: 300_000_000,
  maxSigmaUpBps: 20_000,
  maxSigmaDownBpsPerHour: 100,
  minPsiE9: 5_000_000,
  maxPsiE9: 500_000_000,
  maxDispersionBps: 500,
  minForwardRatioE8: 50_000_000,
  maxForwardRatioE8: 200_000_000,
  minDiscountE9: 500_000_000,
  maxDiscountE9: 1_100_000_000,
  minAtmVolBps: 500,
  maxAtmVolBps: 50_000,
  feedBandBps: 200,
  feedHeartbeatSeconds: HOUR,
  feed,
});

/** A valid oracle set with two markets; without feeds by default. */
export const oracleParams = (
  feeds: readonly string[] = [],
  sequencerFeed: string = ZeroAddress,
): OracleParamsStruct => ({
  maxReportAgeSeconds: 600,
  maxClockDriftSeconds: 15,
  minPegBps: 8_000,
  maxPegBps: 10_500,
  minScenarios: 16,
  maxScenarios: 512,
  sequencerFeed,
  sequencerGraceSeconds: HOUR,
  markets: MARKETS.map((market, i) => marketOracle(market, feeds[i] ?? ZeroAddress)),
});

/** A valid liquidation set: the defaults of the design. */
export const liquidationParams = (): LiquidationParamsStruct => ({
  targetHealthBps: 12_500,
  hardHealthBps: 7_500,
  costCapBps: 9_000,
  startCostBps: 100,
  rampCostBps: 2_500,
  rampSeconds: 900,
  capSeconds: 2_700,
  penaltyBps: 200,
  insolventHealthBps: 1_000,
  subsidySeconds: HOUR,
  dustNotionalE6: 100_000_000n,
});

/** The bounds of each market of oracleParams(), as bigints. */
export const marketBounds = () => {
  const bounds = marketOracle(1, ZeroAddress);
  return {
    minSpotE8: BigInt(bounds.minSpotE8),
    maxSpotE8: BigInt(bounds.maxSpotE8),
    minSigmaE9: BigInt(bounds.minSigmaE9),
    maxSigmaE9: BigInt(bounds.maxSigmaE9),
    minPsiE9: BigInt(bounds.minPsiE9),
    maxPsiE9: BigInt(bounds.maxPsiE9),
    maxDispersionBps: BigInt(bounds.maxDispersionBps),
    minForwardRatioE8: BigInt(bounds.minForwardRatioE8),
    maxForwardRatioE8: BigInt(bounds.maxForwardRatioE8),
    minDiscountE9: BigInt(bounds.minDiscountE9),
    maxDiscountE9: BigInt(bounds.maxDiscountE9),
    minAtmVolBps: BigInt(bounds.minAtmVolBps),
    maxAtmVolBps: BigInt(bounds.maxAtmVolBps),
  };
};
