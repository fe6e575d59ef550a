import { unpackInstrumentId, unpackPosition } from "../report/instrument-id.ts";
import { PRICE_SCALE } from "../report/market-state.ts";
import type { Book } from "./types.ts";

const SIZE_SCALE = 1e8;
/** Cash is in USD * 1e6 on chain. */
const USD_SCALE = 1e6;

/** A book as the contract takes it. */
export interface ChainBook {
  readonly cashE6: bigint;
  /** Position words, rising. */
  readonly positions: readonly bigint[];
  readonly collateral: readonly { readonly market: number; readonly quantityE8: bigint }[];
}

/**
 * The book in real units.
 * @throws CoreError `argument-out-of-domain` for a kind that no instrument has
 */
export function decodeBook({ cashE6, positions, collateral }: ChainBook): Book {
  return {
    cash: Number(cashE6) / USD_SCALE,
    positions: positions.map((word) => {
      const { instrumentId, sizeE8 } = unpackPosition(word);
      const { market, expiry, strikeE8, kind } = unpackInstrumentId(instrumentId);
      return {
        market,
        expiry,
        kind,
        strike: Number(strikeE8) / PRICE_SCALE,
        size: Number(sizeE8) / SIZE_SCALE,
      };
    }),
    collateral: collateral.map(({ market, quantityE8 }) => ({
      market,
      quantity: Number(quantityE8) / SIZE_SCALE,
    })),
  };
}
