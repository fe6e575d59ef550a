import { slotAt } from "../../core/protocol/parameters.ts";
import type { ReportLimits } from "../../core/report/report-checks.ts";
import type { ReportMark } from "../../core/report/report-mark.ts";
import type { OracleHeader } from "../../ports/oracle-chain.ts";
import type { Committee, ProtocolParts } from "./parts.ts";
import { markOfPosted } from "./report-before.ts";

/** The chain's last report. */
export interface PostedReport {
  readonly header: OracleHeader;
  /** Null before the first. */
  readonly mark: ReportMark | null;
}

/** What changes while a keeper takes part. */
export interface Standing {
  committee: Committee;
  /** As of the present slot. */
  posted: PostedReport;
  /** The slot that is to be decided. */
  slot: number;
  /** The last slot that was. */
  decidedSlot: number;
  slotsInEpoch: number;
  /** Slots in a row in which the chain was in a later epoch and nothing was decided, and the lowest such epoch. */
  behind: { readonly slots: number; readonly epoch: bigint };
}

export const NOT_BEHIND = { slots: 0, epoch: 0n } as const;

export const isDecided = ({ decidedSlot, slot }: Standing): boolean => decidedSlot >= slot;

/** What a keeper that joins reads of the chain. */
export async function readStanding(parts: Pick<ProtocolParts, "chain">): Promise<Standing> {
  const committee = await readCommittee(parts);
  return {
    committee,
    posted: await readPosted(parts, committee.limits),
    slot: Number.NEGATIVE_INFINITY,
    decidedSlot: Number.NEGATIVE_INFINITY,
    slotsInEpoch: 0,
    behind: NOT_BEHIND,
  };
}

export async function readCommittee({ chain }: Pick<ProtocolParts, "chain">): Promise<Committee> {
  const [keeperSet, domain, limits] = await Promise.all([
    chain.keeperSet(),
    chain.oracleDomain(),
    chain.reportLimits(),
  ]);
  return { keeperSet, domain, limits };
}

export async function readPosted(
  { chain }: Pick<ProtocolParts, "chain">,
  { markets }: ReportLimits,
): Promise<PostedReport> {
  const last = await chain.lastReport(markets.map(({ market }) => market));
  return { header: last.header, mark: markOfPosted(last) };
}

/** Where the slot is recorded in which a keeper began with an empty store. */
const BEGAN = "store-began";
/** Slots after it in which nothing is signed: clocks differ, and a round may be signed shortly after its slot. */
const SILENT_SLOTS = 2;
const SLOT_DIGITS = 16;

/**
 * The first slot whose rounds a keeper may sign. A store that is empty may have replaced one that remembered what was signed a moment ago; what was
 * signed then was of a round until then, so that the rounds after the next slots are safe. A chain without reports has had no network before.
 * The answer is recorded before anything else is, so that a restart does not shorten the wait.
 */
export async function firstSlotToSign(
  {
    store,
    clock,
    parameters,
    telemetry,
  }: Pick<ProtocolParts, "store" | "clock" | "parameters" | "telemetry">,
  { header }: PostedReport,
): Promise<number> {
  const known = await store.recorded(BEGAN);
  if (known !== null) return Number(BigInt(known)) + SILENT_SLOTS + 1;
  const isNew = (await store.loadView()) === null && header.observedAtSeconds > 0;
  const began = isNew ? Math.max(slotAt(clock.nowSeconds(), parameters), header.round) : 0;
  await store.record(BEGAN, `0x${began.toString(16).padStart(SLOT_DIGITS, "0")}`);
  const first = began + SILENT_SLOTS + 1;
  if (isNew) telemetry.warn("store-is-new", { began, signsFromSlot: first });
  return first;
}
