import type { Hex } from "./hex.ts";

/** Where a report stands among those of its configuration. */
export interface ReportPlace {
  readonly configDigest: Hex;
  readonly round: number;
}

/** What a keeper remembers of its own signatures, so that it never signs two things for one slot. */
export interface SigningRecord {
  /**
   * Remembers that `hash` is about to be signed for a slot, before the signature exists.
   * Resolves to false when another hash stands recorded for the slot: then the caller must not sign.
   * @param place of a report, whose record is forgotten long after; every other record is kept for good
   */
  record(slot: string, hash: Hex, place?: ReportPlace): Promise<boolean>;
  /** What stands recorded for a slot; null when nothing does. */
  recorded(slot: string): Promise<Hex | null>;
}
