import type { RiskReport } from "../../core/report/typed-data.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { KeeperSet } from "../../ports/oracle-chain.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { SignedHead } from "../../ports/watch-chain.ts";
import { hashHead, recover, reportHead } from "./wallet-signer.ts";

const WORD_BYTES = 32;
/** The words of a report before its lists. */
const HEAD_WORDS = 10;
/** Words of a list that is still read: governance allows far fewer. */
const MAX_LIST_WORDS = 1_024;
const MAX_REPORTS = 16;
/** Pairs of a report and a signature that are tried in one call, about 2 ms each: an honest call needs at most 31. */
const MAX_PAIRS = 128;
const SIGNATURE_BYTES = 65;
/** A signature in a call's data: its length in a word, then its bytes. */
const SIGNATURE_LENGTH_WORD = wordOf(BigInt(SIGNATURE_BYTES));
/** Last byte of a signature that the contracts take. */
const RECOVERY_BYTES: ReadonlySet<number> = new Set([27, 28]);

/** A report in a call's data, and those of the call's signatures that its configuration's keepers made over it. */
interface FoundReport {
  readonly report: RiskReport;
  readonly hash: Hex;
  readonly signatures: readonly SignedHead[];
}

/** What was found in a call's data. */
export interface CallSearch {
  readonly found: readonly FoundReport[];
  /** The data hold more than is looked at. */
  readonly isCrowded: boolean;
}

/**
 * Finds signed reports anywhere in a call's data, whatever function they are passed to: a report begins with its configuration's digest, and a
 * signature is any 65 bytes behind their length that recover to one of that configuration's keepers. Never throws.
 * @param data the call's data, hexadecimal
 * @param configurations whose reports are looked for, by digest
 */
export function findReports(
  data: Hex,
  configurations: ReadonlyMap<Hex, KeeperSet>,
  domain: SigningDomain,
): CallSearch {
  const bytes = Buffer.from(data.slice("0x".length), "hex");
  const reports = [...configurations.keys()].flatMap((digest) => reportsOf(bytes, digest));
  if (reports.length === 0) return { found: [], isCrowded: false };
  const signatures = signaturesIn(bytes);
  const distinct = new Map<Hex, RiskReport>();
  for (const report of reports.slice(0, MAX_REPORTS))
    distinct.set(hashHead(domain, reportHead(report)), report);
  const perReport = Math.floor(MAX_PAIRS / distinct.size);
  const found = [...distinct].map(([hash, report]): FoundReport => {
    const head = reportHead(report);
    const keepers = configurations.get(report.configDigest)?.keepers ?? [];
    const signed = signatures.slice(0, perReport).flatMap((signature): readonly SignedHead[] => {
      const signer = recover(hash, signature);
      return signer !== null && keepers.includes(signer) ? [{ head, hash, signature, signer }] : [];
    });
    return { report, hash, signatures: signed };
  });
  return { found, isCrowded: reports.length > MAX_REPORTS || signatures.length > perReport };
}

function reportsOf(bytes: Buffer, digest: Hex): readonly RiskReport[] {
  return placesOf(bytes, Buffer.from(digest.slice("0x".length), "hex"), MAX_REPORTS + 1).flatMap((place) => {
    const report = reportAt(bytes.subarray(place), digest);
    return report === null ? [] : [report];
  });
}

/** The report whose ABI encoding the bytes begin with; null when they are none. */
function reportAt(bytes: Buffer, configDigest: Hex): RiskReport | null {
  const head = Array.from({ length: HEAD_WORDS }, (_, index) => wordAt(bytes, index * WORD_BYTES));
  const [, epoch, round, observedAt, blockNumber, blockHash, pegBps, accountRoot, marketsAt, smilesAt] = head;
  const markets = listAt(bytes, marketsAt ?? null);
  const smiles = listAt(bytes, smilesAt ?? null);
  if (markets === null || smiles === null) return null;
  const isInRange =
    isBelow(epoch, 64) &&
    isBelow(round, 32) &&
    isBelow(observedAt, 40) &&
    isBelow(blockNumber, 64) &&
    isBelow(pegBps, 16);
  if (!isInRange) return null;
  return {
    configDigest,
    epoch: epoch ?? 0n,
    round: Number(round),
    observedAt: Number(observedAt),
    blockNumber: blockNumber ?? 0n,
    blockHash: hexOf(blockHash ?? 0n),
    pegBps: Number(pegBps),
    accountRoot: hexOf(accountRoot ?? 0n),
    markets,
    smiles,
  };
}

function isBelow(word: bigint | null | undefined, bits: number): boolean {
  return typeof word === "bigint" && word < 1n << BigInt(bits);
}

/** The words of a list that begins at an offset with their count; null when it does not lie within the bytes. */
function listAt(bytes: Buffer, offset: bigint | null): readonly bigint[] | null {
  if (offset === null || offset > BigInt(bytes.length)) return null;
  const start = Number(offset);
  const count = wordAt(bytes, start);
  if (count === null || count > BigInt(MAX_LIST_WORDS)) return null;
  const words: bigint[] = [];
  for (let index = 1; index <= Number(count); index++) {
    const word = wordAt(bytes, start + index * WORD_BYTES);
    if (word === null) return null;
    words.push(word);
  }
  return words;
}

function wordAt(bytes: Buffer, start: number): bigint | null {
  if (start + WORD_BYTES > bytes.length) return null;
  return BigInt(`0x${bytes.toString("hex", start, start + WORD_BYTES)}`);
}

function signaturesIn(bytes: Buffer): readonly Hex[] {
  const found = placesOf(bytes, SIGNATURE_LENGTH_WORD, MAX_PAIRS + 1).flatMap((place) => {
    const start = place + WORD_BYTES;
    const signature = bytes.subarray(start, start + SIGNATURE_BYTES);
    const isOne =
      signature.length === SIGNATURE_BYTES && RECOVERY_BYTES.has(signature[SIGNATURE_BYTES - 1] ?? 0);
    return isOne ? [asHex(`0x${signature.toString("hex")}`)] : [];
  });
  return [...new Set(found)];
}

/** Where a pattern stands in the bytes, up to a number of places. */
function placesOf(bytes: Buffer, pattern: Buffer, max: number): readonly number[] {
  const places: number[] = [];
  for (
    let place = bytes.indexOf(pattern);
    place >= 0 && places.length < max;
    place = bytes.indexOf(pattern, place + 1)
  )
    places.push(place);
  return places;
}

function hexOf(word: bigint): Hex {
  return asHex(`0x${wordOf(word).toString("hex")}`);
}

function wordOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * WORD_BYTES, "0"), "hex");
}
