import { CoreError } from "../errors.ts";
import { packWord, unpackWord, type WordField } from "./integers.ts";

// The layouts of contracts/types/InstrumentId.sol and Position.sol.

/** What an instrument pays, in the order of the contract's InstrumentKind. */
const INSTRUMENT_KINDS = ["call", "put", "future", "perpetual"] as const;

export type InstrumentKind = (typeof INSTRUMENT_KINDS)[number];

export interface Instrument {
  readonly market: number;
  /** Unix seconds. */
  readonly expiry: number;
  /** USD * 1e8; zero for a future. */
  readonly strikeE8: bigint;
  readonly kind: InstrumentKind;
}

/** A position as the contract stores it. */
export interface PositionFields {
  readonly instrumentId: bigint;
  /** Underlying * 1e8: positive long, negative short. */
  readonly sizeE8: bigint;
}

type InstrumentFieldName = "kind" | "strikeE8" | "expiry" | "market";

const INSTRUMENT_LAYOUT: readonly WordField<InstrumentFieldName>[] = [
  { name: "kind", bits: 8 },
  { name: "strikeE8", bits: 64 },
  { name: "expiry", bits: 40 },
  { name: "market", bits: 16 },
];

const POSITION_LAYOUT: readonly WordField<"sizeE8" | "instrumentId">[] = [
  { name: "sizeE8", bits: 128, signed: true },
  { name: "instrumentId", bits: 128 },
];

/**
 * Ids sort by market, then expiry, then strike, then kind.
 * @throws CoreError `argument-out-of-domain` naming the field and its bounds
 */
export function packInstrumentId(instrument: Instrument): bigint {
  return packWord(INSTRUMENT_LAYOUT, {
    kind: BigInt(INSTRUMENT_KINDS.indexOf(instrument.kind)),
    strikeE8: instrument.strikeE8,
    expiry: BigInt(instrument.expiry),
    market: BigInt(instrument.market),
  });
}

/** @throws CoreError `argument-out-of-domain` for a kind that no instrument has */
export function unpackInstrumentId(id: bigint): Instrument {
  const { kind, strikeE8, expiry, market } = unpackWord(INSTRUMENT_LAYOUT, id);
  const name = INSTRUMENT_KINDS[Number(kind)];
  if (name === undefined) {
    throw new CoreError("argument-out-of-domain", {
      name: "kind",
      value: String(kind),
      min: 0,
      max: INSTRUMENT_KINDS.length - 1,
    });
  }
  return { market: Number(market), expiry: Number(expiry), strikeE8, kind: name };
}

/** @throws CoreError `argument-out-of-domain` naming the field and its bounds */
export function packPosition(position: PositionFields): bigint {
  return packWord(POSITION_LAYOUT, position);
}

export function unpackPosition(word: bigint): PositionFields {
  return unpackWord(POSITION_LAYOUT, word);
}
