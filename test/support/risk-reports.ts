import { HDNodeWallet, Mnemonic, TypedDataEncoder, ZeroHash, type TypedDataDomain } from "ethers";
import type { RiskReportStruct } from "../../types/ethers-contracts/oracle/RiskOracle.js";
import { RISK_REPORT_TYPES, SCENARIO_SET_TYPES } from "../../keeper/core/report/typed-data.ts";
import {
  packMarketWord,
  packSmileWord,
  type MarketFields,
  type SmileFields,
} from "../../keeper/core/report/words.ts";

const HOUR = 3600n;
const YEAR = 365n * 24n * HOUR;
const E8 = 10n ** 8n;

export type MarketReport = Readonly<{ fields: MarketFields; smiles: readonly SmileFields[] }>;

/** A report before packing: what tests change one field of. */
export type ReportDraft = Readonly<{
  configDigest: string;
  epoch: bigint;
  round: bigint;
  observedAt: bigint;
  blockNumber: bigint;
  blockHash: string;
  pegBps: bigint;
  accountRoot: string;
  markets: readonly MarketReport[];
}>;

/** Fixed test keys, in rising order of address. */
export const testKeepers = (count: number): readonly HDNodeWallet[] => {
  const root = HDNodeWallet.fromMnemonic(
    Mnemonic.fromPhrase("test test test test test test test test test test test junk"),
    "m/44'/60'/7'/0",
  );
  const wallets = Array.from({ length: count }, (_, i) => root.deriveChild(i));
  return wallets.sort((x, y) => (BigInt(x.address) < BigInt(y.address) ? -1 : 1));
};

/** A smile with about 60 % volatility whose total variance rises with the expiry. */
const smile = (observedAt: bigint, tenorHours: bigint): SmileFields => {
  const expiryHour = observedAt / HOUR + tenorHours;
  const varianceE10 = (36n * 10n ** 8n * (expiryHour * HOUR - observedAt)) / YEAR;
  return {
    expiryHour,
    forwardRatioE8: E8 + tenorHours * 1000n,
    discountE9: 10n ** 9n - tenorHours * 10_000n,
    aE10: (varianceE10 * 8n) / 10n,
    bE9: varianceE10 / 10n,
    rhoE9: -200_000_000n,
    mE9: 10_000_000n,
    sE9: 200_000_000n,
  };
};

const TENOR_HOURS: readonly bigint[] = [24n, 48n, 168n, 336n, 1080n, 2160n, 4320n];

export const market = (
  id: bigint,
  spotUsd: bigint,
  observedAt: bigint,
  smileCount = 6,
  sigmaE9 = 35_000_000n,
): MarketReport => ({
  fields: {
    market: id,
    smileCount: BigInt(smileCount),
    dispersionBps: 5n,
    sigmaE9,
    psiE9: 60_000_000n,
    depthUsd: 25_000_000n,
    openInterestUsd: 900_000_000n,
    spotE8: spotUsd * E8,
  },
  smiles: TENOR_HOURS.slice(0, smileCount).map((hours) => smile(observedAt, hours)),
});

export const draft = (observedAt: bigint, configDigest: string): ReportDraft => ({
  configDigest,
  epoch: 1n,
  round: 1n,
  observedAt,
  blockNumber: 0n,
  blockHash: ZeroHash,
  pegBps: 10_000n,
  accountRoot: ZeroHash,
  markets: [market(1n, 3_000n, observedAt), market(2n, 100_000n, observedAt)],
});

export const packed = ({ markets, ...rest }: ReportDraft): RiskReportStruct => ({
  ...rest,
  markets: markets.map(({ fields }) => packMarketWord(fields)),
  smiles: markets.flatMap(({ smiles }) => smiles.map(packSmileWord)),
});

export const REPORT_TYPES = { RiskReport: [...RISK_REPORT_TYPES.RiskReport] };

export const SCENARIO_TYPES = { ScenarioSet: [...SCENARIO_SET_TYPES.ScenarioSet] };

export const ballastDomain = (chainId: bigint, verifyingContract: string): TypedDataDomain => ({
  name: "Ballast",
  version: "1",
  chainId,
  verifyingContract,
});

/** Signatures of one hash, in the order of the signers given. */
export const signHash = (signers: readonly HDNodeWallet[], hash: string): string[] =>
  signers.map((signer) => signer.signingKey.sign(hash).serialized);

export const typedHash = TypedDataEncoder.hash.bind(TypedDataEncoder);
