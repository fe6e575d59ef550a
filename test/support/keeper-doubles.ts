// Doubles of the keeper's ports: a chain that only remembers, and a log that can be read.
import { createHash } from "node:crypto";
import { ChainRefusal } from "../../keeper/ports/clearing-chain.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type {
  ChainBlock,
  GuardingFeed,
  KeeperSet,
  OracleChain,
  OracleHeader,
  PostedScenarioSet,
  StoredMarket,
  SubmittedTransaction,
} from "../../keeper/ports/oracle-chain.ts";
import type { SigningDomain } from "../../keeper/ports/signer.ts";
import type { Telemetry, TelemetryFields } from "../../keeper/ports/telemetry.ts";
import { isAfter } from "../../keeper/core/protocol/round-id.ts";
import { unpackMarketWord } from "../../keeper/core/report/words.ts";
import {
  findRefusal,
  nameOfRefusal,
  type MarketLimits,
  type ReportLimits,
} from "../../keeper/core/report/report-checks.ts";
import type { RiskReport } from "../../keeper/core/report/typed-data.ts";

/** What stands for keccak256 where nothing is real. */
export const hashOfSet = (data: Hex): Hex => asHex(`0x${createHash("sha256").update(data).digest("hex")}`);

const hash = (digits: string): Hex => asHex(`0x${digits.repeat(64 / digits.length)}`);

export const ORACLE_DOMAIN: SigningDomain = {
  name: "Ballast",
  version: "1",
  chainId: 31_337n,
  verifyingContract: asHex(`0x${"11".repeat(20)}`),
};
export const SCENARIO_DOMAIN: SigningDomain = {
  ...ORACLE_DOMAIN,
  verifyingContract: asHex(`0x${"22".repeat(20)}`),
};
export const BLOCK: ChainBlock = { number: 42n, hash: hash("b1"), timestampSeconds: 1_770_000_000 };

/** Bounds that no honest report of these tests meets. */
export const marketLimits = (market: number): MarketLimits => ({
  market,
  minSpotE8: 10n ** 8n,
  maxSpotE8: 10n ** 15n,
  maxSpotChangeBps: 3_000n,
  minSigmaE9: 1_000_000n,
  maxSigmaE9: 500_000_000n,
  maxSigmaUpBps: 20_000n,
  maxSigmaDownBpsPerHour: 100n,
  minPsiE9: 1_000_000n,
  maxPsiE9: 500_000_000n,
  maxDispersionBps: 500n,
  minForwardRatioE8: 50_000_000n,
  maxForwardRatioE8: 200_000_000n,
  minDiscountE9: 500_000_000n,
  maxDiscountE9: 1_100_000_000n,
  minAtmVolBps: 500n,
  maxAtmVolBps: 50_000n,
});

/** Bounds of reports on these markets. */
export const limitsOf = (markets: readonly MarketLimits[]): ReportLimits => ({
  minPegBps: 8_000n,
  maxPegBps: 10_500n,
  markets,
});

export interface OracleState {
  keeperSet: KeeperSet;
  header: OracleHeader;
  quarantinedMarkets: number;
  limits: readonly MarketLimits[];
  feeds: readonly GuardingFeed[];
  stored: ReadonlyMap<number, StoredMarket>;
  scenarioSet: PostedScenarioSet;
}

export interface OracleDouble {
  readonly chain: OracleChain;
  /** What the chain answers: a test may change it. */
  readonly state: OracleState;
  readonly reports: { readonly report: RiskReport; readonly signatures: readonly Hex[] }[];
}

export function keeperSetOf(addresses: readonly Hex[], networkKeys: readonly Hex[] = []): KeeperSet {
  const faults = Math.floor((addresses.length - 1) / 3);
  return {
    configDigest: hash("cd"),
    keepers: [...addresses].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    networkKeys,
    faults,
    quorum: 2 * faults + 1,
  };
}

/** @param networkKeys in the rising order of the keepers' addresses */
export function oracleDouble(
  keepers: readonly Hex[],
  markets: readonly number[],
  networkKeys: readonly Hex[] = [],
): OracleDouble {
  const state: OracleState = {
    keeperSet: keeperSetOf(keepers, networkKeys),
    header: { epoch: 0n, round: 0, observedAtSeconds: 0 },
    quarantinedMarkets: 0,
    limits: markets.map(marketLimits),
    feeds: [],
    stored: new Map(),
    scenarioSet: { setId: 0n, dataHash: hash("00") },
  };
  const reports: { readonly report: RiskReport; readonly signatures: readonly Hex[] }[] = [];
  const mined: SubmittedTransaction = { hash: hash("aa"), gasUsed: 1n };
  const chain: OracleChain = {
    oracleDomain: () => Promise.resolve(ORACLE_DOMAIN),
    scenarioDomain: () => Promise.resolve(SCENARIO_DOMAIN),
    latestBlock: () => Promise.resolve(BLOCK),
    block: (number) => Promise.resolve(number === BLOCK.number ? BLOCK : null),
    header: () => Promise.resolve(state.header),
    quarantinedMarkets: () => Promise.resolve(state.quarantinedMarkets),
    keeperSet: () => Promise.resolve(state.keeperSet),
    reportLimits: () => Promise.resolve(limitsOf(state.limits)),
    guardingFeeds: () => Promise.resolve(state.feeds),
    lastReport: () => Promise.resolve({ header: state.header, markets: state.stored }),
    submitReport: (report, signatures) => {
      if (!isAfter(report, state.header))
        return Promise.reject(new ChainRefusal("submitting a report", "EpochRoundNotRising"));
      const refusal = findRefusal(report, limitsOf(state.limits), null);
      if (refusal !== null)
        return Promise.reject(new ChainRefusal("submitting a report", nameOfRefusal(refusal)));
      reports.push({ report, signatures });
      state.header = { epoch: report.epoch, round: report.round, observedAtSeconds: report.observedAt };
      state.stored = storedOf(report);
      return Promise.resolve(mined);
    },
    scenarioSet: () => Promise.resolve(state.scenarioSet),
    publishScenarioSet: (setId, data) => {
      if (setId <= state.scenarioSet.setId) return Promise.resolve(null);
      state.scenarioSet = { setId, dataHash: hashOfSet(data) };
      return Promise.resolve(mined);
    },
  };
  return { chain, state, reports };
}

/** Spots and forecasts of a report as the chain stores them; the smiles are left out. */
function storedOf({ markets }: RiskReport): ReadonlyMap<number, StoredMarket> {
  return new Map(
    markets.map((word) => {
      const { market, spotE8, sigmaE9, psiE9 } = unpackMarketWord(word);
      return [Number(market), { spotE8, sigmaE9, psiE9, smiles: [] }];
    }),
  );
}

export interface LogLine {
  readonly event: string;
  readonly fields: TelemetryFields;
}

/** A log that keeps its lines. */
export function recordingTelemetry(): Telemetry & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (event: string, fields: TelemetryFields = {}) => {
    lines.push({ event, fields });
  };
  return { lines, info: keep, warn: keep, error: keep };
}
