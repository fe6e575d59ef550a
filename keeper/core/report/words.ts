import { requireInteger, packWord, unpackWord, type WordField, type WordValues } from "./integers.ts";

// The layouts of contracts/types/RiskReport.sol, low bits first.

type MarketFieldName =
  | "market"
  | "smileCount"
  | "dispersionBps"
  | "sigmaE9"
  | "psiE9"
  | "depthUsd"
  | "openInterestUsd"
  | "reserved"
  | "spotE8";

type SmileFieldName =
  "expiryHour" | "forwardRatioE8" | "discountE9" | "aE10" | "bE9" | "rhoE9" | "mE9" | "sE9";

/** What a market's word holds; the reserved bits are zero and left out. */
export type MarketFields = Omit<WordValues<MarketFieldName>, "reserved">;

/** What a smile's word holds: forward over spot, discount and the raw-SVI slice of total variance. */
export type SmileFields = WordValues<SmileFieldName>;

const MARKET_LAYOUT: readonly WordField<MarketFieldName>[] = [
  { name: "market", bits: 16 },
  { name: "smileCount", bits: 8 },
  { name: "dispersionBps", bits: 16 },
  { name: "sigmaE9", bits: 32 },
  { name: "psiE9", bits: 32 },
  { name: "depthUsd", bits: 40 },
  { name: "openInterestUsd", bits: 40 },
  { name: "reserved", bits: 8 },
  { name: "spotE8", bits: 64 },
];

const SMILE_LAYOUT: readonly WordField<SmileFieldName>[] = [
  { name: "expiryHour", bits: 24 },
  { name: "forwardRatioE8", bits: 32 },
  { name: "discountE9", bits: 32 },
  { name: "aE10", bits: 40, signed: true },
  { name: "bE9", bits: 32 },
  { name: "rhoE9", bits: 32, signed: true },
  { name: "mE9", bits: 32, signed: true },
  { name: "sE9", bits: 32 },
];

/** @throws CoreError `argument-out-of-domain` naming the field and its bounds */
export function packMarketWord(fields: MarketFields): bigint {
  return packWord(MARKET_LAYOUT, { ...fields, reserved: 0n });
}

/** A market's word with its reserved bits, whatever they are. */
export function unpackWholeMarketWord(word: bigint): WordValues<MarketFieldName> {
  return unpackWord(MARKET_LAYOUT, word);
}

/** @throws CoreError `argument-out-of-domain` when the reserved bits are not zero */
export function unpackMarketWord(word: bigint): MarketFields {
  const { reserved, ...fields } = unpackWholeMarketWord(word);
  requireInteger("reserved", reserved, 0n, 0n);
  return fields;
}

/** Bits that the oracle sets in a market's word as it stores it. */
const QUARANTINED_BIT = 1n << 184n;
const JUMPED_UP_BIT = 1n << 185n;

/**
 * A market's word as the oracle stores it: what was posted, and whether the spot jumped and waits for a report of a later epoch.
 * @throws CoreError `argument-out-of-domain` when other reserved bits are not zero
 */
export function unpackStoredMarketWord(word: bigint): MarketFields & { readonly isQuarantined: boolean } {
  const isQuarantined = (word & QUARANTINED_BIT) !== 0n;
  return { ...unpackMarketWord(word & ~(QUARANTINED_BIT | JUMPED_UP_BIT)), isQuarantined };
}

/** @throws CoreError `argument-out-of-domain` naming the field and its bounds */
export function packSmileWord(fields: SmileFields): bigint {
  return packWord(SMILE_LAYOUT, fields);
}

export function unpackSmileWord(word: bigint): SmileFields {
  return unpackWord(SMILE_LAYOUT, word);
}
